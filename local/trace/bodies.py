"""What a message says that may be shown: which request it is for. Nothing else of a body is ever kept."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def read(body: str) -> dict[str, Any]:
    """Return a body's JSON object, sent as base64 or plain; empty for anything else."""
    text: str | bytes = body
    if not body.lstrip().startswith("{"):
        try:
            text = base64.b64decode(body, validate=True)
        except ValueError:
            return {}
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def as_id(value: object) -> str | None:
    """Return an id of a request or message that has the form of one, else None."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None
