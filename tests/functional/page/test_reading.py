"""Reading what happened: which request is shown, its address, its papers, what a row tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from acting import ENTER, choose_sample, kinds, open_tab, pick, rows, shown, state, station
from many import enqueue, tell_of

from local import defaults
from tests.support.place import request

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.place import Place

pytestmark = pytest.mark.slow


def copy(page: Browser, place: Place, selector: str) -> str:
    """Press a copy button and return what was copied."""
    allowed = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": place.url}
    page.driver.execute_cdp_cmd("Browser.grantPermissions", allowed)
    page.click(selector)
    page.wait(lambda: "Copied" in "".join(page.texts(selector)), what="it says that it copied")
    return str(page.run_async("navigator.clipboard.readText().then(done, (error) => done(String(error)))"))


def test_the_newest_is_followed_until_one_is_picked(page: Browser, place: Place) -> None:
    """Whoever picked nothing sees the newest request; whoever picked one keeps it, until they follow again."""
    enqueue(place.cloud, "first")
    page.wait(lambda: shown(page) == "first", what="the newest is shown")
    enqueue(place.cloud, "second")
    page.wait(lambda: shown(page) == "second", what="the newest is followed")
    pick(page, "first")
    enqueue(place.cloud, "third")
    page.wait(lambda: "third" in rows(page))
    assert shown(page) == "first"
    page.click("#follow")
    page.wait(lambda: shown(page) == "third", what="the newest is followed again")
    assert page.texts("#following") == ["following the newest"]


def test_an_address_survives_a_reload(page: Browser, place: Place) -> None:
    """A request's address shows it again, in another window too; one that is not known is said to be so."""
    tell_of(place.cloud, 5)
    page.wait(lambda: len(rows(page)) == 5)
    pick(page, "request-1")
    address = page.driver.current_url
    assert address == f"{place.url}/#/request-1"
    page.driver.refresh()
    page.wait(lambda: shown(page) == "request-1", what="it is shown after a reload")
    page.wait(lambda: page.all(".row[aria-selected=true][data-id='request-1']"), what="its row is the selected one")
    page.open("about:blank")
    page.open(f"{place.url}/#/request-2")
    page.wait(lambda: shown(page) == "request-2", what="it is shown in another window")
    page.open("about:blank")
    page.open(f"{place.url}/#/nobody")
    page.wait(lambda: "has not seen nobody" in page.texts("#detail-facts")[0], what="it is said to be unknown")
    assert "provisioner status nobody" in page.texts("#detail-facts")[0]


def test_papers(page: Browser, place: Place) -> None:
    """The outcome is copied as the topic published it, the message as it was sent, a secret masked."""
    body = json.loads(request("order-1", metadata={"note": "\u202eabc"}))
    body["parameters"]["Password"] = "Secret-123456"
    with place.worker():
        place.send(json.dumps(body))
        page.wait(lambda: state(page) == "completed" and "published" in kinds(page), what="it is published")
    open_tab(page, "Outcome")
    page.wait(lambda: page.all("#outcome pre"), what="the outcome is shown")
    (published,) = place.cloud.state()["mns"]["topics"][defaults.TOPIC]
    assert copy(page, place, "#outcome [aria-label='Copy the outcome']") == published
    assert json.loads(page.texts("#outcome pre")[0]) == json.loads(published)
    open_tab(page, "Message")
    page.wait(lambda: page.all("#message pre"), what="the message is shown")
    body["parameters"]["Password"] = "***"
    assert json.loads(copy(page, place, "#message [aria-label='Copy the message']")) == body
    assert "\u202e" not in page.texts("#message pre")[0]
    assert "\\u202e" in page.texts("#message pre")[0]


def test_no_outcome_yet(page: Browser, place: Place) -> None:
    """A request that is open, and one whose message was never seen, say so where their papers would be."""
    enqueue(place.cloud, "order-1")
    page.wait(lambda: shown(page) == "order-1")
    open_tab(page, "Outcome")
    page.wait(lambda: "No outcome yet" in page.texts("#outcome")[0])
    tell_of(place.cloud, 1)
    pick(page, "request-0")
    open_tab(page, "Message")
    page.wait(lambda: "was not seen" in page.texts("#message")[0])


def test_an_error_is_explained_beside_its_step(page: Browser, place: Place) -> None:
    """Code, category, remedy and every violation stand at the step where they happened."""
    with place.worker():
        choose_sample(page, "invalid")
        page.click("#form button[type=submit]")
        page.wait(page.all("#anyway")[0].is_displayed, what="it can be sent all the same")
        page.click("#anyway")
        page.wait(lambda: "refused" in kinds(page), what="it is refused")
    (step,) = page.texts("#timeline > li[data-kind=refused]")
    assert "InvalidInstanceName.Malformed" in step
    assert "invalid_parameter" in step
    assert {"parameters.InstanceName", "parameters.InstanceTpye"} <= set(
        page.texts("#timeline > li[data-kind=refused] code")
    )


def test_what_a_row_tells(page: Browser, place: Place) -> None:
    """State with its sign, how long it took or takes, and until when it has time."""
    with place.worker():
        place.send(request("order-1", timeoutSeconds=120))
        page.wait(lambda: "until" in "".join(page.texts(".row .until")), what="the deadline is told")
        page.wait(lambda: "left, until" in page.texts("#deadline")[0], what="what is left is told")
        page.wait(lambda: state(page) == "completed" and "published" in kinds(page), what="it is published")
    assert page.texts(".row .second b") == ["completed"]
    page.wait(lambda: page.run("return document.querySelector('.row use').getAttribute('href')") == "#i-completed")
    assert page.texts(".row .time")[0].endswith(" s")
    assert page.texts("#deadline p")[0].endswith("of 2 min 00 s")
    parts = page.run("return document.querySelector('#track').ariaLabel").split(", ")
    assert [part.partition(" ")[0] for part in parts] == ["queued", "creating", "pending", "starting"]


def test_nothing_matches(page: Browser, place: Place) -> None:
    """A search without a find says what was asked, and one button clears it, state included."""
    tell_of(place.cloud, 8)
    page.wait(lambda: station(page, "all") == 8)
    page.click("[data-station=failed]")
    page.wait(lambda: len(rows(page)) == 1, what="one has failed")
    page.all("#find")[0].send_keys("no such thing", ENTER)
    page.wait(page.all("#nothing")[0].is_displayed, what="nothing matches")
    assert "no such thing" in page.texts("#nothing-what")[0]
    assert "failed" in page.texts("#nothing-what")[0]
    page.click("#clear")
    page.wait(lambda: len(rows(page)) == 8, what="all are there again")
    assert page.run("return document.querySelector('#find').value") == ""


def test_a_state_nobody_knows(page: Browser, place: Place) -> None:
    """States come from the worker: a newer one's is shown by its name, and counts as open."""
    enqueue(place.cloud, "order-1")
    with place.cloud.lock:
        place.cloud.recorder.trace.requests["order-1"].state = "dreaming"
        place.cloud.recorder.trace.tell("order-1", place.cloud.clock.now(), "duplicate", "once more")
    page.wait(lambda: state(page) == "dreaming", what="the state is shown")
    assert (station(page, "all"), station(page, "open")) == (1, 1)
    assert page.run("return document.querySelector('#detail-state use').getAttribute('href')") == "#i-unknown"
