"""Many requests from one message, each under an id of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_ID = 64
MOST = 999


def request_id_of(body: str) -> str | None:
    """Return the request id of a message, None where it has none that is a text."""
    try:
        found = json.loads(body.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    name = found.get("requestId") if isinstance(found, dict) else None
    return name if isinstance(name, str) else None


def numbered(body: str, count: int) -> Iterator[str]:
    """Yield a message so many times, as x-001, x-002 ...; raise ValueError where its id cannot be numbered."""
    request_id = request_id_of(body)
    if request_id is None:
        raise ValueError("no requestId to number; a count needs one")
    if len(request_id) + len("-001") > LONGEST_ID:
        raise ValueError(f"the requestId leaves no room for -001; at most {LONGEST_ID} characters in all")
    message: dict[str, Any] = json.loads(body.removeprefix("\ufeff"))
    for number in range(1, count + 1):
        yield json.dumps(message | {"requestId": f"{request_id}-{number:03d}"})
