from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.cloud.cloud import Cloud
from local.cloud.config import Config
from local.cloud.server import running
from tests.support.examples import Language
from tests.support.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Run a local cloud."""
    cloud = Cloud(config=Config(speed=20), provisioned=True)
    with running(cloud) as url:
        yield Place(cloud, url, tmp_path)


@pytest.fixture
def language(place: Place, interpreter: list[str], folder: str, ending: str) -> Language:
    """Return the examples of a language."""
    return Language(place, interpreter, folder, ending)
