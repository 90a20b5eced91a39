"""From instances to outcomes: what the timer function does in one run.

A run makes a polling round every second or so until its time is up, or leaves when nothing was due for a while and
nothing will be before the next run: what is deferred costs a look a minute. A short lease keeps two runs from doing
the same work; that is thrift, not safety: every write is guarded by the record's version anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from shared.ports import StoreUnavailable
from shared.usecases.context import Run
from shared.usecases.places import look_after
from shared.usecases.scan import SPARE_SECONDS, scan

if TYPE_CHECKING:
    from shared.domain.timings import Timings
    from shared.ports import Lease, Ports
    from shared.usecases.scan import ScanReport

LEASE = "poll"
SHORTEST_SECONDS, LONGEST_SECONDS = 0.5, 20.0
"""From the beginning of one round to that of the next."""
SHORTEST_PAUSE_SECONDS = 0.2
NOTHING_OPEN_PAUSE_SECONDS = 1.0
STATUS_CALLS_PER_SECOND = 10.0
"""What status questions may take of the account's calls, on average, however many instances are waited for."""
NEXT_RUN_SECONDS = 60.0
"""The timer's period."""
_PURGE_LIMIT = 500


class RunEnd(str, Enum):
    """Why a run ended."""

    BUSY = "busy"
    """Another run holds the lease."""
    IDLE = "idle"
    """Nothing is due before the next run."""
    TIME = "time"
    STORE = "store"
    """The store is away."""
    KEYS = "keys"
    """Our keys are refused."""


@dataclass(slots=True)
class PollSummary:
    """What a run did, and why it ended."""

    reason: RunEnd = RunEnd.TIME
    rounds: int = 0
    looked: int = 0
    changed: int = 0
    ended: int = 0
    purged: int = 0
    paused: bool = False


def poll(ports: Ports, timings: Timings, *, ends_at: float, workers: int) -> PollSummary:
    """Make rounds until `ends_at`, or until nothing is due before the next run."""
    summary = PollSummary()
    run = Run(ports, timings, ends_at)
    holder = ports.entropy.token()
    try:
        lease = ports.store.take_lease(LEASE, holder, ports.clock.now(), timings.lease_seconds)
        if lease is None:
            summary.reason = RunEnd.BUSY
            return summary
        summary.paused = look_after(run)
        summary.purged = ports.store.purge(ports.clock.now() - timings.keep_seconds, _PURGE_LIMIT)
        summary.reason = _rounds(run, lease, summary, workers)
    except StoreUnavailable as failure:
        run.store_failed(failure)
        summary.reason = RunEnd.KEYS if run.keys_refused else RunEnd.STORE
    return summary


def pause_seconds(report: ScanReport, took: float) -> float:
    """Return the wait after a round that took so long.

    Rounds begin soon after one another while few are waited for, and less often when asking takes many calls.
    """
    if not report.looked:
        return NOTHING_OPEN_PAUSE_SECONDS
    interval = min(max(report.status_calls / STATUS_CALLS_PER_SECOND, SHORTEST_SECONDS), LONGEST_SECONDS)
    return max(interval - took, SHORTEST_PAUSE_SECONDS)


def _rounds(run: Run, lease: Lease, summary: PollSummary, workers: int) -> RunEnd:
    """Make rounds until the run has to end, or may; leave the lease as the next run has to find it."""
    ports, timings, clock = run.ports, run.timings, run.ports.clock
    before = None
    while True:
        began = clock.now()
        report = scan(run, workers, lease.cursor)
        _count(summary, report)
        now = clock.now()
        if report.looked:
            ports.log.info(
                "tick",
                looked=report.looked,
                status_calls=report.status_calls,
                changed=report.changed,
                ended=report.ended,
                oldest_seconds=round(report.oldest_seconds),
                gap=None if before is None else round(began - before, 3),
                seconds=round(now - began, 3),
            )
        before = began
        if run.keys_refused:
            ports.store.save_lease(LEASE, replace(lease, cursor=report.cursor, until=now))
            return RunEnd.KEYS
        active = report.looked > 0 or _due_soon(run, now)
        lease = replace(lease, cursor=report.cursor, last_open_at=now if active else lease.last_open_at)
        if not active and now >= lease.last_open_at + timings.idle_seconds:
            ports.store.save_lease(LEASE, replace(lease, until=now))
            return RunEnd.IDLE
        pause = pause_seconds(report, now - began)
        if not run.has_time_for_call(now + pause + SPARE_SECONDS):
            ports.store.save_lease(LEASE, replace(lease, until=now))
            return RunEnd.TIME
        if not ports.store.save_lease(LEASE, replace(lease, until=now + pause + timings.lease_seconds)):
            return RunEnd.BUSY
        clock.sleep(pause)


def _due_soon(run: Run, now: float) -> bool:
    """Tell whether anything is due before the next run, or a call is under way.

    Such a record is due after its fence at first, and at once when its instance is known. What this version cannot read
    is always due, and nothing that a run could wait for.
    """
    store = run.ports.store
    horizon = now + max(NEXT_RUN_SECONDS, 2 * run.timings.call_seconds + run.timings.skew_seconds)
    if run.unreadable:
        return any(entry.request_id not in run.unreadable for entry in store.open_work(horizon))
    due = store.next_due()
    return due is not None and due <= horizon


def _count(summary: PollSummary, report: ScanReport) -> None:
    summary.rounds += 1
    summary.looked += report.looked
    summary.changed += report.changed
    summary.ended += report.ended
