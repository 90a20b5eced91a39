"""JSON types: how values and types are named to people, what a text says of a number, and strict fields.

The fields of the envelope take no "40" for 40; parameters do, because the query string of the API has nothing but text.
Neither takes 1 for true.
"""

from __future__ import annotations

import re
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
            raise ValidationError(words + _unquoted(value, self._kind))
        return value


def unreadable(value: Any, kind: type) -> str | None:
    """Say why a value is not one of that kind; None when it is."""
    given = type(value)
    if given not in TYPES[kind]:
        # What stands for a boolean may be a password, meant for Password and written into PasswordInherit.
        told = {int, float} if given is str and value.lower() not in _YES | _NO else {int, float, bool}
        words = shown(value) if given in {str, float} and kind in told else kind_of(value)
        return "must not be null" if value is None else f"must be {KINDS[kind]}, not {words}"
    if given is str and not value.isascii() and has_lone_surrogate(value):
        return "must be valid Unicode text (it has half of a surrogate pair)"
    if given is float and not -_INFINITY < value < _INFINITY:
        return "must be a finite number"
    return None


INTEGER_TEXT = "-?(?:0|[1-9][0-9]*)"
NUMBER_TEXT = INTEGER_TEXT + r"(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
LONGEST_INTEGER = 18
LONGEST_NUMBER = 32
_INTEGER, _NUMBER = re.compile(INTEGER_TEXT), re.compile(NUMBER_TEXT)
_BOOLEANS = {"true": True, "false": False}


def from_text(text: str, kind: type) -> int | float | bool | None:
    """Return the number or the boolean that a text writes; None when it is none of that kind.

    A number is written as JSON writes it, in at most 32 characters: no spaces, no plus, no leading zeros, no other
    digits than ASCII's; an integer has no fraction, no exponent and at most 18 characters. Booleans may have capitals.
    """
    if kind is bool:
        return _BOOLEANS.get(text.lower())
    if kind not in {int, float} or len(text) > LONGEST_NUMBER:
        return None
    if len(text) <= LONGEST_INTEGER and _INTEGER.fullmatch(text):
        return int(text)
    number = float(text) if kind is float and _NUMBER.fullmatch(text) else _INFINITY
    return number if abs(number) < _INFINITY else None


_YES = frozenset({"1", "yes", "y", "on", "t", "enable", "enabled"})
_NO = frozenset({"0", "no", "n", "off", "f", "disable", "disabled"})
_QUANTITY = re.compile(
    r"\s*([+-]?(?:(?:[1-9]\d{0,2}(?:,\d{3})+|\d[\d_]*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,2})?)\s*(?:gi?b?|mbps|mbit/s)?\s*",
    re.IGNORECASE,
)
"""Commas count where they part thousands: what `0,5` or `1,5` says is not ours to guess."""
_EXAMPLES = {int: "write a whole number in digits, such as 40", float: "write a number such as 0.98"}


def instead(value: Any, kind: type) -> str:
    """Say what to write for a value that is none of its kind: the rest of a sentence, perhaps empty."""
    if value is None or isinstance(value, dict | list) or (kind is str and isinstance(value, str)):
        return ""
    if kind is str:
        return ": write it in quotes"
    if kind is bool:
        word = str(value).strip().lower()
        return f": write {'true' if word in _YES else 'false' if word in _NO else 'true or false'}"
    return f": {_written(value, kind)}"


def _written(value: Any, kind: type) -> str:
    text = str(value)
    quantity = _QUANTITY.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    if quantity is None or isinstance(value, bool):
        return _EXAMPLES[kind]
    number = float(quantity[1].replace(",", ""))
    if number.is_integer() and abs(number) < 10**15:
        return f"write {int(number)}"
    return _EXAMPLES[kind] if kind is int else f"write {number}"


def _unquoted(value: Any, kind: type) -> str:
    said = from_text(value, kind) if isinstance(value, str) else None
    return "" if said is None else f": write {shown(said)} without quotes"


def has_lone_surrogate(text: str) -> bool:
    """Tell whether a text cannot be encoded: JSON's escapes can spell halves of surrogate pairs."""
    return any("\ud800" <= each <= "\udfff" for each in text)
