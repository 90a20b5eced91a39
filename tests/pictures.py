"""Take the page's pictures of the README again: `python -m tests.pictures` (it needs chromium and chromium-driver).

A local cloud and a worker run the samples; the page shows what really happens.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local.cloud.cloud import Cloud
from local.cloud.config import Config
from local.cloud.server import running
from local.project import ROOT
from local.samples import Samples
from tests.support.browser import Browser, browsing
from tests.support.place import Place

if TYPE_CHECKING:
    from local.trace.request_trace import RequestTrace

FOLDER = ROOT / "docs/pictures"
WIDTH, HEIGHT = 1280, 800
LOOK_SECONDS = 0.2
SHOWN = "sample-sold-out"


def photograph(window: Browser) -> None:
    """Take the page in light and dark, with one request's timeline open."""
    window.wait(
        lambda: window.texts("[data-station=all] b, [data-station=open] b") == ["8", "0"], what="all have ended"
    )
    window.run("[...document.querySelectorAll('.row')].find((one) => one.dataset.id === arguments[0]).click()", SHOWN)
    window.wait(lambda: window.all("#timeline li"))
    window.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    for name, scheme in (("page.png", "light"), ("page-dark.png", "dark")):
        window.look(width=WIDTH, height=HEIGHT, scheme=scheme)
        time.sleep(0.5)
        window.driver.save_screenshot(str(FOLDER / name))


def main() -> None:
    """Make them all."""
    FOLDER.mkdir(exist_ok=True)
    samples = Samples.load()
    cloud = Cloud(config=Config(speed=1.5), provisioned=True, run="67f1c2d3")
    cloud.config.update(samples.cloud)
    with tempfile.TemporaryDirectory() as folder, running(cloud) as url, browsing(Path(folder) / "browser") as window:
        place = Place(cloud, url, Path(folder))
        window.look(width=WIDTH, height=HEIGHT)
        window.open(url)
        with place.worker() as worker:
            worker.warm_up()
            place.send(*(sample.body for sample in samples.messages))
            until = time.monotonic() + 30
            while time.monotonic() < until and any(
                not j.knows("published") and j.state != "refused" for j in requests(cloud)
            ):
                time.sleep(LOOK_SECONDS)
            photograph(window)


def requests(cloud: Cloud) -> list[RequestTrace]:
    """Return all requests."""
    with cloud.lock:
        return list(cloud.recorder.trace.requests.values())


if __name__ == "__main__":
    main()
