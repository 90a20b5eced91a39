"""Texts of strangers are texts: markup, other directions of writing, very much of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from acting import alerts, kinds, open_tab, pick, rows, state, station

from local import defaults
from tests.support.place import PARAMETERS, request

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.place import Place

pytestmark = pytest.mark.slow
MARKUP = '<img src=x onerror="window.hit=1"><b>bold</b><script>window.hit=1</script>'
TURNED = "\u202egnp.exe\u2066 \u05e9\u05dc\u05d5\u05dd"
LONG = "x" * 10_000


def check(page: Browser) -> None:
    """Nothing became markup, nothing ran, nothing is wider than its screen, nothing was blocked for good reason."""
    assert page.run("return window.hit") is None
    assert page.run("return document.querySelectorAll('img[onerror], body script, #detail b b').length") == 0
    assert page.run("return document.scrollingElement.scrollWidth <= innerWidth")
    assert page.run("return window.violations") == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("text", [MARKUP, TURNED, LONG], ids=["markup", "turned", "long"])
def test_texts_from_outside(page: Browser, place: Place, text: str, width: int) -> None:
    """In messages, error texts, faults, warnings, dead letters and what is searched for, a text is shown as text."""
    page.look(width=width, height=800)
    page.run(
        "window.violations = []; addEventListener('securitypolicyviolation', (e) => violations.push(e.blockedURI))"
    )
    error = {"status": 403, "code": f"Forbidden.{text[:3000]}", "message": text}
    fault = {
        "service": "ecs",
        "action": "CreateInstance",
        "error": error,
        "times": 1,
        "match": {"requestId": "order-1"},
    }
    place.cloud.faults.add([fault, fault | {"match": {"requestId": text}}])
    parameters = {**PARAMETERS, "Description": text[:100]}
    good = json.dumps({"requestId": "order-1", "parameters": parameters, "metadata": {"note": text[:256]}})
    bad = json.dumps({"requestId": "order-2", "parameters": {**parameters, text: text, "ZoneId": text}})
    with place.cloud.lock:
        place.cloud.recorder.trace.warn({"event": text, "level": "warning", "at": 0.0})
    place.send(bad, queue=defaults.DEAD_LETTERS)
    with place.worker():
        place.send(good, bad, text)
        page.wait(lambda: (station(page, "all"), station(page, "open")) == (3, 0), what="all have ended")
    for name in rows(page):
        pick(page, name)
        page.wait(lambda: kinds(page), what="the timeline is shown")
        for tab in ("Timeline", "Outcome", "Message"):
            open_tab(page, tab)
            page.wait(lambda tab=tab: page.all(f"#{tab.lower()} *"), what=f"{tab} is shown")
            check(page)
        if width == 390:
            page.click("#back")
    for tab in ("Send", "Faults", "Stock", "Dead letters", "Cloud"):
        open_tab(page, tab)
        check(page)
    page.run("document.querySelector('#body').value = arguments[0]", bad)
    page.run("document.querySelector('#form button').click()")
    page.wait(lambda: page.all("#answer li"), what="the violations are shown")
    check(page)
    page.run("const find = document.querySelector('#find'); find.value = arguments[0];"
             " find.dispatchEvent(new Event('input'))", f"no {text}")  # fmt: skip
    page.wait(page.all("#nothing")[0].is_displayed, what="nothing matches")
    check(page)
    assert alerts(page)


def test_an_address_from_outside(page: Browser, place: Place) -> None:
    """What stands in the address is looked up and shown, not trusted."""
    page.run("window.violations = []")
    for text in (MARKUP, "%", "%E0%A4%A", TURNED):
        page.run("location.hash = '#/' + arguments[0]", text)
        page.wait(lambda: "has not seen" in page.texts("#detail-facts")[0], what="it is said to be unknown")
        check(page)
    assert state(page) == ""
    assert station(page, "all") == 0
    assert place.cloud.recorder.trace.requests == {}


@pytest.mark.parametrize("request_id", [".", ".."])
def test_an_id_that_is_a_folder(page: Browser, place: Place, request_id: str) -> None:
    """Ids of dots are allowed, and a browser that takes them for folders reads their papers all the same."""
    place.send(request(request_id))
    pick(page, request_id)
    open_tab(page, "Message")
    page.wait(lambda: page.all("#message pre"), what="the message is shown")
    assert f'"requestId": "{request_id}"' in page.texts("#message pre")[0]


def test_nothing_leaves_this_machine(page: Browser, place: Place) -> None:
    """Everything the page loads comes from the local cloud, which lets it load and run nothing else."""
    page.run(
        "window.violations = []; addEventListener('securitypolicyviolation', (e) => violations.push(e.blockedURI))"
    )
    with place.worker():
        page.wait(lambda: page.all("#sample option"))
        page.click("#form button[type=submit]")
        page.wait(lambda: state(page) == "completed", what="a request went its way")
    for tab in ("Outcome", "Message", "Faults", "Stock", "Dead letters", "Cloud"):
        open_tab(page, tab)
    loaded = page.run("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert loaded
    assert [name for name in loaded if not name.startswith(f"{place.url}/")] == []
    read = "fetch('/').then((answer) => done(answer.headers.get('content-security-policy')))"
    policy = page.run_async(read)
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    check(page)
    blocked = """const made = document.createElement('script'); made.textContent = 'window.hit = 1';
        document.head.append(made); fetch('http://127.0.0.2:9/').catch(() => {}); return window.hit"""
    assert page.run(blocked) is None
    page.wait(lambda: len(page.run("return window.violations")) >= 2, what="the policy blocks both, seen to bite")
