"""What can be told of a message without judging it: its id, how often it was sent again, its content.

A request that is recorded goes on under whatever rules hold now, so its copies are only compared with it. They may come
from the version after this one, too: names that this one does not know are read as they stand.
"""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined] # the decoder's own reader of names
from math import isfinite
from typing import TYPE_CHECKING, Any

from shared.domain.create_instance.json_types import Repeated
from shared.domain.create_instance.names import flatten
from shared.domain.message.envelope import DEFERRED, MAX_DEFERRED, ON_FAILURE, REQUEST_ID, epoch_seconds
from shared.domain.message.json import NotJson, read_json
from shared.domain.message.request import DEFAULT_TIMEOUT_SECONDS, Request
from shared.domain.policy.entries import RELEASE_AFTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.domain.create_instance.schema import Scalar


class _Unreadable(Exception):
    """The content cannot be read, so it is no request's."""


def request_id_of(body: str) -> str | None:
    """Return the request id of a message, be the rest as it may; None without a usable one."""
    found = _object(body).get("requestId")
    return found if isinstance(found, str) and re.fullmatch(REQUEST_ID, found) else None


def profile_of(body: str) -> str | None:
    """Return the profile that a message names; None without one. It costs nothing where the word is not there."""
    found = _object(body).get("profile") if '"profile"' in body else None
    return found if isinstance(found, str) else None


def deferrals_of(body: str) -> int | None:
    """Return how often a message was sent again without a record; None when it cannot say: it is no JSON object."""
    document = _object(body)
    found = document.get(DEFERRED, 0)
    if type(found) is not int or found < 0:
        found = MAX_DEFERRED  # a sender's own invention
    return found if document else None


def with_deferrals(body: str, count: int) -> str:
    """Return the text of a JSON object with its count set; nothing else of it changes."""
    spans = [(start, end) for name, start, end in _members(body) if name == DEFERRED]
    if not spans:
        first = body.index("{") + 1
        return f'{body[:first]}"{DEFERRED}":{count},{body[first:]}'
    for start, end in reversed(spans):
        body = f"{body[:start]}{count}{body[end:]}"
    return body


def content_of(body: str) -> Request | None:
    """Return the request that a message makes, held to no rule; None when it cannot be read.

    For a message that is valid it is what `parse` returns, remarks and metadata aside.
    """
    document = _object(body)
    if isinstance(document, Repeated):
        return None
    fields = {name: value for name, value in document.items() if name not in ("metadata", DEFERRED)}
    try:
        profile = _taken(fields, "profile", str) if "profile" in fields else None
        parameters = _flat(_taken(fields, "parameters", dict, default=None if profile is None else {}))
        token = parameters.pop("ClientToken", None)
        request = Request(
            request_id=_taken(fields, "requestId", str),
            parameters={name: value for name, value in parameters.items() if value is not None},
            alternatives=tuple(_flat(item, overlay=True) for item in _taken(fields, "alternatives", list, default=[])),
            start=_taken(fields, "start", bool, default=True),
            allocate_public_ip=_taken(fields, "allocatePublicIp", bool, default=False),
            timeout_seconds=_taken(fields, "timeoutSeconds", int, default=DEFAULT_TIMEOUT_SECONDS),
            on_failure=_taken(fields, "onFailure", str, default=ON_FAILURE[0]),
            not_after=_time(fields),
            profile=profile,
            release_after_seconds=_taken(fields, RELEASE_AFTER, int) if RELEASE_AFTER in fields else None,
            client_token=None if token is None else str(token),
        )
    except _Unreadable:
        return None
    return None if fields else request


def _object(body: str) -> dict[str, Any]:
    try:
        document = read_json(body)
    except NotJson:
        return {}
    return document if isinstance(document, dict) else {}


def _taken(fields: dict[str, Any], name: str, kind: type, *, default: Any = None) -> Any:
    """Take a field out; what is left in the end is unknown."""
    value = fields.pop(name, default)
    if type(value) is not kind and not (kind is dict and isinstance(value, dict)):
        raise _Unreadable(name)
    return value


def _time(fields: dict[str, Any]) -> float | None:
    if "notAfter" not in fields:
        return None
    seconds = epoch_seconds(_taken(fields, "notAfter", str))
    if seconds is None:
        raise _Unreadable("notAfter")
    return seconds


def _flat(given: Any, *, overlay: bool = False) -> dict[str, Any]:
    """Return flat parameters: as the table has them or, where it does not know one, as they stand."""
    if not isinstance(given, dict):
        raise _Unreadable("parameters")
    flat = flatten(given, overlay=overlay)
    return dict(_as_given(given, overlay=overlay)) if flat.violations else dict(flat.values)


def _as_given(given: Mapping[str, Any], *, overlay: bool) -> Iterator[tuple[str, Scalar | None]]:
    seen: set[str] = set()
    for name, value in _leaves(given, "", overlay=overlay):
        if name in seen:
            raise _Unreadable(name)
        seen.add(name)
        yield name, value


def _leaves(given: Mapping[str, Any], prefix: str, *, overlay: bool) -> Iterator[tuple[str, Scalar | None]]:
    if isinstance(given, Repeated):
        raise _Unreadable(prefix)
    for name, value in given.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and not prefix:
            yield from _leaves(value, f"{path}.", overlay=overlay)
        elif isinstance(value, list) and not prefix:
            if not value and overlay:
                yield path, None
            for number, item in enumerate(value, start=1):
                if not isinstance(item, dict) or not item:
                    raise _Unreadable(path)
                yield from _leaves(item, f"{path}.{number}.", overlay=False)
        elif not isinstance(value, (str, int, float, type(None))) or (value is None and not overlay) or _endless(value):
            raise _Unreadable(path)
        else:
            yield path, value


def _endless(value: Any) -> bool:
    return isinstance(value, float) and not isfinite(value)


_SPACE = re.compile(r"[ \t\n\r]*")
_values = json.JSONDecoder(parse_int=float).raw_decode  # only where a value ends is asked; an int has a limit of digits


def _members(body: str) -> Iterator[tuple[str, int, int]]:
    """Yield the names of a JSON object, and where in its text their values begin and end."""
    at = _after_space(body, body.index("{") + 1)
    while body[at] == '"':
        name, at = scanstring(body, at + 1, True)  # noqa: FBT003 - its third argument is `strict`
        begin = _after_space(body, _after_space(body, at) + 1)
        _, end = _values(body, begin)
        yield name, begin, end
        at = _after_space(body, end)
        if body[at] == ",":
            at = _after_space(body, at + 1)


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
