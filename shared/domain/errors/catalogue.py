"""The error catalogue, `catalogue.json`, and how an error finds its entry in it.

`codes` has one entry per code. An entry's `statuses` are the HTTP statuses it is known to come with, each with what
is different there; `calls` are overrides for single API calls. `families` are dot-separated prefixes for codes that
have no entry, `statuses` the last resort. Looked up is the code with its status, the code, the longest known prefix,
then the status. Codes decide, never words of a message. One code cannot be told apart: bare `OperationDenied`, which
the API sends for unrelated reasons; its remedy says so. The file is read once and only when it is first needed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.domain.errors.model import Retry, TokenRule, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.errors.model import ApiError

_PATH = Path(__file__).with_name("catalogue.json")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue: a code at one HTTP status (None where the code is our own)."""

    status: int | None
    code: str
    sources: tuple[str, ...]
    verdict: Verdict


@cache
def load() -> dict[str, Any]:
    """Return the catalogue as it is written."""
    data: dict[str, Any] = json.loads(_PATH.read_text(encoding="ascii"))
    return data


def entries() -> list[Entry]:
    """Return every documented pair of code and status, by code."""
    return [
        Entry(
            int(status) if status.isdigit() else None,
            code,
            tuple(entry.get("sources", ("CreateInstance",))),
            verdict({**entry, **override}),
        )
        for code, entry in sorted(load()["codes"].items())
        for status, override in entry["statuses"].items()
    ]


def calls(code: str) -> dict[str, Verdict]:
    """Return what a known code means instead when it comes from certain calls, by the call's name."""
    entry = load()["codes"][code]
    return {call: verdict({**entry, **override}) for call, override in entry.get("calls", {}).items()}


def verdict(entry: Mapping[str, Any], *, catalogued: bool = True, parameter: str | None = None) -> Verdict:
    """Read a verdict out of an entry; `parameter` is used where the entry names none."""
    retry = Retry(entry["retry"])
    return Verdict(
        category=entry["category"],
        retry=retry,
        # Without a rule of its own a retry keeps its token; everything else is a definite failure.
        token=TokenRule(entry.get("token") or _usual_token(retry)),
        parameter=entry.get("parameter") or parameter,
        remedy=entry["remedy"],
        unknown=entry.get("unknown", False),
        catalogued=catalogued,
    )


def _usual_token(retry: Retry) -> TokenRule:
    return TokenRule.SAME if retry is Retry.LATER else TokenRule.NEXT


_SUCCESS = {
    ("CreateInstance", "DryRunOperation"),
    ("AllocatePublicIpAddress", "AllocatedAlready"),
    ("DeleteInstance", "InvalidInstanceId.NotFound"),
}
# Of a code nobody has seen: throttle before quota before whatever its first part says.
_FIRST = ("Throttling", "Quota")
_QUOTED_NAME = re.compile(r'"\s*([A-Z][A-Za-z0-9.]{1,63})\s*"')
_THROTTLED, _REFUSED, _BROKEN = 429, 400, 500


def succeeded(error: ApiError) -> bool:
    """Tell whether the error says that what was asked for is already the case (or, for a dry run, would be)."""
    return (error.action, error.code) in _SUCCESS


def classify(error: ApiError) -> Verdict:
    """Return what an error means. Total: any status with any code has a verdict."""
    catalogue = load()
    entry = catalogue["codes"].get(error.code)
    status = error.http_status
    if status is not None and status < _REFUSED:
        # An answer that is no refusal and could not be read: the call may well have succeeded, whatever it says.
        return verdict(catalogue["statuses"]["answered"])
    if entry is not None:
        merged = {**entry, **entry["statuses"].get(str(status), {}), **entry.get("calls", {}).get(error.action, {})}
        named = _QUOTED_NAME.search(error.message) if entry.get("parameterInMessage") else None
        return verdict(merged, parameter=named[1] if named else None)
    if status is None and not error.code:
        return verdict(catalogue["statuses"]["none"])
    family = None if status == _THROTTLED else _family(catalogue["families"], error.code)
    if family is None:
        return verdict(_by_status(catalogue["statuses"], status), catalogued=False)
    if (status is None or status >= _BROKEN) and family["category"] != "throttled":
        # A broken answer with a code nobody has seen: what it resembles does not tell that nothing was created.
        family = {**family, "retry": "later", "unknown": True}
    return verdict(family, catalogued=False)


def _family(families: dict[str, Any], code: str) -> dict[str, Any] | None:
    parts = code.split(".")
    for word in _FIRST:
        if any(part.startswith(word) for part in parts):
            return families[word]  # type: ignore[no-any-return] # JSON
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((families[prefix] for prefix in prefixes if prefix in families), None)


def _by_status(statuses: dict[str, Any], status: int | None) -> dict[str, Any]:
    exact = statuses.get(str(status))
    if exact is None:
        exact = statuses["5xx" if status is None or status >= _BROKEN else "4xx"]
    return exact  # type: ignore[no-any-return] # JSON
