"""A table of Tablestore, as documented: one version of each cell, perhaps a time-to-live.

Sources: the API pages PutRow, UpdateRow, DeleteRow, GetRow, GetRange, Condition and the list of error codes (what is
refused with which), the guide "Conditional updates" (existence first, then the column condition; a column may be one of
the primary key), and the tests that the official Python SDK runs against the service (an update that only deletes makes
no row; a row keeps being there without columns). Inferred, as no document says it: a row that is not there has no
columns for a condition to see, so that what it says of missing columns decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Key = tuple[int, str]
Value = int | str
FAILED, INVALID = "OTSConditionCheckFail", "OTSParameterInvalid"

COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "EQUAL": lambda a, b: a == b,
    "NOT_EQUAL": lambda a, b: a != b,
    "GREATER_THAN": lambda a, b: a > b,  # type: ignore[operator]  # columns are compared with values of their type
    "GREATER_EQUAL": lambda a, b: a >= b,  # type: ignore[operator]
    "LESS_THAN": lambda a, b: a < b,  # type: ignore[operator]
    "LESS_EQUAL": lambda a, b: a <= b,  # type: ignore[operator]
}


@dataclass(frozen=True, slots=True)
class Single:
    """A condition on one column."""

    column: str
    comparator: str
    value: Value
    pass_if_missing: bool


@dataclass(frozen=True, slots=True)
class Composite:
    """Conditions joined by AND, OR, or one of them negated by NOT."""

    operator: str
    parts: tuple[Single | Composite, ...]


Rule = Single | Composite | None


@dataclass(frozen=True, slots=True)
class Change:
    """One write: `put` replaces the row by `columns`, `update` changes some of its columns, `delete` deletes it."""

    kind: str
    key: Key
    existence: str
    rule: Rule
    columns: tuple[tuple[str, Value], ...] = ()
    deleted: tuple[str, ...] = ()
    incremented: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class TableModel:
    """The rows by key, each cell with the time it was written at. Times in seconds; `keep` None is for ever."""

    keep: float | None
    rows: dict[Key, dict[str, tuple[Value, float]]] = field(default_factory=dict)

    def row(self, key: Key, now: float) -> dict[str, Value] | None:
        """Return what is there of a row: every cell goes by itself, the row with its last one."""
        cells = self.rows.get(key)
        if cells is None or self.keep is None:
            return None if cells is None else {name: value for name, (value, _) in cells.items()}
        left = {name: value for name, (value, at) in cells.items() if now <= at + self.keep}
        return left or None

    def write(self, change: Change, now: float) -> str | None:
        """Do a write; return the code it is refused with, None when it is done."""
        if not complete(change):
            return INVALID
        found = self.row(change.key, now)
        if change.existence != "IGNORE" and (change.existence == "EXPECT_EXIST") != (found is not None):
            return FAILED
        if change.rule is not None and not self.holds(change.rule, change.key, found):
            return FAILED
        if change.kind == "delete":
            self.rows.pop(change.key, None)
        else:
            self.apply(change, found, now)
        return None

    def apply(self, change: Change, found: dict[str, Value] | None, now: float) -> None:
        """Put or update a row under a condition that holds."""
        cells: dict[str, tuple[Value, float]] = {}
        if change.kind == "update" and found is not None:
            cells = {name: cell for name, cell in self.rows[change.key].items() if name in found}
        for name, step in change.incremented:
            base = cells[name][0] if name in cells else 0
            cells[name] = (int(base) + step, now)
        for name in change.deleted:
            cells.pop(name, None)
        cells |= {name: (value, now) for name, value in change.columns}
        if found is not None or change.columns or change.incremented:
            self.rows[change.key] = cells

    def holds(self, rule: Single | Composite, key: Key, found: dict[str, Value] | None) -> bool:
        """Tell whether a column condition holds for a row."""
        if isinstance(rule, Composite):
            results = [self.holds(part, key, found) for part in rule.parts]
            return {"AND": all(results), "OR": any(results), "NOT": not results[0]}[rule.operator]
        seen = {} if found is None else found | {"group": key[0], "name": key[1]}
        if rule.column not in seen:
            return rule.pass_if_missing
        return COMPARE[rule.comparator](seen[rule.column], rule.value)

    def keys(self, now: float) -> list[Key]:
        """Return the keys of what is there, in order."""
        return sorted(key for key in self.rows if self.row(key, now) is not None)


def complete(change: Change) -> bool:
    """Tell whether a write can be done at all: an update changes something, and a condition is one."""
    changes = change.columns or change.deleted or change.incremented
    return bool(change.kind != "update" or changes) and well_formed(change.rule)


def well_formed(rule: Rule) -> bool:
    """Tell whether a condition is one at all: NOT negates exactly one, AND and OR join at least two."""
    if not isinstance(rule, Composite):
        return True
    return (rule.operator == "NOT") == (len(rule.parts) == 1) and all(map(well_formed, rule.parts))
