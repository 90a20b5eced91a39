"""What can go one way or another in a run, and how to say which way it went.

A run asks its `Chooser` at every point where it could go on differently; a schedule names the points at which it did
not take the first option. The same schedule is the same run, to the last step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.exploration.states import States

Schedule = tuple[tuple[int, int], ...]
"""(point, option) in order of the points; every other point takes option 0."""


class Cut(BaseException):
    """This state was there before, no dearer: all that can follow is explored from there."""


class Astray(BaseException):
    """The schedule names an option that is not there: it is another world's, or another version's."""


@dataclass(frozen=True, slots=True)
class Option:
    """A way to go on; a preemption and a fault cost one each, a free choice nothing."""

    label: str
    cost: int = 0


@dataclass(slots=True)
class Chooser:
    """The way one run takes.

    `seen` holds the states that were met, by their digest; None never cuts. `fresh` holds what else could be chosen
    after the last point of the schedule.
    """

    schedule: Schedule = ()
    bound: int = 2
    seen: States | None = None
    cost: int = 0
    points: int = 0
    taken: list[str] = field(default_factory=list)
    fresh: list[tuple[int, int, int]] = field(default_factory=list)
    """(point, option, what the schedule costs with it)."""
    _turns: dict[int, int] = field(init=False)
    _last: int = field(init=False)

    def __post_init__(self) -> None:
        """Look up the schedule by point."""
        self._turns = dict(self.schedule)
        self._last = self.schedule[-1][0] if self.schedule else 0

    @property
    def beyond(self) -> bool:
        """Whether the schedule is played: everything from here on is new."""
        return self.points >= self._last

    def choose(self, options: Sequence[Option], state: Callable[[], bytes] | None = None) -> int:
        """Return which option is taken; raise Cut in a state that was there before.

        The state is asked for only where it is of use; None: it follows from the last point's state and choice.
        """
        options = [option for option in options if self.cost + option.cost <= self.bound]
        if state is not None and self.beyond and self.seen is not None and not self.seen.add(state()):
            raise Cut
        if len(options) == 1:
            return 0
        new = self.beyond
        self.points += 1
        chosen = self._turns.get(self.points, 0)
        if new:
            self.fresh += [(self.points, i, self.cost + option.cost) for i, option in enumerate(options) if i]
        if chosen >= len(options):
            raise Astray(f"point {self.points} has {len(options)} options")
        if chosen:
            self.taken.append(f"{self.points}={chosen} ({options[chosen].label})")
        self.cost += options[chosen].cost
        return chosen


def written(schedule: Schedule) -> str:
    """Return a schedule as the command line takes it: `12=1,31=2`; `-` is the empty one."""
    return ",".join(f"{point}={option}" for point, option in schedule) or "-"


def read(text: str) -> Schedule:
    """Return the schedule that was written."""
    if text == "-":
        return ()
    pairs = (item.split("=") for item in text.split(","))
    return tuple((int(point), int(option)) for point, option in pairs)
