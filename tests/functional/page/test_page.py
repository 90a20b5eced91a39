"""The page in a real browser, with a worker behind it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from many import enqueue, tell_of

from local.project import EVENTS
from local.samples import Samples

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.place import Place

pytestmark = pytest.mark.slow


def choose_sample(page: Browser, name: str) -> None:
    """Pick a sample in the form."""
    page.wait(lambda: page.all("#sample option"), what="the samples are offered")
    select = "const list = document.querySelector('#sample');"
    script = f"{select} list.value = [...list.options].findIndex((one) => one.text.startsWith(arguments[0] + ':'));"
    page.run(f"{script} list.dispatchEvent(new Event('change'))", name)


def kinds(page: Browser) -> list[str]:
    """Return the kinds of steps on the timeline."""
    return list(page.run("return [...document.querySelectorAll('#timeline > li')].map((one) => one.dataset.kind)"))


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
    assert page.texts("#detail-facts .state") == ["completed"]
    assert page.texts(".row[aria-selected=true] .state") == ["completed"]
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
    assert "2 calls of CreateInstance, generation 2" in page.texts("#detail-facts")[0]
    assert "2 calls" in page.texts(".row .second")[0]


def test_faults(page: Browser, place: Place) -> None:
    """A fault that is switched on shows, strikes, and is gone when it is switched off; others show as well."""
    switch = "#switches button[aria-checked=true]"
    page.wait(lambda: page.all("#switches button"), what="the switches are there")
    page.click("#switches button")
    page.wait(lambda: page.texts(switch) == ["CreateInstance: sold out"], what="the switch is on")
    assert place.cloud.faults.to_json()[0]["error"]["code"] == "OperationDenied.NoStock"
    with place.worker():
        choose_sample(page, "plain")
        page.click("#form button[type=submit]")
        page.wait(lambda: "published" in kinds(page), what="it is published")
    assert page.texts("#detail-facts .state") == ["failed"]
    assert "(fault)" in " ".join(page.texts("#timeline li"))
    place.cloud.faults.add({"service": "mns", "action": "SendMessage", "effect": "lose-request", "times": 3})
    page.wait(lambda: len(page.all("#waiting button")) == 2, what="both wait")
    assert "mns.SendMessage: lose-request, 3 times" in page.texts("#waiting span")
    page.click("#switches button")
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
    assert page.texts("#detail-facts .state") == ["refused"]
    assert "InstanceTpye" in page.texts("#detail-error")[0]


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
    assert page.texts("#detail-facts .state") == ["completed"]
    assert "lifetime" in kinds(page)


def test_a_pause_is_shown(page: Browser, place: Place) -> None:
    """While buying is paused the page says since when, by whom and why, and what waits says so."""
    place.pause("ann", "the bill")
    with place.worker():
        choose_sample(page, "plain")
        page.click("#form button[type=submit]")
        page.wait(lambda: "by ann: the bill" in "".join(page.texts("#pause")), what="the pause is shown")
        page.wait(lambda: "waiting" in kinds(page), what="it waits")
        assert page.texts("#detail-facts .state") == ["waiting"]


def test_no_secret_is_shown(page: Browser, place: Place) -> None:
    """Passwords and user data of the samples are in neither the page nor anything it is sent."""
    full = json.loads((EVENTS / "messages/full.json").read_text())["parameters"]
    secrets = [full["Password"], full["UserData"]]
    with place.worker():
        place.send(*(sample.body for sample in Samples.load().messages))
        page.wait(lambda: page.texts("#filters button")[:2] == ["all 10", "open 0"], what="all have ended")
    page.run("document.querySelector('#list').focus()")
    seen = []
    for _ in Samples.load().messages:
        page.press("\ue015")
        seen.append(page.run("return document.documentElement.outerHTML + document.querySelector('#body').value"))
        choose_sample(page, "full")
        page.run("document.querySelector('#list').focus()")
    read = "fetch('/_page/samples.json').then((answer) => answer.text()).then(done)"
    seen += [page.run_async(read), json.dumps(place.cloud.recorder.trace.changes().data)]
    assert "sample-full" in "".join(seen)
    assert not [secret for secret in secrets for text in seen if secret in text]


def test_phone(page: Browser, place: Place) -> None:
    """390 px wide nothing scrolls sideways, whatever is shown."""
    page.look(width=390, height=800)
    tell_of(place.cloud, 30, long_ids=True)
    place.cloud.faults.add({"service": "ots", "action": "PutRow", "effect": "delay", "match": {"requestId": "x" * 64}})
    choose_sample(page, "invalid")
    page.click("#form button[type=submit]")
    page.wait(lambda: page.all("#answer li") and page.all(".row") and page.all("#waiting button"), what="all is shown")
    for chosen in page.all(".row")[:6]:
        page.run("arguments[0].click()", chosen)
        page.wait(lambda: page.all("#timeline li"), what="a timeline is shown")
        assert page.run("return document.scrollingElement.scrollWidth") <= 390
    wide = """return [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > 391)
        .filter((one) => !one.closest('.hidden, .row')).map((one) => one.outerHTML)"""
    assert page.run(wide) == []


def test_keyboard_alone(page: Browser, place: Place) -> None:
    """Tab reaches everything that can be used, with a visible focus; keys choose requests, switch faults and send."""
    tell_of(place.cloud, 5)
    page.wait(lambda: len(page.all(".row")) == 5 and page.all("#switches button") and page.all("#sample option"))
    usable = "a[href], button:not([hidden]), input, select, textarea, [tabindex='0']"
    page.run(
        "[...document.querySelectorAll(arguments[0])].forEach((one, place) => { one.dataset.place = place })", usable
    )
    reached = {}
    for _ in range(len(page.all(usable)) + 1):
        page.press("\ue004")
        place_, outline = page.run(
            "const one = document.activeElement; return [one.dataset.place, getComputedStyle(one).outlineStyle]"
        )
        reached[place_] = outline
    reached.pop(None, None)
    assert len(reached) == len(page.all(usable))
    assert set(reached.values()) == {"solid"}

    page.run("document.querySelector('#list').focus()")
    chosen = []
    for key in ("\ue015", "\ue015", "\ue010", "\ue011"):
        page.press(key)
        page.wait(lambda: page.all(".row[aria-selected=true]"))
        chosen.append(page.texts("#detail-title")[0])
    page.wait(lambda: page.texts("#detail-title") == ["request-4"])
    page.run("document.querySelector('#switches button').focus()")
    page.press(" ")
    page.wait(lambda: page.all("#switches button[aria-checked=true]"), what="the switch is on")
    page.run("document.querySelector('#form button').focus()")
    page.press("\ue007")
    page.wait(lambda: place.queue()["visible"] == 1, what="the message is sent")


def test_it_comes_back(page: Browser, place: Place) -> None:
    """After a reset the page forgets everything, without a reload."""
    enqueue(place.cloud, "first")
    page.wait(lambda: page.texts(".row:not([hidden]) span:last-child") == ["first"])
    place.cloud.reset()
    enqueue(place.cloud, "second")
    page.wait(lambda: page.texts(".row:not([hidden]) span:last-child") == ["second"])
