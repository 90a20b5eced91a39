"""Nothing fails in silence: what is the matter is said where the eye is, with what to do."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from acting import alerts, choose_sample, kinds, open_tab, rows, shown, state
from many import enqueue

from local.cloud.cloud import Cloud
from local.cloud.server import running
from tests.support.place import Place, request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.browser import Browser

pytestmark = pytest.mark.slow


class Site:
    """A cloud that can be stopped and started again at the same address."""

    def __init__(self) -> None:
        self.cloud = Cloud(provisioned=True)
        self._stack = ExitStack()
        self.url = self._stack.enter_context(running(self.cloud))

    def stop(self) -> None:
        """Stop answering."""
        self._stack.close()

    def start(self) -> None:
        """Answer again."""
        self._stack.enter_context(running(self.cloud, port=urlsplit(self.url).port or 0))


@pytest.fixture(name="site")
def fixture_site() -> Iterator[Site]:
    """Run one."""
    site = Site()
    yield site
    site.stop()


@pytest.fixture(name="window")
def fixture_window(chromium: Browser, site: Site) -> Iterator[Browser]:
    """Open its page."""
    chromium.look()
    chromium.open(site.url)
    chromium.wait(lambda: chromium.texts("#connection") == ["live"], what="the feed is open")
    yield chromium
    chromium.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    chromium.open("about:blank")


def said(page: Browser, words: str) -> bool:
    """Tell whether something is said at the top."""
    return any(words in one for one in alerts(page))


def test_the_cloud_is_gone(window: Browser, site: Site) -> None:
    """It is said within seconds, with how to start it; controls say that they reached nobody; it heals by itself."""
    enqueue(site.cloud, "order-1")
    window.wait(lambda: rows(window) == ["order-1"])
    site.stop()
    window.wait(lambda: said(window, "The local cloud does not answer"), what="it is said")
    assert said(window, "provisioner up --keep")
    assert window.texts("#connection") == ["cloud gone"]
    window.wait(lambda: window.all("#sample option"))
    window.click("#form button[type=submit]")
    window.wait(lambda: "does not answer" in window.texts("#answer")[0], what="the form says so, too")
    open_tab(window, "Faults")
    window.click("#switches [role=switch]")
    window.wait(lambda: "does not answer" in window.texts("#faults-said")[0], what="the switch says so, too")
    open_tab(window, "Outcome")
    window.wait(lambda: "does not answer" in window.texts("#outcome")[0], what="the outcome says so, too")
    site.start()
    window.wait(lambda: window.texts("#connection") == ["live"], what="it goes on by itself")
    window.wait(lambda: not alerts(window), what="nothing is said any more")
    enqueue(site.cloud, "order-2")
    window.wait(lambda: rows(window) == ["order-2", "order-1"], what="news come again")


def test_the_feed_is_interrupted(window: Browser, site: Site) -> None:
    """Where the cloud answers but the feed does not, that is said, and the feed is tried until it works."""
    window.driver.execute_cdp_cmd("Network.enable", {})
    window.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/_local/events*"]})
    site.stop()
    site.start()
    window.wait(lambda: said(window, "The feed is interrupted"), what="it is said")
    assert window.texts("#connection") == ["interrupted"]
    window.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    window.click(".alert button:last-child")
    window.wait(lambda: window.texts("#connection") == ["live"], what="trying at once helps")
    window.wait(lambda: not alerts(window), what="nothing is said any more")


def test_the_worker_is_gone(window: Browser, site: Site, tmp_path: Path) -> None:
    """Messages that nobody takes are said to wait, with how to start a worker, whether one never was or has gone."""
    place = Place(site.cloud, site.url, tmp_path)
    assert window.texts("#worker") == ["no worker"]
    place.send(request("order-1"))
    window.wait(lambda: said(window, "1 message waits in the queue"), what="no worker is said")
    assert said(window, f"provisioner run --endpoint {site.url}")
    with place.worker():
        window.wait(lambda: window.texts("#worker") == ["worker runs"], what="the worker is seen")
        window.wait(lambda: not alerts(window), what="nothing is said any more")
        window.wait(lambda: state(window) == "completed", what="it is done")
    window.wait(lambda: said(window, "The worker is gone"), what="its end is noticed")
    assert window.texts("#worker") == ["worker gone"]
    assert said(window, "No message waits")


def test_a_refused_message(window: Browser, site: Site) -> None:
    """What is wrong with a message is said beside the button that was to send it."""
    choose_sample(window, "invalid")
    window.click("#form button[type=submit]")
    window.wait(lambda: "things are wrong" in window.texts("#answer")[0], what="it is said")
    window.run("document.querySelector('#body').value = 'no json at all'")
    window.click("#form button[type=submit]")
    window.wait(lambda: "MalformedMessage" in window.texts("#answer")[0], what="what is no JSON is said, too")
    assert site.cloud.state()["mns"]["queues"]["provision-requests"]["visible"] == 0


def test_no_answer(window: Browser, site: Site, tmp_path: Path) -> None:
    """Where no answer came there is no code: the page says so."""
    place = Place(site.cloud, site.url, tmp_path)
    site.cloud.faults.add({"service": "ecs", "action": "CreateInstance", "effect": "lose-response"})
    with place.worker():
        place.send(request("order-1"))
        window.wait(lambda: "error" in kinds(window), what="the lost answer is shown")
        (error,) = window.texts("#timeline .error strong")[:1]
        assert error == "no answer"
        window.wait(lambda: state(window) == "completed", seconds=40, what="it is done all the same")


def test_a_fault_of_the_page(window: Browser, site: Site) -> None:
    """A part that cannot be drawn is said at the top, and stops no other."""
    with site.cloud.lock:
        site.cloud.recorder.trace.set_part("notices", "no list at all")
    window.wait(lambda: said(window, "This page has a fault"), what="it is said")
    enqueue(site.cloud, "order-1")
    window.wait(lambda: shown(window) == "order-1")
