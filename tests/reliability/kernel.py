"""A discrete-event kernel: many actors, one virtual clock, one seed.

Actors are threads of which only one runs at a time; each gives way whenever it waits, and whoever's time comes first
goes on. Everything random comes from the seed, so a seed is a whole story that can be told again.
"""

from __future__ import annotations

import heapq
import random
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

START = 1_790_000_000.0
"""When every simulation begins (epoch seconds)."""

STEPS = 300_000
"""More steps, or lines, are a story that never ends: most take 3,000 steps, the longest 40,000."""


class Crash(BaseException):
    """The process is gone: no handler of the worker may see this."""


class Endless(BaseException):
    """An actor circles: it tells more than a whole story, without giving way or in no time."""


def _closed() -> threading.Lock:
    """Return a gate that nobody passes until it is released, once for each passage."""
    gate = threading.Lock()
    gate.acquire()
    return gate


class Actor:
    """One invocation of a function: its own clock, its own time limit, its own end."""

    def __init__(self, kernel: Kernel, name: str, work: Callable[[Actor], None], skew: float, limit: float) -> None:
        self.kernel, self.name, self.skew = kernel, name, skew
        self.kill_at = kernel.now + limit
        self.crashed = False
        self._looks = 0
        self._work = work
        self._go = _closed()
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._thread.start()

    def now(self) -> float:
        """Tell the time as this actor's machine does; Endless for who does nothing else."""
        self._looks += 1
        if self._looks > STEPS:
            raise Endless
        return self.kernel.now + self.skew

    def wait(self, seconds: float) -> None:
        """Give way until the time has passed; die when it passes the time limit, or when the story is over."""
        if self.kernel.over:
            raise Crash("over")
        self._looks = 0
        due = self.kernel.now + seconds
        self.kernel.at(min(due, self.kill_at), self.resume)
        if not self.kernel.keeps(self):
            self.kernel.yield_back()
            self._go.acquire()
        if self.kernel.over or max(due, self.kernel.now) > self.kill_at:
            raise Crash("time limit")

    def resume(self) -> None:
        """Run until the actor waits again or ends."""
        self._go.release()
        self.kernel.wait_for_actor()

    def _main(self) -> None:
        self._go.acquire()
        try:
            self._work(self)
        except (Crash, SystemExit):
            self.crashed = True
        except BaseException as error:  # noqa: BLE001 - handed on to the kernel's thread, where it is raised
            self.kernel.failure = error
        finally:
            self.kernel.yield_back()


class Kernel:
    """The clock and the agenda."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a simulation, no secret
        self.now = START
        self.steps = 0
        self.trace: list[str] = []
        self.failure: BaseException | None = None
        self.over = False
        self._ends_at = START
        self._agenda: list[tuple[float, float, int, Callable[[], Any]]] = []
        self._count = 0
        self._back = _closed()

    def at(self, time: float, action: Callable[[], Any]) -> None:
        """Put an action on the agenda; actions of the same time come in an order of the seed's."""
        self._count += 1
        heapq.heappush(self._agenda, (time, self.random.random(), self._count, action))

    def after(self, seconds: float, action: Callable[[], Any]) -> None:
        """Put an action on the agenda."""
        self.at(self.now + seconds, action)

    def run(self, until: Callable[[], bool], limit: float) -> bool:
        """Work the agenda off until the condition holds; False when `limit` seconds or the steps were not enough."""
        self._ends_at = START + limit
        while self._agenda:
            time, _, _, action = heapq.heappop(self._agenda)
            if time > self._ends_at or self.steps >= STEPS:
                return False
            self.now = max(self.now, time)
            self.steps += 1
            action()
            if isinstance(self.failure, Endless):
                return False
            if self.failure is not None:
                raise self.failure
            if until():
                return True
        return until()

    def keeps(self, actor: Actor) -> bool:
        """Take the next step if it is that of the actor that waits: it goes on without a change of threads."""
        time, _, _, action = self._agenda[0]
        if action != actor.resume or time > self._ends_at or self.steps >= STEPS:
            return False
        heapq.heappop(self._agenda)
        self.now = max(self.now, time)
        self.steps += 1
        return True

    def note(self, text: str) -> None:
        """Add a line to the story; Endless when it has too many."""
        if len(self.trace) >= STEPS:
            raise Endless
        self.trace.append(f"{self.now - START:9.2f}  {text}")

    def yield_back(self) -> None:
        """Let the kernel go on (called by actors)."""
        self._back.release()

    def wait_for_actor(self) -> None:
        """Wait until the running actor gives way (called by the kernel)."""
        self._back.acquire()
