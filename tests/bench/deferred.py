"""What deferred work costs: the timer's time while a hundred requests wait for an hour.

The hour is the worker's own, waits passing at once; what its calls take on this machine is added.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from shared.adapters.control import KeptControl
from shared.adapters.policy_cache import PolicyCache
from shared.adapters.sqlite import SqliteStore
from shared.adapters.system import SystemEntropy
from shared.domain.lifecycle.record import Generation, Record, State
from shared.domain.timings import Timings
from shared.logs import open_log
from shared.ports import Lease, Ports
from shared.usecases.poll import LEASE, poll
from tests.bench.figure import Figure
from tests.bench.worker import database

REQUESTS, MINUTES = 100, 60
RUN_SECONDS = 55.0
TIMINGS = Timings(deployment="bench")


@dataclass
class Hour:
    """A clock of which only waits take time, and this machine's work."""

    waited: float = 1_795_000_000.0

    def now(self) -> float:
        return self.waited + time.perf_counter()

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


def measure() -> list[Figure]:
    """Return seconds of timer a minute, the run that follows the last work included."""
    clock, spent = Hour(), 0.0
    with database() as path:
        store = SqliteStore(str(path))
        began = clock.now()
        for number in range(REQUESTS):
            store.claim(_deferred(number, began))
        store.take_lease(LEASE, "before", began, 0.0)
        store.save_lease(LEASE, Lease("before", began, None, began))
        ports = Ports(
            None, store, None, None, clock, SystemEntropy(), open_log("error"), PolicyCache(store), KeptControl(store)
        )  # type: ignore[arg-type] # nothing is due
        for minute in range(MINUTES):
            clock.sleep(max(0.0, began + 60 * minute - clock.now()))
            start = clock.now()
            poll(ports, TIMINGS, ends_at=start + RUN_SECONDS + TIMINGS.call_seconds, workers=1)
            spent += clock.now() - start
        store.close()
    how = f"SQLite, {REQUESTS} requests deferred for an hour, once"
    return [Figure(f"deferred work: s of timer a minute ({how})", round(spent / MINUTES, 2), 2)]


def _deferred(number: int, now: float) -> Record:
    until = now + 60.0 * MINUTES
    return Record(
        request_id=f"deferred-{number}", version=1, state=State.CREATING, message_id="m", accepted_at=now,
        due_at=until + 60, deadline=until + 900, region_id="cn-hangzhou", generations=(Generation(1, 0, "token"),),
        tag=f"bench/deferred-{number}", next_try_at=until,
    )  # fmt: skip
