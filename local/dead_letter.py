"""What is inside a dead letter: the messages, the platform's envelope taken off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shared.trigger import BODY_FIELDS, deliveries

if TYPE_CHECKING:
    from shared.domain.message.request import Delivery


def inside(text: str) -> list[Delivery]:
    """Return the deliveries of the raw event in a dead letter; none where it is the plain body that MNS put there.

    The platform puts the raw event there, envelope included; or, when the trigger called asynchronously, a record of
    the failed invocation with the event inside.
    """
    event = _requested(text)
    return deliveries(event) if _is_event(event) else []


def _requested(text: str) -> str:
    """Return what a failed asynchronous invocation was given, or the text when it is no record of one.

    The record's form is that of the Function Compute team's example of a queue as destination: the event is a string.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    record: dict[str, Any] = found if isinstance(found, dict) else {}
    payload = record.get("requestPayload") if isinstance(record.get("requestContext"), dict) else None
    return payload if isinstance(payload, str) else text


def _is_event(text: str) -> bool:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        return False
    entries = entries if isinstance(entries, list) else [entries]
    return bool(entries) and all(
        isinstance(entry, dict) and entry.get("type") in BODY_FIELDS and isinstance(entry.get("data"), dict)
        for entry in entries
    )
