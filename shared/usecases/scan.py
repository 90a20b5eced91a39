"""One pass over the open work that is due.

Entries stream in order of their due time; status questions are asked 50 ids at a time for each region, so a pass over
N waiting instances costs the sum of ceil(N_r / 50) calls and keeps no more than a page and the changed ones in memory.
A record is read only when its entry says that there is something to do.

No call starts that could last past the run. Whatever is left then is where the next pass begins, and what has waited
longest is worked on first, so every pass gets further and nothing waits for ever, however much is open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.domain.lifecycle.record import UnreadableRecord
from shared.domain.lifecycle.waiting import QUIET
from shared.ports import ApiFailure, StoreUnavailable
from shared.usecases.advance_open import UNSEEN, OpenRequest, Result, Sighting, Then
from shared.usecases.scan_backlog import Absences, Groups, ScanCursor
from shared.usecases.threads import map_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.domain.errors.model import ApiError
    from shared.domain.lifecycle.record import OpenEntry
    from shared.ports import Instance
    from shared.usecases.context import Run
    from shared.usecases.scan_backlog import Key

ELSEWHERE = ""
"""The group of entries that no status is asked for."""
STATUS_IDS = 50
"""DescribeInstanceStatus answers at most 50 a page."""
DESCRIBE_IDS = 100
"""DescribeInstances takes at most 100 ids."""
SPARE_SECONDS = 0.25
"""Reading ends this long before the last call could start, so that groups that are not full are asked for, too."""


@dataclass(slots=True)
class ScanReport:
    """What a pass did; `cursor` is where the next one goes on, None when everything was done.

    `looked` counts what is due, but no record that cannot be read: nothing can be done for that. `oldest_seconds` is
    the age of the oldest open request it saw.
    """

    looked: int = 0
    status_calls: int = 0
    changed: int = 0
    ended: int = 0
    oldest_seconds: float = 0.0
    cursor: Key | None = None


def scan(run: Run, workers: int, after: Key | None = None) -> ScanReport:
    """Look at everything that is due after the key. Raises StoreUnavailable when the open set cannot be read."""
    this = _Pass(run, workers, ScanCursor(after))
    whole = this.read()
    this.finish()
    this.report.cursor = this.cursor.place(whole=whole)
    return this.report


@dataclass(slots=True)
class _Pass:
    """A pass on its way: what waits for its status, what was not shown, and what has to be described."""

    run: Run
    workers: int
    cursor: ScanCursor
    report: ScanReport = field(default_factory=ScanReport)
    _waiting: Groups[OpenEntry] = field(default_factory=lambda: Groups(STATUS_IDS))
    _absences: Absences = field(default_factory=Absences)
    _asking: Groups[OpenRequest] = field(default_factory=lambda: Groups(DESCRIBE_IDS))
    _asking_since: float = 0.0

    def read(self) -> bool:
        """Read what is due and work on full groups while there is time; tell whether everything was read."""
        began = self.run.now()
        for entry in self.run.ports.store.open_work(began, self.cursor.last):
            self.report.looked += entry.request_id not in self.run.unreadable
            self.report.oldest_seconds = max(self.report.oldest_seconds, began - entry.opened_at)
            self.cursor.read(entry)
            if entry.request_id in self.run.unreadable:
                self.cursor.done([entry])
                continue
            if self._sort(entry):
                group = _group(entry)
                if not self._may_take_up(group):
                    return False
                self._take_up(group)
            if not self._has_time(SPARE_SECONDS):
                return False
        return True

    def finish(self) -> None:
        """Work on what was read, while there is time."""
        while self._waiting:
            self._take_up(self._oldest())
        self._judge_absent()
        self._describe_all()

    def _sort(self, entry: OpenEntry) -> bool:
        """Put an entry into its group; tell whether that is full."""
        return self._waiting.add(_group(entry), entry)

    def _oldest(self) -> str:
        """Return the group that has waited longest."""
        return min(self._waiting, key=lambda group: self._waiting.first(group).due_at)

    def _has_time(self, ahead: float = 0.0) -> bool:
        """Tell whether a call may start so many seconds from now."""
        return self.run.has_time_for_call(self.run.now() + ahead)

    def _may_take_up(self, group: str) -> bool:
        """Tell whether there is time for a group: room for its calls, and then for those of an older one, if any."""
        return group == self._oldest() or self._has_time(2 * self.run.timings.call_seconds)

    def _take_up(self, group: str) -> None:
        """Work on a group while there is time; questions that waited, or would have no time later, come before it."""
        call_seconds = self.run.timings.call_seconds
        waited = self.run.now() >= self._asking_since + call_seconds / 2
        if self._asking and (waited or not self._has_time(call_seconds)):
            self._describe_all()
        entries = self._waiting.take(group)
        if not self._has_time():
            return
        if group == ELSEWHERE:
            self._advance(entries, UNSEEN)
        else:
            self._ask_status(group, entries)

    def _ask_status(self, region: str, entries: list[OpenEntry]) -> None:
        """Ask for the status of a region's group and work on those that are not simply waiting."""
        now = self.run.now()
        self.report.status_calls += 1
        try:
            seen = self.run.ports.compute.statuses(region, [entry.instance_id or "" for entry in entries])
        except ApiFailure as failure:
            self.run.call_failed(failure, region)
            self._advance_late(entries, now, Sighting(error=failure.error))
            return
        requests, missed = [], []
        for entry in entries:
            status = seen.get(entry.instance_id or "")
            if status is None:
                missed.append(entry)
            elif not _waits(entry, status) or now >= entry.deadline or entry.absent_since is not None:
                requests.append(OpenRequest(self.run, entry, Sighting(status)))
            else:
                self.cursor.done([entry])
        self._absences.note(region, missed, answering=bool(seen))
        self._work_on(requests)

    def _judge_absent(self) -> None:
        """Treat absence as news where it is to be believed, and past a deadline: it is then asked for by name."""
        now, absent = self.run.now(), Sighting(absent=True)
        for entries, believed in self._absences.judged():
            if believed:
                self._advance(entries, absent)
            else:
                self._advance_late(entries, now, absent)

    def _advance_late(self, entries: list[OpenEntry], now: float, seen: Sighting) -> None:
        """Work on those that are past their deadline; nothing was learnt of the others."""
        self.cursor.done(entry for entry in entries if now < entry.deadline)
        self._advance([entry for entry in entries if now >= entry.deadline], seen)

    def _advance(self, entries: list[OpenEntry], seen: Sighting) -> None:
        self._work_on([OpenRequest(self.run, entry, seen) for entry in entries])

    def _work_on(self, requests: list[OpenRequest]) -> None:
        """Advance requests side by side, and see where each of them goes from there."""
        for request, result in zip(requests, self._guarded(OpenRequest.advance, requests), strict=True):
            if result.then is Then.LATER:
                continue  # the cursor stays before it
            if result.then is Then.DESCRIBE:
                self._ask(request)
                continue
            self.cursor.done([request.entry])
            if result.then is Then.ASK_STATUS:
                self._sort(request.record.entry)

    def _ask(self, request: OpenRequest) -> None:
        """Keep a question until there are enough of them, or it has waited long enough."""
        if not self._asking:
            self._asking_since = self.run.now()
        region = request.record.region_id
        if self._asking.add(region, request):
            self._describe(region)

    def _describe_all(self) -> None:
        for region in self._asking:
            self._describe(region)

    def _describe(self, region: str) -> None:
        """Ask for the instances that are ready, missing or deleted, and end what that ends; without time leave them."""
        asked = self._asking.take(region)
        if not self._has_time():
            return
        found: dict[str, Instance] | ApiError
        try:
            found = self.run.ports.compute.describe(region, [request.record.instance_id or "" for request in asked])
        except ApiFailure as failure:
            self.run.call_failed(failure, region)
            found = failure.error
        self._guarded(lambda request: request.answer(found), asked)
        self.cursor.done(request.entry for request in asked)

    def _guarded(self, work: Callable[[OpenRequest], Result], requests: Sequence[OpenRequest]) -> list[Result]:
        """Work on requests side by side; whatever goes wrong with one of them, the others are left alone."""

        def attempt(request: OpenRequest) -> Result:
            request_id = request.entry.request_id
            try:
                return work(request)
            except StoreUnavailable as failure:
                self.run.store_failed(failure, request_id=request_id)
            except UnreadableRecord as failure:
                self.run.record_unreadable(request_id, failure)
                return Result(Then.UNREADABLE)
            except Exception as bug:  # noqa: BLE001 - one record's bug must not end the pass, nor print what it holds
                self.run.ports.log.error("unexpected", request_id=request_id, error=type(bug).__name__)
            return Result(Then.NOTHING)

        results = map_threads(attempt, requests, self.workers)
        self.report.looked -= sum(result.then is Then.UNREADABLE for result in results)
        self.report.changed += sum(result.changed for result in results)
        self.report.ended += sum(result.ended for result in results)
        return results


def _group(entry: OpenEntry) -> str:
    """Return the region in which an entry's status is asked for, if it is."""
    return entry.region_id if entry.state in QUIET and entry.instance_id is not None else ELSEWHERE


def _waits(entry: OpenEntry, status: str) -> bool:
    """Tell whether an instance is where its record knows it to be."""
    return entry.state is not None and status == QUIET[entry.state]
