"""The error catalogue: `catalogue.json`, read once and only when it is first needed.

`codes` has one entry per code. An entry's `statuses` are the HTTP statuses it is known to come with, each with what
is different there; `calls` are overrides for single API calls. `families` are dot-separated prefixes for codes that
have no entry, `statuses` the last resort.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.domain.errors.model import Retry, TokenRule, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

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
