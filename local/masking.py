"""A message for the eye: everything that may be a secret is masked.

Not the secret parameters alone: a value under a name that nobody documented may be a password that was misspelled.
"""

from __future__ import annotations

import json
from typing import Any

from shared.domain.create_instance.names import lookup

MASK = "***"


def masked(body: str) -> Any:
    """Return a message's text as JSON that may be shown; of what is no JSON object only how long it is."""
    try:
        message = json.loads(body.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        message = None
    return masked_message(message) if isinstance(message, dict) else f"({len(body)} characters that are no JSON object)"


def masked_message(message: dict[str, Any]) -> dict[str, Any]:
    """Return the same message with values under documented, harmless names alone."""
    return {name: _field(name, value) for name, value in message.items()}


def _field(name: str, value: Any) -> Any:
    from shared.domain.message.envelope import DEFERRED, FIELDS  # noqa: PLC0415 - the schema takes long to load

    if name == "parameters":
        return _parameters(value)
    if name == "alternatives" and isinstance(value, list):
        return [_parameters(each) for each in value]
    if name == "metadata" and isinstance(value, dict):
        # Whatever is in it is given back in the outcome.
        return {key: _harmless(item) for key, item in value.items()}
    return _harmless(value) if name in FIELDS or name == DEFERRED else MASK


def _parameters(value: Any) -> Any:
    return {name: _parameter(name, item) for name, item in value.items()} if isinstance(value, dict) else MASK


def _parameter(name: str, value: Any) -> Any:
    """Mask in either spelling: `SystemDisk.Size` or nested, one level deep as the documented ones are."""
    if isinstance(value, dict):
        return {leaf: _value(f"{name}.{leaf}", item) for leaf, item in value.items()}
    if isinstance(value, list):
        items = enumerate(value, start=1)
        return [
            {leaf: _value(f"{name}.{number}.{leaf}", part) for leaf, part in item.items()}
            if isinstance(item, dict) else _value(f"{name}.{number}", item)
            for number, item in items
        ]  # fmt: skip
    return _value(name, value)


def _value(name: str, value: Any) -> Any:
    found = lookup(name)
    return MASK if found is None or found.secret else _harmless(value)


def _harmless(value: Any) -> Any:
    return MASK if isinstance(value, (dict, list)) else value
