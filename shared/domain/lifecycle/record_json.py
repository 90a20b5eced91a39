"""Records as JSON, for this version and its neighbours.

Every record names the schema it was written in. A version reads its own schema, all before it, and the one that
follows: that one may add fields, which are kept and written back, and states, whose records are left to it. What
cannot be read is never taken for absent.
"""

from __future__ import annotations

import json
from typing import Any

from shared.domain.errors.model import ApiError
from shared.domain.lifecycle.record import DEFAULTS, SCHEMA, Failure, Generation, Record, State, UnreadableRecord

NEWEST_READABLE = SCHEMA + 1
_UNNAMED = 1
"""The schema of records that name none: 0.1 wrote them."""


def to_json(record: Record) -> str:
    """Return compact ASCII JSON; fields at their defaults are left out."""
    kept = {
        name: value
        for name, value in record.__dict__.items()
        if value is not DEFAULTS[name] and value != DEFAULTS[name]
    }
    others = kept.pop("others", None)
    kept["schema"] = record.schema
    if record.fingerprint:
        kept["fingerprint_schema"] = record.fingerprint_schema
    if record.last_error is not None:
        kept["last_error"] = _members(record.last_error)
    if record.failure is not None:
        kept["failure"] = {**_members(record.failure), "error": _members(record.failure.error)}
    if record.generations:
        kept["generations"] = [_members(item) for item in record.generations]
    return _encode({**others, **kept} if others else kept)


def from_json(text: str) -> Record:
    """Read what this version, an earlier one or its neighbour wrote; raise UnreadableRecord."""
    try:
        data = json.loads(text)
        schema = data.get("schema", _UNNAMED)
        if schema > NEWEST_READABLE:
            raise UnreadableRecord(f"schema {schema}; this version reads up to {NEWEST_READABLE}")
        return _read(data, schema)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableRecord(_why(error)) from None


def _read(data: dict[str, Any], schema: int) -> Record:
    if schema == _UNNAMED and "caller" in data:
        data["claimant"] = data.pop("caller")
    data["schema"] = max(schema, SCHEMA)
    data["state"] = State(data["state"])
    data["generations"] = tuple(_made(Generation, item) for item in data.get("generations", ()))
    if data.get("last_error"):
        data["last_error"] = _made(ApiError, data["last_error"])
    if data.get("failure"):
        failure = data["failure"]
        data["failure"] = _made(Failure, {**failure, "error": _made(ApiError, failure["error"])})
    data["places"] = tuple(data.get("places", ()))
    unknown = data.keys() - DEFAULTS.keys() | data.keys() & {"others"}
    if unknown:
        data["others"] = {name: data.pop(name) for name in sorted(unknown)}
    return Record(**data)


def _made(kind: type[Any], data: dict[str, Any]) -> Any:
    known = kind.__slots__
    others = {name: value for name, value in data.items() if name not in known or name == "others"}
    return kind(**{name: value for name, value in data.items() if name not in others}, others=others)


def _members(item: ApiError | Failure | Generation) -> dict[str, Any]:
    """Return the members by name; what is in them is JSON already."""
    members = {name: getattr(item, name) for name in item.__slots__ if name != "others"}
    return {**item.others, **members} if item.others else members


def _why(error: Exception) -> str:
    """Return words that hold nothing of the record: an exception's own may quote it."""
    return "an unknown state or field" if isinstance(error, ValueError) else f"another shape ({type(error).__name__})"


_encode = json.JSONEncoder(separators=(",", ":")).encode
