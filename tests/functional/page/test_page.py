"""The page in a real browser, with a worker behind it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from acting import DOWN, choose_sample, kinds, open_tab, pick, rows, state, station
from many import enqueue, tell_of

from local.project import EVENTS
from local.samples import Samples

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.place import Place

pytestmark = pytest.mark.slow


def test_from_enqueued_to_completed(page: Browser, place: Place) -> None:
    """A message sent with the form is followed to its outcome while the page is watched, without a reload."""
    page.run("window.watched = true")
    with place.worker():
        choose_sample(page, "plain")
        page.click("#form button[type=submit]")
        page.wait(lambda: kinds(page)[:1] == ["enqueued"], what="the request is chosen and shown")
        page.wait(lambda: "published" in kinds(page) and "ended" in kinds(page), what="it is published")
    wanted = [
        "enqueued",
        "delivered",
        "claimed",
        "called",
        "created",
        "stopped",
        "start",
        "running",
        "ended",
        "published",
    ]
    assert kinds(page) == wanted
    assert state(page) == "completed"
    assert page.texts(".row[aria-selected=true] .second b") == ["completed"]
    assert page.texts("#instances-counts") == ["1 Running"]
    page.wait(lambda: "ecs.CreateInstance" in page.texts("#calls-total")[0], what="the calls are counted")
    assert page.run("return window.watched") is True


def test_sold_out_zone(page: Browser, place: Place) -> None:
    """A sold-out zone shows as two attempts, the first with its mapped error and what to do."""
    with place.worker():
        choose_sample(page, "sold-out")
        page.click("#form button[type=submit]")
        page.wait(lambda: "published" in kinds(page), what="it is published")
    assert kinds(page).count("called") == 2
    (error,) = page.texts("#timeline .error")
    assert "OperationDenied.NoStock" in error
    assert "capacity" in error
    assert "Offer further alternatives" in error
    assert "calls of CreateInstance 2, generation 2" in page.texts("#detail-facts")[0]
    assert "2 calls" in page.texts(".row .second")[0]


def test_faults(page: Browser, place: Place) -> None:
    """A fault that is switched on shows, strikes, and is gone when it is switched off; others show as well."""
    switch = "#switches [role=switch][aria-checked=true]"
    page.wait(lambda: page.all("#switches [role=switch]"), what="the switches are there")
    open_tab(page, "Faults")
    page.click("#switches [role=switch]")
    page.wait(lambda: page.texts(switch) == ["CreateInstance: sold out"], what="the switch is on")
    assert place.cloud.faults.to_json()[0]["error"]["code"] == "OperationDenied.NoStock"
    with place.worker():
        open_tab(page, "Send")
        choose_sample(page, "plain")
        page.click("#form button[type=submit]")
        page.wait(lambda: "published" in kinds(page), what="it is published")
    assert state(page) == "failed"
    assert "(fault)" in " ".join(page.texts("#timeline li"))
    place.cloud.faults.add({"service": "mns", "action": "SendMessage", "effect": "lose-request", "times": 3})
    open_tab(page, "Faults")
    page.wait(lambda: len(page.all("#waiting [aria-label^='Remove ecs'], #waiting [aria-label^='Remove mns']")) == 2)
    assert "mns.SendMessage: lose-request, 3 times" in page.texts("#waiting bdi")
    page.click("#switches [role=switch]")
    page.wait(lambda: not page.all(switch), what="the switch is off")
    page.click("#waiting button")
    page.wait(lambda: page.texts("#waiting li") == ["none"], what="nothing waits")
    assert place.cloud.faults.pending == []


def test_form_refuses(page: Browser, place: Place) -> None:
    """An invalid message is not sent; every violation is shown. It can be sent all the same, and is then refused."""
    choose_sample(page, "invalid")
    page.click("#form button[type=submit]")
    page.wait(lambda: page.all("#answer li"), what="the violations are shown")
    fields = set(page.texts("#answer code"))
    assert {"parameters.InstanceName", "parameters.SystemDisk.Size", "parameters.InstanceTpye"} <= fields
    assert place.queue() == {"visible": 0, "inFlight": 0, "delayed": 0}
    with place.worker():
        page.click("#anyway")
        page.wait(lambda: "refused" in kinds(page), what="it is refused")
    assert state(page) == "refused"
    assert "InstanceTpye" in page.texts("#timeline")[0]


def test_a_profile_instead_of_parameters(page: Browser, place: Place) -> None:
    """A profile's name in the form makes a whole message, which the worker completes by its policy."""
    place.put_policy(Samples.load().policy)
    choose_sample(page, "plain")
    field = "const one = document.querySelector('#profile'); one.value = 'web-small';"
    page.run(f"{field} one.dispatchEvent(new Event('change'))")
    assert list(json.loads(page.run("return document.querySelector('#body').value"))) == ["requestId", "profile"]
    with place.worker():
        page.click("#form button[type=submit]")
        page.wait(lambda: "published" in kinds(page), what="it is published")
    assert state(page) == "completed"
    assert "lifetime" in kinds(page)


def test_a_pause_is_shown(page: Browser, place: Place) -> None:
    """While buying is paused the page says since when, by whom and why, and what waits says so."""
    place.pause("ann", "the bill")
    with place.worker():
        choose_sample(page, "plain")
        page.click("#form button[type=submit]")
        page.wait(lambda: "by ann: the bill" in "".join(page.texts("#alerts")), what="the pause is shown")
        page.wait(lambda: "waiting" in kinds(page), what="it waits")
        assert state(page) == "waiting"


def test_no_secret_is_shown(page: Browser, place: Place) -> None:
    """Passwords and user data of the samples are in neither the page nor anything it is sent."""
    full = json.loads((EVENTS / "messages/full.json").read_text())["parameters"]
    secrets = [full["Password"], full["UserData"]]
    with place.worker():
        place.send(*(sample.body for sample in Samples.load().messages))
        page.wait(lambda: (station(page, "all"), station(page, "open")) == (10, 0), what="all have ended")
    page.run("document.querySelector('#list').focus()")
    seen = []
    for _ in Samples.load().messages:
        page.press(DOWN)
        seen.append(page.run("return document.documentElement.outerHTML + document.querySelector('#body').value"))
        choose_sample(page, "full")
        page.run("document.querySelector('#list').focus()")
    open_tab(page, "Message")
    pick(page, "sample-full")
    page.wait(lambda: "***" in "".join(page.texts("#message pre")), what="the message is shown, its secrets are not")
    seen.append(page.run("return document.documentElement.outerHTML"))
    read = "fetch('/_page/samples.json').then((answer) => answer.text()).then(done)"
    seen += [page.run_async(read), json.dumps(place.cloud.recorder.trace.changes().data)]
    assert "sample-full" in "".join(seen)
    assert not [secret for secret in secrets for text in seen if secret in text]


def test_phone(page: Browser, place: Place) -> None:
    """390 px wide nothing scrolls sideways, whatever is shown; a request comes instead of the list, with a way back."""
    page.look(width=390, height=800)
    tell_of(place.cloud, 30, long_ids=True)
    place.cloud.faults.add({"service": "ots", "action": "PutRow", "effect": "delay", "match": {"requestId": "x" * 64}})
    choose_sample(page, "invalid")
    page.click("#form button[type=submit]")
    page.wait(lambda: page.all("#answer li") and page.all(".row") and page.all("#waiting li"), what="all is shown")
    wide = """return [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > 391)
        .filter((one) => !one.closest('.hidden, .row, .skip')).map((one) => one.outerHTML)"""
    for tab in ("Send", "Faults", "Stock", "Dead letters", "Cloud"):
        open_tab(page, tab)
        assert page.run("return document.scrollingElement.scrollWidth") <= 390
        assert page.run(wide) == []
    for name in rows(page)[:6]:
        page.run("document.querySelector(`.row[data-id='${arguments[0]}']`).click()", name)
        page.wait(page.all("#detail-title")[0].is_displayed, what="the request is shown")
        page.wait(lambda: page.all("#timeline li"), what="a timeline is shown")
        assert not page.all("#list")[0].is_displayed()
        assert page.run("return document.scrollingElement.scrollWidth") <= 390
        assert page.run(wide) == []
        page.click("#back")
        page.wait(page.all("#list")[0].is_displayed, what="the list is there again")
    page.run("document.querySelector('.row').click()")
    page.wait(lambda: not page.all("#list")[0].is_displayed())
    page.driver.back()
    page.wait(page.all("#list")[0].is_displayed, what="the browser's own way back leads there, too")


def test_it_comes_back(page: Browser, place: Place) -> None:
    """After a reset the page forgets everything, without a reload."""
    enqueue(place.cloud, "first")
    page.wait(lambda: rows(page) == ["first"])
    place.cloud.reset()
    enqueue(place.cloud, "second")
    page.wait(lambda: rows(page) == ["second"])
