from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.message.parse import parse
from shared.domain.message.request import Refusal
from shared.trigger import LONGEST_BODY, NotABatch, deliveries

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
        ("9999-12-31T23:59:59.999999Z", 0.0),
        ("0001-01-01T00:00:00+14:00", 0.0),
        ("yesterday", 0.0),
        (None, 0.0),
        (12, 0.0),
    ],
)
def test_times(time: object, seconds: float) -> None:
    """RFC 3339 with any number of decimals; what is none, or cannot be written again, counts as the epoch."""
    assert deliveries(encode(cloud_event(time=time)))[0].time == pytest.approx(seconds)


@pytest.mark.parametrize(
    "event",
    [
        b"", b"\xff\xfe", b"no json", b'{"cut": ', b"[" * 100_000, b'["text", 5, null, [], {}]', b"9" * 5000, b"null",
        b"{}", b'"text"', encode(cloud_event(type="oss:ObjectCreated")), encode([cloud_event(type=["mns"])]),
        b'{"triggerTime": "2026-11-24T00:00:00Z", "triggerName": "timer", "payload": ""}',
    ],
)  # fmt: skip
def test_what_is_no_batch_is_no_delivery(event: bytes) -> None:
    """What is no JSON, or has no CloudEvent of a queue, says nothing of the messages behind it."""
    with pytest.raises(NotABatch) as caught:
        deliveries(event)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "odd", ["text", 5, None, [], {}, cloud_event(data=None), cloud_event(type="oss:ObjectCreated")]
)
def test_an_odd_entry_among_good_ones_is_a_delivery(odd: object) -> None:
    """An entry without a readable body is one whose body is no JSON object, with an id that repeats; others go on."""
    event = encode([cloud_event(), odd])
    first, second = deliveries(event), deliveries(event)
    assert first == second
    assert [one.body for one in first] == [MESSAGE, "null"]
    assert first[1].message_id


@pytest.mark.parametrize("place", [b"requestId", b"order-1", b"parameters", b"{}}"])
def test_a_bad_byte_spoils_its_own_body(place: bytes) -> None:
    """Bytes that are no UTF-8 make one body malformed, wherever they stand in it, and it can still be sent again."""
    body = MESSAGE.encode().replace(place, b"\xff" + place).replace(b'"', b'\\"')
    event = encode([cloud_event(), cloud_event("BODY"), cloud_event()]).replace(b"BODY", body)
    good, bad, other = deliveries(event)
    assert (good.body, other.body) == (MESSAGE, MESSAGE)
    assert bad.message_id == "M1"
    bad.body.encode()
    refusal = parse(bad.body)
    assert isinstance(refusal, Refusal)
    assert [violation.code for violation in refusal.violations] == ["MalformedMessage"]


def test_a_bad_byte_beside_the_body_spoils_nothing() -> None:
    """What stands around a body is not what makes it malformed."""
    event = encode(cloud_event()).replace(b"MNS-Function", b"MNS\xffFunction").replace(b"606EA", b"\xff")
    assert [one.body for one in deliveries(event)] == [MESSAGE]


def test_a_bad_byte_in_a_body_that_came_as_an_object() -> None:
    """Also then the body is malformed, not changed."""
    (found,) = deliveries(encode(cloud_event({"requestId": "order-@"})).replace(b"@", b"\xff"))
    assert isinstance(parse(found.body), Refusal)
    found.body.encode()


def test_a_long_number_in_a_body_that_came_as_an_object_spoils_nothing() -> None:
    """A number of more digits than Python reads spoils its own message, not its batch."""
    event = encode([cloud_event(), cloud_event({"requestId": 1})]).replace(
        b'"requestId": 1}', b'"requestId": %s}' % (b"9" * 5000)
    )
    good, bad = deliveries(event)
    assert good.body == MESSAGE
    assert isinstance(parse(bad.body), Refusal)


def test_no_depth_makes_it_raise() -> None:
    """Nesting that the JSON reader just bears and the writer does not costs the other messages nothing."""
    good = json.dumps(cloud_event()).encode()
    for depth in range(900, 1000):
        for deep in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
            event = b'[%s,{"type":"mns:Queue:SendMessage","data":{"messageBody":%s}}]' % (good, deep)
            with suppress(NotABatch):  # the reader gave up
                assert deliveries(event)[0].body == MESSAGE


def test_bodies_are_bounded() -> None:
    """A giant body is cut, far above what a message may be."""
    assert len(deliveries(encode(cloud_event("{" + "x" * 1_000_000)))[0].body) == LONGEST_BODY


def test_a_body_can_always_be_sent_again() -> None:
    """Characters that UTF-8 cannot say are replaced: re-sending a message must not fail over them."""
    deliveries(b'{"data": {"messageBody": "{\\ud800}"}, "type": "mns:Queue:SendMessage"}')[0].body.encode()


@given(st.binary(max_size=200))
def test_any_bytes(event: bytes) -> None:
    """No bytes make it raise anything but what it promises."""
    with suppress(NotABatch):
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
    """No JSON beside a good message makes it raise, and every body can be sent again."""
    for one in deliveries(json.dumps([cloud_event(), event])):
        one.body.encode()


def test_the_documented_sample() -> None:
    """The sample event of the platform's own documents is read."""
    sample = Path(__file__).parent / "data" / "mns_queue_eventbridge_streaming.json"
    (found,) = deliveries(sample.read_bytes())
    assert (found.message_id, found.body) == ("C6DB60D1574661357FA227277445****", "TEST")
