"""What can be done from the page, and the line on a terminal that does the same."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from acting import alerts, choose_sample, kinds, open_tab, rows, shown, state, station

from local import defaults
from tests.support.place import request

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.place import Place

pytestmark = pytest.mark.slow


def line_of(page: Browser, what: str) -> str:
    """Open the curl line of a control, read it and close it again."""
    page.wait(lambda: page.all(f"[aria-label='The curl line: {what}']"), what=f"{what} has a line")
    page.run("document.querySelector(arguments[0]).click()", f"[aria-label='The curl line: {what}']")
    page.wait(page.all("#curl")[0].is_displayed, what="the line is shown")
    line = page.texts("#curl-line")[0]
    page.run("document.querySelector('#curl').hidePopover()")
    return line


def do(line: str) -> None:
    """Run a line in a shell; it must succeed."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    subprocess.run(line.replace("curl ", "curl --silent --fail ", 1), shell=True, check=True, timeout=20)  # noqa: S602 - the line is the claim


def test_many_at_once(page: Browser, place: Place) -> None:
    """One press makes as many requests as were asked for, each of its own id, each sent as often as asked for."""
    choose_sample(page, "plain")
    page.run("document.querySelector('#count').value = 30; document.querySelector('#copies').value = 2")
    page.click("#form button[type=submit]")
    page.wait(lambda: station(page, "all") == 30, what="they are there")
    assert place.queue()["visible"] == 60
    assert shown(page).endswith("-030")
    assert "Sent 60 messages" in page.texts("#answer")[0]


def test_too_many_is_said(page: Browser, place: Place) -> None:
    """What the local cloud does not take is said beside the button, and nothing is sent."""
    choose_sample(page, "plain")
    page.run("document.querySelector('#count').value = 5; document.querySelector('#body').value = '{}'")
    page.click("#form button[type=submit]")
    page.wait(lambda: "no requestId to number" in page.texts("#answer")[0], what="it is said")
    assert place.queue()["visible"] == 0


def test_stock(page: Browser, place: Place) -> None:
    """A limit that is set shows with what is used of it, makes a request fail, and is removed again."""
    open_tab(page, "Stock")
    page.run("document.querySelector('#limit-number').value = 1; document.querySelector('#limit-type').value = '*'")
    page.click("#limit-form button[type=submit]")
    page.wait(lambda: place.cloud.config.stock.get("*") == {"*": 1}, what="the limit is set")
    assert "cn-hangzhou-g" in place.cloud.config.stock
    with place.worker():
        place.send(request("order-1"))
        page.wait(lambda: state(page) == "completed", what="the first completes")
        page.wait(lambda: "1 of 1 full" in "".join(page.texts("#limits")), what="it shows that nothing is left")
        place.send(request("order-2"))
        page.wait(lambda: shown(page) == "order-2" and state(page) == "failed", what="the second fails")
    assert "OperationDenied.NoStock" in page.texts("#detail-error")[0]
    page.click("[aria-label='Remove the stock of * in *']")
    page.wait(lambda: "*" not in place.cloud.config.stock, what="the limit is gone")
    page.run("document.querySelector('#limit-number').value = 1; document.querySelector('#limit-zone').value = 'z' ")
    page.wait(lambda: len(page.all("#limits tbody tr")) == 2, what="it is shown no more")
    do(line_of(page, "set this limit"))
    page.wait(lambda: len(page.all("#limits tbody tr")) == 3, what="the line did the same")


def test_dead_letters(page: Browser, place: Place) -> None:
    """A dead letter is said at the top, shows what is inside without secrets, and is sent again as a new message."""
    body = json.loads(request("order-1"))
    body["parameters"]["Password"] = "Secret-123456"
    place.send(json.dumps(body), request("order-2"), queue=defaults.DEAD_LETTERS)
    page.wait(lambda: any("2 dead letters" in one for one in alerts(page)), what="it is said at the top")
    page.run("document.querySelector('.alert button').click()")
    page.wait(lambda: len(page.all(".letter")) == 2 and page.all(".letter")[0].is_displayed(), what="they are shown")
    assert "Secret-123456" not in page.run("return document.documentElement.outerHTML")
    assert page.texts(".letter a") == ["order-1", "order-2"]
    with place.worker():
        page.click(".letter .row-of button")
        page.wait(lambda: len(page.all(".letter")) == 1, what="it is no dead letter any more")
        page.wait(lambda: shown(page) == "order-1" and state(page) == "completed", what="it is done")
        letter = page.run("return document.querySelector('.letter').dataset.id")
        do(line_of(page, f"Replay dead letter {letter}"))
        page.wait(lambda: shown(page) == "order-2" and state(page) == "completed", what="the line did the same")
    page.wait(lambda: not any("dead letter" in one for one in alerts(page)), what="nothing is said any more")


def test_a_thousand_dead_letters(page: Browser, place: Place) -> None:
    """Of very many the oldest are shown, and how many more there are; the page stays small."""
    with place.cloud.lock:
        for number in range(1000):
            place.cloud.mns.enqueue(defaults.DEAD_LETTERS, request(f"order-{number}"))
    open_tab(page, "Dead letters")
    page.wait(lambda: page.all(".letter"), what="they are shown")
    assert len(page.all(".letter")) == 50
    assert "950 more" in page.texts("#letters-list")[0]
    assert page.texts("#letters-list button")[0] == "Replay all"
    assert page.run("return document.querySelectorAll('*').length") < 4000


def test_lines(page: Browser, place: Place) -> None:
    """The line of each control does what the control does: enqueue, a fault on and off, reading a request."""
    page.wait(lambda: page.all("#switches [role=switch]") and page.all("#sample option"))
    page.run("document.querySelector('#body').value = arguments[0]", request("it's-1", metadata={"a": "it's"}))
    page.run("document.querySelector('#body').value = arguments[0]", request("order-1", metadata={"a": "it's $HOME"}))
    do(line_of(page, "enqueue this message"))
    page.wait(lambda: rows(page) == ["order-1"], what="it is enqueued")
    assert place.cloud.recorder.trace.requests["order-1"].message["metadata"] == {"a": "it's $HOME"}
    do(line_of(page, "CreateInstance: sold out"))
    page.wait(lambda: page.all("#switches [aria-checked=true]"), what="the fault is on")
    do(line_of(page, "CreateInstance: sold out"))
    page.wait(lambda: not page.all("#switches [aria-checked=true]"), what="the fault is off")
    open_tab(page, "Message")
    do(line_of(page, "the message of order-1"))
    assert kinds(page) == ["enqueued"]
