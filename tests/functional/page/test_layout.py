"""Where things stand at each width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from acting import open_tab, pick, rows
from many import tell_of

from local.trace.request_trace import STATES

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.place import Place

pytestmark = pytest.mark.slow


def box(page: Browser, selector: str) -> dict[str, float]:
    """Return where something stands in the window."""
    found: dict[str, Any] = page.run(
        "return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector
    )
    return found


def inside(page: Browser, selector: str) -> bool:
    """Tell whether something is in sight as a whole, and nothing lies over its middle."""
    script = """const one = document.querySelector(arguments[0]), at = one.getBoundingClientRect();
        const top = document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);
        return at.top >= 0 && at.left >= 0 && at.bottom <= innerHeight && at.right <= innerWidth
            && (one.contains(top) || top.contains(one))"""
    return bool(page.run(script, selector))


def test_a_laptop(page: Browser, place: Place) -> None:
    """At 1280 x 800 requests, timeline, form and every fault are in sight without scrolling the page."""
    page.look(width=1280, height=800)
    tell_of(place.cloud, 40)
    page.wait(lambda: len(rows(page)) > 5 and page.all("#switches button") and page.all("#sample option"))
    assert page.run("return document.scrollingElement.scrollHeight <= innerHeight")
    for selector in ("#stations", "#list", "#timeline > li", "#sample", "#body", "#form button[type=submit]"):
        assert inside(page, selector), selector
    open_tab(page, "Faults")
    for place_ in range(1, 9):
        assert inside(page, f"#switches li:nth-child({place_}) [role=switch]"), place_
    requests, detail, tools = box(page, "#requests"), box(page, "#detail"), box(page, "#tools")
    assert requests["right"] < detail["left"] < detail["right"] < tools["left"]


def test_a_wide_screen(page: Browser, place: Place) -> None:
    """At 1920 the whole width is used, and everything is shown at once, without tabs and without overlaps."""
    page.look(width=1280, height=800)
    tell_of(place.cloud, 40)
    page.look(width=1920, height=1080)
    page.wait(lambda: len(rows(page)) > 5 and page.all("#switches button") and page.all("#sample option"))
    assert page.run("return document.scrollingElement.scrollHeight <= innerHeight"), "only the panels scroll"
    assert box(page, "#requests")["left"] < 30
    assert box(page, "#tools")["right"] > 1890
    for selector in ("#send", "#faults", "#stock", "#cloud", "#letters"):
        assert page.all(selector)[0].is_displayed()
    assert not page.all("#tools-tabs")[0].is_displayed()
    assert box(page, "#send")["bottom"] <= box(page, "#stock")["top"]
    assert box(page, "#faults")["bottom"] <= box(page, "#cloud")["top"]
    assert page.run("const all = document.querySelector('#faults'); return all.scrollHeight <= all.clientHeight + 1")


def test_the_way_back_on_a_phone(page: Browser, place: Place) -> None:
    """On a phone the requests come first, then one request alone with a way back in sight."""
    page.look(width=390, height=844)
    tell_of(place.cloud, 40)
    page.wait(lambda: len(rows(page)) > 5)
    assert box(page, "#requests")["top"] < 844 / 2
    pick(page, "request-38")
    page.wait(page.all("#detail")[0].is_displayed, what="it is shown")
    page.wait(lambda: inside(page, "#back"), what="the way back is in sight")
    assert box(page, "#timeline")["top"] < 844
    page.click("#back")
    page.look(width=1280, height=800)
    marked = "return document.querySelector('.row[aria-selected=true]')?.dataset.id"
    page.wait(lambda: page.run(marked) == "request-39", what="turned to a wide screen, the newest is marked again")


def test_states_differ_without_colour(page: Browser, place: Place) -> None:
    """Every state has a sign of its own shape and its name beside it."""
    page.look(height=1300)
    with place.cloud.lock:
        for name in STATES:
            place.cloud.recorder.trace.tell(f"is-{name}", place.cloud.clock.now(), "enqueued", "").state = name
    page.wait(lambda: len(rows(page)) == len(STATES))
    told = page.run("""return [...document.querySelectorAll('.row')].map((one) =>
        [one.querySelector('.second b').textContent, one.querySelector('use').getAttribute('href')])""")
    assert dict(told) == {name: f"#i-{name}" for name in STATES}
    shapes = page.run("""return [...document.querySelectorAll('symbol')].map((one) => one.innerHTML)""")
    assert len(set(shapes)) == len(shapes)
