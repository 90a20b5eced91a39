"""A queue message's body, sent as base64 or plain."""

from __future__ import annotations

import base64
import json
from typing import Any

BYTE_ORDER_MARK = "\ufeff"


def text_of(body: str) -> str:
    """Return a body's text: base64 taken off where it is that, and a byte order mark."""
    body = body.removeprefix(BYTE_ORDER_MARK)
    if body.lstrip().startswith("{"):
        return body
    try:
        return base64.b64decode(body, validate=True).decode().removeprefix(BYTE_ORDER_MARK)
    except ValueError:
        return body


def object_of(body: str) -> dict[str, Any]:
    """Return a body's JSON object; empty for anything else."""
    try:
        data = json.loads(text_of(body))
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
