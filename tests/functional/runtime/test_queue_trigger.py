"""The emulated queue trigger: batches, deliveries again, dead letters; with a handler of the test's own."""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from local import defaults
from local.runtime.function import Function
from local.runtime.instance import Place as CodePlace
from local.runtime.mns import QueueClient, decode
from local.runtime.queue_trigger import STRATEGIES, QueueTrigger, Strategy
from local.runtime.specification import FunctionSpecification, QueueTriggerSpecification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.place import Place

CODE = """
import json, pathlib, sys

def handler(event, context):
    calls = pathlib.Path("calls")
    with calls.open("ab") as file:
        file.write(event + b"\\n")
    fails = int(pathlib.Path("fails").read_text())
    if len(calls.read_bytes().splitlines()) <= fails:
        raise SystemExit(1)
    return "ok"
"""
QUICK = Strategy(tries=3, first=0.2, longest=0.4)


@contextmanager
def feeding(place: Place, *, fails: int, size: int = 10, base64: bool = True) -> Iterator[None]:
    """Run a trigger on a function whose first invocations fail."""
    (place.folder / "code_of_test.py").write_text(CODE)
    (place.folder / "fails").write_text(str(fails))
    specification = FunctionSpecification("tested", "code_of_test.handler", None, "python3.12", 10.0, 10.0, 128)
    stopping = threading.Event()
    with place.log_path.open("a", encoding="utf-8") as log:
        function = Function(specification, CodePlace(place.folder, {"PATH": os.environ["PATH"]}, log))
        batches = QueueTriggerSpecification(
            defaults.QUEUE, base64, size, 0.5, "EXPONENTIAL_DECAY_RETRY", defaults.DEAD_LETTERS
        )
        trigger = QueueTrigger(function, batches, place.access, stopping, QUICK)
        thread = threading.Thread(target=trigger.run)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()
            function.close()


def calls(place: Place) -> list[list[dict[str, Any]]]:
    """Return the events the handler was called with."""
    path = place.folder / "calls"
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def settled(place: Place) -> bool:
    """Tell whether the queue holds nothing any more."""
    return not any(place.queue().values())


def test_messages_come_as_cloud_events(place: Place) -> None:
    """A batch is a JSON array of CloudEvents whose body is the message's text; success deletes the messages."""
    ids = place.send("first", "second")
    with feeding(place, fails=0):
        place.wait_for(lambda: settled(place))
    events = [event for batch in calls(place) for event in batch]
    assert {event["data"]["messageId"]: event["data"]["messageBody"] for event in events} == dict(
        zip(ids, ["first", "second"], strict=True)
    )
    for event in events:
        assert event["specversion"] == "1.0"
        assert event["type"] == "mns:Queue:SendMessage"
        assert event["subject"].endswith("queues/provision-requests")
        assert event["time"].endswith("Z")


def test_batch_is_no_larger_than_its_window(place: Place) -> None:
    """Five messages with a window of two make at least three batches, none longer than two."""
    place.send(*[f"message {number}" for number in range(5)])
    with feeding(place, fails=0, size=2):
        place.wait_for(lambda: settled(place))
    sizes = [len(batch) for batch in calls(place)]
    assert sum(sizes) == 5
    assert max(sizes) <= 2


def test_failed_batch_is_delivered_again_unchanged(place: Place) -> None:
    """A batch whose invocation died comes again with the same ids, times and bodies, after a growing wait."""
    place.send("first", "second")
    began = time.monotonic()
    with feeding(place, fails=2):
        place.wait_for(lambda: settled(place))
    seen = calls(place)
    assert len(seen) == 3
    assert seen[0] == seen[1] == seen[2]
    assert time.monotonic() - began >= QUICK.delay(1) + QUICK.delay(2)
    assert place.queue(defaults.DEAD_LETTERS)["visible"] == 0


def test_batch_ends_as_dead_letters_after_its_tries(place: Place) -> None:
    """What fails every try is put among the dead letters as the raw event, and the queue goes on."""
    (message_id,) = place.send("poison")
    with feeding(place, fails=QUICK.tries):
        place.wait_for(lambda: settled(place))
        place.send("good")
        place.wait_for(lambda: settled(place))
    assert len(calls(place)) == QUICK.tries + 1
    with QueueClient(place.access, defaults.DEAD_LETTERS) as dead_letters:
        (letter,) = dead_letters.receive(16, 1)
    event = json.loads(decode(letter.body))
    assert (event["data"]["messageId"], event["data"]["messageBody"]) == (message_id, "poison")


@pytest.mark.parametrize(("decoded", "body"), [(True, "plain"), (False, base64.b64encode(b"plain").decode())])
def test_body_is_decoded_as_configured(place: Place, *, decoded: bool, body: str) -> None:
    """`IsBase64Decode` says whether the handler gets the text or the base64 the SDK sent."""
    place.send("plain")
    with feeding(place, fails=0, base64=decoded):
        place.wait_for(lambda: settled(place))
    assert calls(place)[0][0]["data"]["messageBody"] == body


@pytest.mark.parametrize(
    ("name", "tries", "delays"),
    [
        ("EXPONENTIAL_DECAY_RETRY", 176, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512]),
        ("BACKOFF_RETRY", 3, [10, 20, 20]),
    ],
)
def test_strategies_are_the_documented_ones(name: str, tries: int, delays: list[float]) -> None:
    """The template's strategy means what the platform documents."""
    strategy = STRATEGIES[name]
    assert strategy.tries == tries
    assert [strategy.delay(failures) for failures in range(1, len(delays) + 1)] == delays
