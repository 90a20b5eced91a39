"""Reading what a queue trigger hands to the function: any bytes become a list of deliveries, never an exception.

The trigger sends a JSON array of CloudEvents, or one object. What cannot be read is a delivery all the same: its body
is no JSON object, so it is refused as a malformed message and answered, like any other bad message.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from datetime import datetime, timezone

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
_FRACTION = re.compile(r"\.(\d{1,6})\d*")


def deliveries(event: bytes | str) -> list[Delivery]:
    """Return the deliveries of one trigger event, in its order."""
    try:
        entries = json.loads(event)
    except (ValueError, RecursionError):
        return [_unreadable(event)]
    return [_delivery(entry) for entry in (entries if isinstance(entries, list) else [entries])]


def _delivery(entry: object) -> Delivery:
    cloud_event = entry if isinstance(entry, dict) else {}
    data = cloud_event.get("data")
    data = data if isinstance(data, dict) else {}
    body = data.get(BODY_FIELDS.get(str(cloud_event.get("type")), ""))
    return Delivery(
        message_id=_id(data.get("messageId")) or _id(cloud_event.get("id")) or _digest(_canonical(entry)),
        body=_plain(body if isinstance(body, str) else _canonical(body)),
        time=_seconds(cloud_event.get("time")),
    )


def _unreadable(event: bytes | str) -> Delivery:
    content = event if isinstance(event, bytes) else event.encode(errors="replace")
    return Delivery(_digest(content), content[:LONGEST_BODY].decode(errors="replace"), 0.0)


def _plain(body: str) -> str:
    """Take base64 off. A message is a JSON object and starts with a brace, which base64 has not."""
    text = body[:LONGEST_BODY].encode(errors="replace").decode()  # what UTF-8 cannot say could not be sent again
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


def _canonical(value: object) -> str:
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    except RecursionError:  # the writer gives up a little earlier than the reader
        return "nested too deeply"


def _digest(content: bytes | str) -> str:
    return hashlib.sha256(content if isinstance(content, bytes) else content.encode()).hexdigest()[:32]


def _seconds(time: object) -> float:
    """Return an RFC 3339 time in epoch seconds; 0 when it is none: the same at every delivery."""
    text = _FRACTION.sub(lambda match: "." + match[1].ljust(6, "0"), str(time))  # Python 3.10 takes 3 or 6 digits
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()
    except (ValueError, OverflowError):
        return 0.0
