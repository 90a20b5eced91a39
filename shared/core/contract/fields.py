"""Marshmallow fields that take a JSON value for what it is: no "40" for 40, no 1 for true."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields

from shared.core.contract.words import KINDS, kind_of
from shared.core.json_text import Repeated


class Strict(fields.Field[Any]):
    """A field whose value has exactly one JSON type; a number may be an integer, too."""

    default_error_messages = {"required": "is required", "null": "must not be null"}  # noqa: RUF012 - marshmallow's way

    def __init__(self, kind: type, **options: Any) -> None:  # noqa: ANN401 - marshmallow's options
        super().__init__(**options)
        self._kinds = {float: (float, int), dict: (dict, Repeated)}.get(kind, (kind,))
        self._words = KINDS[kind]

    def _validate(self, value: Any) -> None:  # noqa: ANN401
        if self.validators:  # most have none, and marshmallow's way of finding that out is most of the cost
            super()._validate(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ANN401, ARG002
        if type(value) not in self._kinds:
            raise ValidationError(f"must be {self._words}, not {kind_of(value)}")
        if type(value) is str and not value.isascii() and has_lone_surrogate(value):
            raise ValidationError("must be valid Unicode text (it has half of a surrogate pair)")
        if type(value) is float and not abs(value) < float("inf"):
            raise ValidationError("must be a finite number")
        return value


def has_lone_surrogate(text: str) -> bool:
    """Tell whether a text cannot be encoded: JSON's escapes can spell halves of surrogate pairs."""
    return any("\ud800" <= each <= "\udfff" for each in text)


SCALARS: dict[type, Strict] = {kind: Strict(kind) for kind in (str, int, float, bool)}
