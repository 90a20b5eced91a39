"""Reading what a queue trigger hands to the function: a batch of deliveries.

The trigger sends a JSON array of CloudEvents, or one object. A CloudEvent that has no readable body is a delivery all
the same: its body is no JSON object, so it is refused as a malformed message and answered, like any other bad message.
Only a message's own body may make it malformed. An event that is no batch at all says nothing of the messages that were
taken for it, so it must not be acknowledged.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from datetime import datetime, timezone

from shared.domain.message.envelope import LAST_SECOND
from shared.domain.message.request import Delivery

BODY_FIELDS = {
    "mns:Queue:SendMessage": "messageBody",
    "mq:Topic:SendMessage": "body",
    "amqp:Queue:SendMessage": "body",
    "alikafka:Topic:Message": "value",
}
"""Where each kind of queue puts the message's text inside `data`."""

LONGEST_BODY = 96 * 1024
"""More than any message may be (48 KB), base64 included: what is longer is cut, and refused as it would be anyway."""

_LONGEST_ID = 128
_LONGEST_INTEGER = 4000
_NOWHERE = "\x00"
"""A character that JSON has nowhere, in text or between tokens."""

_UNSAYABLE = re.compile("[\ud800-\udfff]")
"""What UTF-8 cannot say: bytes that were none, as `surrogateescape` reads them, and escapes that stand alone."""

_FRACTION = re.compile(r"\.(\d{1,6})\d*")


class NotABatch(Exception):
    """The event holds no CloudEvent of a queue."""


def deliveries(event: bytes | str) -> list[Delivery]:
    """Return the deliveries of one trigger event, in its order; raise NotABatch.

    Bytes that are no UTF-8 spoil the body they stand in, and no other.
    """
    try:
        text = event if isinstance(event, str) else event.decode("utf-8-sig", "surrogateescape")
        read = json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError):
        raise NotABatch("The event is no JSON; no message of it was acknowledged.") from None
    entries = read if isinstance(read, list) else [read]
    if entries and not any(_is_message(entry) for entry in entries):
        raise NotABatch("The event holds no CloudEvent of a queue; no message of it was acknowledged.")
    return [_delivery(entry) for entry in entries]


def _integer(digits: str) -> int | float:
    """Read a number of any length: one of thousands of digits is an error to `int`, and would be the batch's."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _is_message(entry: object) -> bool:
    return isinstance(entry, dict) and str(entry.get("type")) in BODY_FIELDS


def _delivery(entry: object) -> Delivery:
    cloud_event = entry if isinstance(entry, dict) else {}
    data = cloud_event.get("data")
    data = data if isinstance(data, dict) else {}
    body = data.get(BODY_FIELDS.get(str(cloud_event.get("type")), ""))
    return Delivery(
        message_id=_id(data.get("messageId")) or _id(cloud_event.get("id")) or _digest(_canonical(entry)),
        body=_plain(body if isinstance(body, str) else _canonical(body, ensure_ascii=False)),
        time=_seconds(cloud_event.get("time")),
    )


def _plain(body: str) -> str:
    """Take base64 off. A message is a JSON object and starts with a brace, which base64 has not.

    A body that is no text is made one that is no JSON: so it is refused, and can be sent again before that.
    """
    text = _UNSAYABLE.sub(_NOWHERE, body[:LONGEST_BODY])
    if not text.lstrip().startswith("{"):
        try:
            decoded = base64.b64decode("".join(text.split()), validate=True).decode()
        except (binascii.Error, ValueError):
            return text
        if decoded.lstrip("\ufeff \t\r\n").startswith("{"):
            return decoded
    return text


def _id(value: object) -> str | None:
    """Return an id that can be a key; others are replaced by a digest."""
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isascii() and value.isprintable():
        return value
    return None


def _canonical(value: object, *, ensure_ascii: bool = True) -> str:
    try:
        return json.dumps(value, ensure_ascii=ensure_ascii, sort_keys=True, separators=(",", ":"))
    except RecursionError:  # the writer gives up a little earlier than the reader
        return "nested too deeply"


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _seconds(time: object) -> float:
    """Return an RFC 3339 time in epoch seconds; 0 when it is none, or none to be believed: the same each time."""
    text = _FRACTION.sub(lambda match: "." + match[1].ljust(6, "0"), str(time))  # Python 3.10 takes 3 or 6 digits
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        seconds = moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()
    except (ValueError, OverflowError):
        return 0.0
    return seconds if 0 <= seconds <= LAST_SECOND else 0.0
