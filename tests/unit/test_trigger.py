from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.trigger import LONGEST_BODY, deliveries

MESSAGE = '{"requestId": "order-1", "parameters": {}}'


def cloud_event(body: object = MESSAGE, **changes: object) -> dict[str, object]:
    """Return an event as the platform's documents show it."""
    return {
        "id": "event-1",
        "source": "MNS-Function-mnstrigger",
        "specversion": "1.0",
        "type": "mns:Queue:SendMessage",
        "time": "2021-04-08T06:28:17.093Z",
        "data": {"requestId": "606EA", "messageId": "M1", "messageBody": body},
        **changes,
    }


def encode(value: object) -> bytes:
    """Return the bytes of an event."""
    return json.dumps(value).encode()


def test_a_batch_in_its_order() -> None:
    """An array is a batch: one delivery per CloudEvent, with the queue's message id and the event's time."""
    second = cloud_event('{"b": 2}', data={"messageId": "M2", "messageBody": '{"b": 2}'})
    found = deliveries(encode([cloud_event(), second]))
    assert [(one.message_id, one.body) for one in found] == [("M1", MESSAGE), ("M2", '{"b": 2}')]
    assert found[0].time == pytest.approx(1617863297.093)


def test_a_single_event() -> None:
    """Event-driven mode sends one object instead of an array."""
    assert [one.body for one in deliveries(encode(cloud_event()))] == [MESSAGE]


def test_an_empty_batch() -> None:
    """An empty array is an empty batch, not a bad message."""
    assert deliveries(b"[]") == []


@pytest.mark.parametrize(
    "body",
    [
        MESSAGE,
        base64.b64encode(MESSAGE.encode()).decode(),
        base64.b64encode(MESSAGE.encode()).decode() + "\n",
        base64.b64encode(b"\n " + MESSAGE.encode()).decode(),
    ],
    ids=["plain", "base64", "base64 and a newline", "base64 of padded text"],
)
def test_base64_or_plain(body: str) -> None:
    """Base64 is taken off where there is some; a JSON object cannot be mistaken for it."""
    assert deliveries(encode([cloud_event(body)]))[0].body.strip() == MESSAGE


@pytest.mark.parametrize("body", ["TEST", "W10=", "////", "bnVsbA==", "not base64 at all", "", "e30"])
def test_what_is_no_message_stays_as_it_is(body: str) -> None:
    """Text that is no JSON object, in base64 or not, is left for the contract to refuse."""
    assert deliveries(encode([cloud_event(body)]))[0].body == body


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("mns:Queue:SendMessage", "messageBody"),
        ("mq:Topic:SendMessage", "body"),
        ("amqp:Queue:SendMessage", "body"),
        ("alikafka:Topic:Message", "value"),
    ],
)
def test_every_kind_of_queue(kind: str, field: str) -> None:
    """Each kind of source keeps the text in a field of its own; a body that came as an object is text again."""
    assert deliveries(encode(cloud_event(type=kind, data={field: MESSAGE})))[0].body == MESSAGE
    parsed = deliveries(encode(cloud_event(type=kind, data={field: json.loads(MESSAGE)})))[0].body
    assert json.loads(parsed) == json.loads(MESSAGE)


def test_the_message_id_falls_back() -> None:
    """Without a message id the event's id counts, and without that a digest: the same at every delivery."""
    assert deliveries(encode(cloud_event(data={"messageBody": MESSAGE})))[0].message_id == "event-1"
    nameless = cloud_event(data={"messageBody": MESSAGE}, id=None)
    first, second = deliveries(encode([nameless, dict(reversed(nameless.items()))]))
    assert first.message_id == second.message_id
    assert len(first.message_id) == 32


@pytest.mark.parametrize("unusable", ["", "x" * 129, "line\nbreak", "\u00e4", 7, ["a"]])
def test_an_unusable_id_is_replaced(unusable: object) -> None:
    """An id that could not be a key is not used."""
    event = cloud_event(data={"messageId": unusable, "messageBody": MESSAGE})
    assert deliveries(encode(event))[0].message_id == "event-1"


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("2021-04-08T06:28:17Z", 1617863297.0),
        ("2021-04-08T06:28:17.123456789Z", 1617863297.123456),
        ("2021-04-08T14:28:17.1+08:00", 1617863297.1),
        ("2021-04-08T06:28:17", 1617863297.0),
        ("yesterday", 0.0),
        (None, 0.0),
        (12, 0.0),
    ],
)
def test_times(time: object, seconds: float) -> None:
    """RFC 3339 with any number of decimals; what is none counts as the epoch, and the delivery stays."""
    assert deliveries(encode(cloud_event(time=time)))[0].time == pytest.approx(seconds)


@pytest.mark.parametrize(
    "event",
    [b"", b"\xff\xfe", b"no json", b'{"cut": ', b"[" * 100_000, b'["text", 5, null, [], {}]', b"9" * 5000, b"null"],
    ids=["empty", "no UTF-8", "no JSON", "cut", "deep", "odd entries", "huge number", "null"],
)
def test_the_unreadable_is_a_delivery(event: bytes) -> None:
    """What cannot be read becomes deliveries whose body is no JSON object, with ids that repeat."""
    first, second = deliveries(event), deliveries(event)
    assert first == second
    assert first
    assert all(not one.body.startswith("{") or event.startswith(b"{") for one in first)
    assert all(one.message_id for one in first)


def test_no_depth_makes_it_raise() -> None:
    """Nesting that the JSON reader just bears and the writer does not costs the other messages nothing."""
    good = json.dumps(cloud_event()).encode()
    for depth in range(900, 1000):
        for deep in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
            event = b'[%s,{"type":"mns:Queue:SendMessage","data":{"messageBody":%s}}]' % (good, deep)
            found = deliveries(event)
            assert len(found) == 1 or found[0].body == MESSAGE


def test_bodies_are_bounded() -> None:
    """A giant body is cut, far above what a message may be."""
    assert len(deliveries(encode(cloud_event("{" + "x" * 1_000_000)))[0].body) == LONGEST_BODY


def test_a_body_can_always_be_sent_again() -> None:
    """Characters that UTF-8 cannot say are replaced: re-sending a message must not fail over them."""
    deliveries(b'{"data": {"messageBody": "{\\ud800}"}, "type": "mns:Queue:SendMessage"}')[0].body.encode()


@given(st.binary(max_size=200))
def test_any_bytes(event: bytes) -> None:
    """No bytes make it raise."""
    deliveries(event)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["data", "messageBody", "id", "time", "type", "messageId"]) | st.text(), inner
            )
        ),
        max_leaves=20,
    )
)
def test_any_json(event: object) -> None:
    """No JSON makes it raise, and every body can be sent again."""
    for one in deliveries(json.dumps(event)):
        one.body.encode()


def test_the_documented_sample() -> None:
    """The sample event of the platform's own documents is read."""
    sample = Path(__file__).parent / "data" / "mns_queue_eventbridge_streaming.json"
    (found,) = deliveries(sample.read_bytes())
    assert (found.message_id, found.body) == ("C6DB60D1574661357FA227277445****", "TEST")
