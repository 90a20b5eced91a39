"""What was found out about mutants that no test notices: why each of them changes nothing that is promised."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = Path(__file__).with_name("judged.toml")


@dataclass(frozen=True, slots=True)
class Change:
    """A mutant by what it changes, which a change elsewhere in its function leaves as it is; its number does not."""

    place: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Many mutants of one kind: place, old and new text by regular expressions that match the whole of each."""

    name: str
    place: str
    was: str
    now: str
    why: str

    def holds(self, change: Change) -> bool:
        """Tell whether the change is of this kind."""
        return all(
            re.fullmatch(pattern, text, re.DOTALL)
            for pattern, text in ((self.place, change.place), (self.was, change.was), (self.now, change.now))
        )


@dataclass(frozen=True, slots=True)
class Judgements:
    """All of them: single ones by their change, and kinds."""

    single: dict[Change, str]
    kinds: tuple[Kind, ...]

    def name(self, change: Change) -> str | None:
        """Return the kind of a judged mutant, `by itself` for one that was judged alone; None when nobody did."""
        if change in self.single:
            return "by itself"
        return next((kind.name for kind in self.kinds if kind.holds(change)), None)

    def unused(self, changes: Iterable[Change]) -> list[Change]:
        """Return the single judgements of mutants that are none any more, or that a test notices by now."""
        return sorted(self.single.keys() - set(changes), key=lambda change: (change.place, change.was, change.now))


def read() -> Judgements:
    """Return what is written in judged.toml."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    single = {Change(item["place"], item["was"], item["now"]): item["why"] for item in data.get("single", [])}
    return Judgements(single, tuple(Kind(**item) for item in data.get("kind", [])))
