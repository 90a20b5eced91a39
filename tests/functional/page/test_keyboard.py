"""The page without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from acting import DOWN, ENTER, ESCAPE, TAB, open_tab, rows, shown
from many import tell_of

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.place import Place

pytestmark = pytest.mark.slow
RIGHT, END, HOME = "\ue014", "\ue010", "\ue011"
USABLE = """return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
    .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility())"""
FOCUS = "const one = document.activeElement; return [one.dataset.place, getComputedStyle(one).outlineStyle]"


def focused(page: Browser) -> str:
    """Return what has the focus: its id, or its text."""
    return str(page.run("return document.activeElement.id || document.activeElement.textContent"))


def tab_until(page: Browser, wanted: str) -> None:
    """Press Tab until something has the focus."""
    seen = []
    for _ in range(60):
        page.press(TAB)
        seen.append(focused(page))
        if seen[-1] == wanted:
            return
    raise AssertionError(f"{wanted} is not reached: {seen}")


@pytest.mark.parametrize("width", [1280, 390, 1920])
def test_everything_is_reached(page: Browser, place: Place, width: int) -> None:
    """Tab reaches everything that can be used, in every tab, with a focus that is seen."""
    page.look(width=width, height=800)
    tell_of(place.cloud, 5)
    place.cloud.faults.add({"service": "ecs", "action": "CreateInstance", "effect": "lose-response"})
    place.send("{}", queue="provision-requests-dlq")
    page.wait(lambda: len(rows(page)) == 5 and page.all("#switches button") and page.all("#sample option"))
    page.wait(lambda: page.all(".letter") and page.all("#waiting button"), what="all is shown")
    for tab in ("Send",) if width == 1920 else ("Send", "Faults", "Stock", "Dead letters", "Cloud"):
        if width != 1920:
            open_tab(page, tab)
        page.run("document.activeElement.blur()")
        usable = page.run(f"const all = (() => {{ {USABLE} }})(); all.forEach((one, n) => one.dataset.place = n);"
                          " return all.length")  # fmt: skip
        reached = {}
        for _ in range(usable + 2):
            page.press(TAB)
            number, outline = page.run(FOCUS)
            reached[number] = outline
        reached.pop(None, None)
        assert len(reached) == usable
        assert set(reached.values()) == {"solid"}


def test_the_whole_way(page: Browser, place: Place) -> None:
    """With keys alone: choose requests, read one, go back, switch a fault on, and send a message."""
    tell_of(place.cloud, 5)
    page.wait(lambda: len(rows(page)) == 5 and page.all("#switches button") and page.all("#sample option"))
    page.press(TAB)
    assert focused(page) == "skip"
    page.press(ENTER)
    assert focused(page) == "list"
    for key, wanted in ((DOWN, "request-3"), (DOWN, "request-2"), (END, "request-0"), (HOME, "request-4")):
        page.press(key)
        page.wait(lambda wanted=wanted: shown(page) == wanted, what=f"{wanted} is shown")
        assert page.run("return document.querySelector('[aria-selected=true].row').dataset.id") == wanted
    page.press(ENTER)
    assert focused(page) == "detail-title"
    page.press(ESCAPE)
    assert focused(page) == "list"
    tab_until(page, "tab-send")
    page.press(RIGHT)
    assert focused(page) == "tab-faults"
    tab_until(page, "CreateInstance: sold out")
    page.press(" ")
    page.wait(lambda: page.all("#switches [aria-checked=true]"), what="the switch is on")
    page.run("document.querySelector('#tab-faults').focus()")
    page.press(HOME)
    tab_until(page, "body")
    page.press(TAB, ENTER)
    page.wait(lambda: place.queue()["visible"] == 1, what="the message is sent")


def test_the_whole_way_on_a_phone(page: Browser, place: Place) -> None:
    """Where only one view fits, arrows choose, Enter opens, Escape leads back to the list."""
    page.look(width=390, height=800)
    tell_of(place.cloud, 5)
    page.wait(lambda: len(rows(page)) == 5)
    page.run("document.querySelector('#list').focus()")
    page.press(DOWN, DOWN)
    assert page.all("#list")[0].is_displayed()
    page.press(ENTER)
    page.wait(lambda: page.all("#timeline")[0].is_displayed() and shown(page) == "request-3", what="it is opened")
    page.wait(lambda: focused(page) == "detail-title", what="the focus is there")
    page.press(ESCAPE)
    page.wait(lambda: page.all("#list")[0].is_displayed() and focused(page) == "list", what="the list is back")


def test_less_motion(page: Browser, place: Place) -> None:
    """Changes move, and nothing moves for people who asked for less of it."""
    moving = "return document.getAnimations().length"
    tell_of(place.cloud, 8)
    page.wait(lambda: len(rows(page)) == 8 and page.run(moving), what="something moves")
    page.look(motion="reduce")
    page.wait(lambda: page.run(moving) == 0, what="nothing moves")
    for number in range(20):
        with place.cloud.lock:
            place.cloud.recorder.trace.tell(f"new-{number}", place.cloud.clock.now(), "enqueued", "message M1")
        page.wait(lambda number=number: f"new-{number}" in rows(page))
        assert page.run(moving) == 0
