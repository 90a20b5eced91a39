"""Every schedule of a small world, the cheapest first, each played from the beginning over the real code."""

from __future__ import annotations

import gc
import signal
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from tests.exploration.choices import Chooser, Cut, Schedule
from tests.exploration.states import States
from tests.reliability.invariants import secrets, violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.exploration.platform import Stage
    from tests.exploration.worlds import Small

CHUNK = 25
"""Schedules that a process is given at once."""
YOUNG = 100_000
"""Objects until the collector looks: a run leaves many, and all at its end."""


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

    `by_cost` counts the schedules without, with one, with two deviations; `left` those that were not played: 0 when
    the exploration is whole.
    """

    world: str
    states: int = 0
    seconds: float = 0.0
    left: int = 0
    by_cost: list[int] = field(default_factory=list)
    failing: Schedule | None = None
    interrupted: bool = False

    @property
    def schedules(self) -> int:
        """How many were played."""
        return sum(self.by_cost)


@dataclass(frozen=True, slots=True)
class _Some:
    """What came of some schedules: how many states were new, what else can be chosen, the first that broke."""

    played: int
    states: int
    fresh: list[tuple[int, Schedule]]
    failing: Schedule | None = None


def play(
    small: Small, schedule: Schedule, without: Callable[[Stage], Any] | None = None, seen: States | None = None
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


def explore(
    small: Small,
    without: Callable[[Stage], Any] | None = None,
    *,
    seconds: float = 3600.0,
    jobs: int = 1,
    tell: Callable[[Result], object] = lambda _: None,
) -> Result:
    """Play every schedule up to the world's bound; end at the first that breaks something, or when time is up.

    With several `jobs` that many processes share the work. `tell` hears again and again what there is so far; Ctrl-C
    ends the exploration there.
    """
    began, result = time.monotonic(), Result(small.name)
    waiting: list[deque[Schedule]] = [deque() for _ in range(small.bound + 1)]
    waiting[0].append(())
    with _Crew(_Work(small, without, States()), jobs) as crew:
        try:
            for queue in waiting:
                result.by_cost.append(0)
                for some in crew.plays(queue):
                    result.by_cost[-1] += some.played
                    result.states += some.states
                    for cost, schedule in some.fresh:
                        waiting[cost].append(schedule)
                    result.failing = some.failing if result.failing is None else result.failing
                    result.seconds, result.left = time.monotonic() - began, sum(map(len, waiting)) + crew.at_work
                    tell(result)
                    if result.failing is not None or result.seconds > seconds:
                        return result
        except KeyboardInterrupt:
            result.left, result.interrupted = sum(map(len, waiting)) + crew.at_work, True
    return result


@dataclass(frozen=True, slots=True)
class _Work:
    """What each process plays."""

    small: Small
    without: Callable[[Stage], Any] | None
    seen: States

    def play(self, schedules: list[Schedule]) -> _Some:
        """Play some schedules, to the first that breaks something."""
        before, fresh = len(self.seen), []
        for number, schedule in enumerate(schedules, 1):
            played = play(self.small, schedule, self.without, self.seen)
            if played.broken:
                return _Some(number, len(self.seen) - before, fresh, schedule)
            fresh += [(cost, (*schedule, (point, option))) for point, option, cost in played.chooser.fresh]
        return _Some(len(schedules), len(self.seen) - before, fresh)


class _Crew:
    """One process, this one, or several that share the states."""

    def __init__(self, work: _Work, jobs: int) -> None:
        self.at_work = 0
        self._work, self._jobs = work, jobs
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> _Crew:  # noqa: PYI034 - `Self` is new in 3.11
        if self._jobs > 1:
            self._pool = ProcessPoolExecutor(self._jobs, get_context("fork"), _begin, (self._work,))
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def plays(self, queue: deque[Schedule]) -> Iterator[_Some]:
        """Play what is in the queue, and what comes to be in it meanwhile."""
        if self._pool is None:
            while queue:
                yield self._work.play(_taken(queue))
            return
        running: dict[Future[_Some], int] = {}
        while queue or running:
            while queue and len(running) <= self._jobs:
                chunk = _taken(queue)
                running[self._pool.submit(_play, chunk)] = len(chunk)
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            self.at_work = sum(running.values()) - sum(running.pop(each) for each in done)
            yield from (each.result() for each in done)


def _taken(queue: deque[Schedule]) -> list[Schedule]:
    return [queue.popleft() for _ in range(min(CHUNK, len(queue)))]


_shared: list[_Work] = []


def _begin(work: _Work) -> None:
    """Begin as one process of several: what is there already is no garbage, and Ctrl-C is the first one's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(YOUNG)
    _shared.append(work)


def _play(schedules: list[Schedule]) -> _Some:
    return _shared[-1].play(schedules)
