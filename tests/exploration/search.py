"""Every schedule of a small world, the cheapest first, each played from the beginning over the real code."""

from __future__ import annotations

import time
from collections import deque
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.exploration.choices import Chooser, Cut, Schedule
from tests.reliability.invariants import secrets, violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.exploration.platform import Stage
    from tests.exploration.worlds import Small

Without = "Callable[[Stage], Any]"


@dataclass(frozen=True, slots=True)
class Played:
    """One run: where it went, and what it broke."""

    chooser: Chooser
    story: list[str]
    broken: list[str]
    cut: bool = False


@dataclass(slots=True)
class Result:
    """What the exploration of a world came to; `failing` is the first schedule that broke something, if any.

    `left` counts the schedules that were not played: 0 when the exploration is whole.
    """

    world: str
    schedules: int = 0
    cut: int = 0
    states: int = 0
    points: int = 0
    seconds: float = 0.0
    left: int = 0
    by_cost: list[int] = field(default_factory=list)
    failing: Schedule | None = None


def play(
    small: Small, schedule: Schedule, without: Callable[[Stage], Any] | None = None, seen: set[bytes] | None = None
) -> Played:
    """Play one schedule of a world, perhaps without a safeguard."""
    chooser = Chooser(schedule, small.bound, seen)
    stage = small.stage(chooser)
    cut = quiet = False
    with without(stage) if without else nullcontext():
        try:
            quiet = stage.run()
        except Cut:
            cut = True
    if stage.kernel.holding:  # type: ignore[attr-defined] # a Stepper
        stage.world.plan.injected["put aside"] += 1
    broken = list(secrets(stage)) if cut else violations(stage, quiet=quiet)
    bugs = {line["error"] for line in stage.world.log if line["event"] == "unexpected"}
    broken += [f"a bug: {bug}" for bug in bugs if not small.cursed]
    return Played(chooser, stage.kernel.trace, broken, cut)


def explore(small: Small, without: Callable[[Stage], Any] | None = None, *, seconds: float = 3600.0) -> Result:
    """Play every schedule up to the world's bound; end at the first that breaks something, or when time is up."""
    began, result, seen = time.monotonic(), Result(small.name), set[bytes]()
    waiting: list[deque[Schedule]] = [deque() for _ in range(small.bound + 1)]
    waiting[0].append(())
    for schedule in _cheapest(waiting, result):
        played = play(small, schedule, without, seen)
        result.schedules += 1
        result.cut += played.cut
        result.points += played.chooser.points
        if played.broken:
            result.failing = schedule
            break
        for point, option, cost in played.chooser.fresh:
            waiting[cost].append((*schedule, (point, option)))
        if time.monotonic() - began > seconds:
            break
    result.states, result.seconds = len(seen), time.monotonic() - began
    result.left = sum(map(len, waiting))
    return result


def _cheapest(waiting: list[deque[Schedule]], result: Result) -> Iterator[Schedule]:
    """Yield what waits, by cost, then in order; more may come to wait at any cost not below the present one."""
    for queue in waiting:
        result.by_cost.append(0)
        while queue:
            result.by_cost[-1] += 1
            yield queue.popleft()
