"""How values and types are named to people."""

from __future__ import annotations

from typing import Any

from shared.domain.message.json import Repeated

KINDS: dict[type, str] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    type(None): "null",
}
TYPES: dict[type, tuple[type, ...]] = {kind: (kind,) for kind in KINDS} | {float: (float, int), dict: (dict, Repeated)}
"""The types that values of a kind can have: an integer is a number, too."""
_GIVEN = KINDS | {bool: "a boolean"}
_SHOWN = 64


def kind_of(value: Any) -> str:
    """Name the JSON type of a value."""
    return _GIVEN.get(type(value), "an object")


def shown(value: Any) -> str:
    """Return a value as text of at most 64 characters, printable in any terminal."""
    return clean(repr(value) if isinstance(value, str) else str(value).lower())


def clean(text: str) -> str:
    """Return a text cut to 64 characters, with a question mark for each that cannot be printed.

    Names of unknown fields are given back this way: they come from anybody.
    """
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return cut if cut.isprintable() else "".join(each if each.isprintable() else "?" for each in cut)
