"""One measured number, and what it should be."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Aim(Enum):
    """How a value compares with its target when the target is met; the value is how people write it."""

    AT_MOST = "≤"
    AT_LEAST = "≥"
    EXACTLY = "="


_TESTS = {Aim.AT_MOST: operator.le, Aim.AT_LEAST: operator.ge, Aim.EXACTLY: operator.eq}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure. Its name says what was measured, in what unit, on which store, warm or cold, how often.

    `target` is None for a figure that only explains another one.
    """

    name: str
    value: float
    target: float | None = None
    aim: Aim = Aim.AT_MOST

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return None if self.target is None else _TESTS[self.aim](self.value, self.target)

    def to_json(self) -> dict[str, Any]:
        """Return what `make bench JSON=1` prints of it."""
        return {"name": self.name, "value": self.value, "target": self.target, "met": self.met}

    def line(self) -> str:
        """Return a line of the table for people."""
        target = "" if self.target is None else f"{self.aim.value} {self.target:g}"
        met = {True: "met", False: "MISSED", None: ""}[self.met]
        return f"{self.value:>10g}  {target:>8}  {met:<6}  {self.name}"
