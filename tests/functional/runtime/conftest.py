"""A provisioned local cloud on the machine's clock, faster than usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.cloud.cloud import Cloud
from local.cloud.config import Config
from local.cloud.server import running
from tests.support.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(name="place")
def fixture_place(tmp_path: Path) -> Iterator[Place]:
    """Run a cloud over HTTP with the deployment's resources, ten times as fast as usual."""
    cloud = Cloud(config=Config(speed=10), provisioned=True)
    with running(cloud) as url:
        yield Place(cloud, url, tmp_path)
