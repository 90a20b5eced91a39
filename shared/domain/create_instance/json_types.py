"""JSON types: how values and types are named to people, and fields that take a value for what it is.

No "40" for 40, no 1 for true.
"""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields


class Repeated(dict[str, Any]):
    """A JSON object in which names were given twice; `names` says which."""

    names: tuple[str, ...] = ()


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
    return printable(repr(value) if isinstance(value, str) else str(value).lower())


def printable(text: str) -> str:
    """Return a text cut to 64 characters, with a question mark for each that cannot be printed.

    Names of unknown fields are given back this way: they come from anybody.
    """
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return cut if cut.isprintable() else "".join(each if each.isprintable() else "?" for each in cut)


_INFINITY = float("inf")


class Strict(fields.Field[Any]):
    """A field whose value has exactly one JSON type; a number may be an integer, too."""

    default_error_messages = {"required": "is required", "null": "must not be null"}  # noqa: RUF012 - marshmallow's way

    def __init__(self, kind: type, **options: Any) -> None:
        super().__init__(**options)
        self._kind = kind

    def _validate(self, value: Any) -> None:
        if self.validators:  # most have none, and marshmallow's way of finding that out is most of the cost
            super()._validate(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - marshmallow's
        if (words := unreadable(value, self._kind)) is not None:
            raise ValidationError(words)
        return value


def unreadable(value: Any, kind: type) -> str | None:
    """Say why a value is not one of that kind; None when it is."""
    given = type(value)
    if given not in TYPES[kind]:
        return "must not be null" if value is None else f"must be {KINDS[kind]}, not {kind_of(value)}"
    if given is str and not value.isascii() and has_lone_surrogate(value):
        return "must be valid Unicode text (it has half of a surrogate pair)"
    if given is float and not -_INFINITY < value < _INFINITY:
        return "must be a finite number"
    return None


def has_lone_surrogate(text: str) -> bool:
    """Tell whether a text cannot be encoded: JSON's escapes can spell halves of surrogate pairs."""
    return any("\ud800" <= each <= "\udfff" for each in text)
