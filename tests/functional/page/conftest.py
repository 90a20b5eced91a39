"""A local cloud with a worker, and a browser that looks at its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.cloud.cloud import Cloud
from local.cloud.config import Config
from local.cloud.server import running
from local.samples import Samples
from tests.support.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.browser import Browser


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Run one browser for all tests."""
    pytest.importorskip("selenium", reason="selenium is not here: pip install -r requirements/dev.txt")
    from tests.support import browser

    if browser.CHROMIUM is None or browser.DRIVER is None:
        pytest.skip("no browser here: apt-get install chromium chromium-driver")
    with browser.browsing(tmp_path_factory.mktemp("chromium")) as window:
        yield window


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Run a cloud in which the samples come out as the demo says, faster than usual."""
    cloud = Cloud(config=Config(speed=5), provisioned=True)
    cloud.config.update(Samples.load().cloud)
    with running(cloud) as url:
        yield Place(cloud, url, tmp_path)


@pytest.fixture
def page(chromium: Browser, place: Place) -> Iterator[Browser]:
    """Open the page on a desk's screen, in light, and wait until it is live."""
    chromium.look()
    chromium.open(place.url)
    chromium.wait(lambda: chromium.texts("#connection") == ["live"], what="the feed is open")
    yield chromium
    chromium.open("about:blank")
