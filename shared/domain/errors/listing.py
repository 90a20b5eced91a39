"""The catalogue laid out in lines, for people and programs that read all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.domain.errors.catalogue import is_answer, load, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.domain.errors.model import Verdict

ANY = "any"
"""A line's call that stands for every call of ECS that has no line of its own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what a code means at one HTTP status when these calls answer so.

    `status` is None for a code of our own, and where a call's answer is the same at every status. `words` are the
    part of the API's message that decides, empty where the code does. `success` names the calls for which it says
    that all is as it should be. `sources` say where it is known from.
    """

    status: int | None
    code: str
    calls: tuple[str, ...]
    verdict: Verdict
    sources: tuple[str, ...]
    words: str = ""
    success: tuple[str, ...] = ()


def entries() -> list[Entry]:
    """Return every code at every status it is known with, by code: what it means where nothing special is said."""
    return [line for code in sorted(load()["codes"]) for line in _lines(code) if not line.words]


def by_words(code: str) -> list[Entry]:
    """Return what a known code means instead when the API's message has certain words."""
    return [line for line in _lines(code) if line.words]


def by_call(code: str) -> dict[str, list[Entry]]:
    """Return what a known code means instead when it comes from certain calls, by call: in general, then by words."""
    entry = load()["codes"][code]
    return {
        call: list(_of(code, {"statuses": {"none": {}}, "sources": entry["sources"], **answer}, (call,)))
        for call, answer in entry.get("calls", {}).items()
    }


def special(code: str) -> list[Entry]:
    """Return every line of a known code that is not among `entries`."""
    return by_words(code) + [line for lines in by_call(code).values() for line in lines]


def _lines(code: str) -> Iterator[Entry]:
    entry = load()["codes"][code]
    calls = entry.get("sentBy", ["CreateInstance"])
    others = tuple(call for call in calls if call not in entry.get("calls", {}))
    return _of(code, entry, others)


def _of(code: str, entry: Mapping[str, Any], calls: tuple[str, ...]) -> Iterator[Entry]:
    """Lay out an answer with its statuses, and what each status says by words."""
    for name, at in entry["statuses"].items():
        status = int(name) if name.isdigit() else None
        yield _line(status, code, calls, at if is_answer(at) else entry, at.get("sources", entry["sources"]))
        for answer in at.get("messages", ()):
            yield _line(status, code, calls, answer, answer["sources"])


def _line(
    status: int | None, code: str, calls: tuple[str, ...], answer: Mapping[str, Any], sources: list[str]
) -> Entry:
    words, success = answer.get("contains", ""), tuple(answer.get("success", ()))
    return Entry(status, code, calls, verdict(answer), tuple(sources), words, success)
