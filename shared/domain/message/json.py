"""Reading JSON that anybody may have sent: strictly, and without an exception the caller does not expect."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from shared.domain.create_instance.json_types import Repeated

_LONGEST_INTEGER = 18


class NotJson(Exception):
    """The text is no JSON; the argument says why in words that quote nothing of it."""


def read_json(text: str) -> Any:
    """Return what a JSON text says; raise NotJson.

    A byte order mark before it is passed over, as RFC 8259 (8.1) allows: some editors and shells write one.

    NaN and the infinities are no JSON. An integer of more than 18 digits is read as a float, so that no number can be
    expensive. Nesting beyond what the interpreter's stack holds is refused.
    """
    try:
        return _DECODER.decode(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise NotJson(f"is not JSON: {error.msg.lower()} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise NotJson("is nested too deeply") from None


def _refuse_constant(_: str) -> NoReturn:
    raise NotJson("is not JSON: NaN and infinities are no JSON numbers")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    repeated = Repeated(members)
    repeated.names = tuple(dict.fromkeys(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value] # None: "not before"
    return repeated


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_integer, object_pairs_hook=_object)
