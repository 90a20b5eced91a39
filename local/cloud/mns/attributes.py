"""The attributes of queues and topics: names, defaults, bounds (seconds and bytes)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.cloud.mns import exceptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.cloud.mns.xml import Fields

Attributes = dict[str, int]
Bounds = dict[str, tuple[int, int, int]]

MAX_BODY = 65536
DAYS = 86400

QUEUE: Bounds = {
    "DelaySeconds": (0, 0, 7 * DAYS),
    "MaximumMessageSize": (MAX_BODY, 1024, MAX_BODY),
    "MessageRetentionPeriod": (4 * DAYS, 60, 7 * DAYS),
    "VisibilityTimeout": (30, 1, 43200),
    "PollingWaitSeconds": (0, 0, 30),
}
TOPIC: Bounds = {"MaximumMessageSize": (MAX_BODY, 1024, MAX_BODY)}
"""Default, least and most of each."""


def defaults(bounds: Bounds) -> Attributes:
    """Return every attribute's default."""
    return {name: default for name, (default, _, _) in bounds.items()}


def read(bounds: Bounds, fields: Fields) -> Attributes:
    """Return the attributes named in a document; raise ServiceError for one out of bounds. Others are ignored."""
    return {name: number(fields, name, least, most) for name, (_, least, most) in bounds.items() if name in fields}


def number(fields: Mapping[str, object], name: str, least: int, most: int) -> int:
    """Return one number of a document or a query, checked."""
    text = str(fields[name])
    if not text.lstrip("-").isdigit() or not least <= int(text) <= most:
        raise exceptions.invalid(name, f"a number from {least} to {most} is wanted")
    return int(text)
