"""One polling round: a pass over the open work that is due.

Entries stream in order of their due time; status questions are asked 50 ids at a time for each region, so a round over
N waiting instances costs the sum of ceil(N_r / 50) calls and keeps no more than a page and the changed ones in memory.
A record is read only when its entry says that there is something to do.

No call starts that could last past the run. Whatever is left then is where the next round begins, and what has waited
longest is worked on first, so every round gets further and nothing waits for ever, however much is open. Entries are
worked on in groups, so the last one read may be done and an earlier one not: the cursor is set before the first that
was left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from shared.domain.lifecycle.record import OpenEntry, UnreadableRecord
from shared.domain.lifecycle.waiting import QUIET
from shared.ports import ApiFailure, StoreUnavailable
from shared.usecases.advance_open import answer, move_on
from shared.usecases.threads import map_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.domain.errors.model import ApiError
    from shared.domain.lifecycle.record import Record
    from shared.ports import Instance
    from shared.usecases.advance_open import Question
    from shared.usecases.context import Run

Key = tuple[float, str]


@dataclass(slots=True)
class ScanCursor:
    """The entries that were read and are not done, each with the key before it. `last` is the last key read."""

    last: Key | None
    _left: dict[Key, Key | None] = field(default_factory=dict)

    def read(self, entry: OpenEntry) -> None:
        """Note an entry, in the order of the pass."""
        key = _key(entry)
        self._left[key] = self.last
        self.last = key

    def done(self, entries: Iterable[OpenEntry]) -> None:
        """Note that nothing more has to be done for entries in this pass."""
        for entry in entries:
            self._left.pop(_key(entry), None)

    def place(self, *, whole: bool) -> Key | None:
        """Return the key to go on after; None to begin anew. `whole` says that the pass has read everything."""
        if self._left:
            return next(iter(self._left.values()))
        return None if whole else self.last


def _key(entry: OpenEntry) -> Key:
    return entry.due_at, entry.request_id


def _waits(entry: OpenEntry, status: str) -> bool:
    """Tell whether an instance is where its record knows it to be."""
    return entry.state is not None and status == QUIET[entry.state]


T = TypeVar("T")
NO_TIME = "no time"
ELSEWHERE = ""
"""The group of entries that no status is asked for."""
STATUS_IDS = 50
"""DescribeInstanceStatus answers at most 50 a page."""
DESCRIBE_IDS = 100
"""DescribeInstances takes at most 100 ids."""
LOST_ENTRY_SECONDS = 900.0
"""An open entry without a record is dropped when older than this: longer than any invocation lasts."""
SPARE_SECONDS = 0.25
"""Reading ends this long before the last call could start, so that groups that are not full are asked for, too."""


@dataclass(slots=True)
class RoundReport:
    """What a round did; `cursor` is where the next one goes on, None when everything was done.

    `oldest_seconds` is the age of the oldest open request it saw.
    """

    looked: int = 0
    status_calls: int = 0
    changed: int = 0
    ended: int = 0
    oldest_seconds: float = 0.0
    cursor: Key | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    """An entry that needs something, and how its instance was seen, or why nothing was (`error`)."""

    entry: OpenEntry
    status: str | None = None
    absent: bool = False
    error: ApiError | None = None


@dataclass(slots=True)
class Round:
    """One pass over the open work."""

    run: Run
    workers: int
    report: RoundReport = field(default_factory=RoundReport)
    _groups: dict[str, list[OpenEntry]] = field(default_factory=dict)
    _absent: dict[str, list[OpenEntry]] = field(default_factory=dict)
    _answering: set[str] = field(default_factory=set)
    _questions: dict[str, list[tuple[OpenEntry, Question]]] = field(default_factory=dict)
    _questions_since: float = 0.0
    _cursor: ScanCursor = field(default_factory=lambda: ScanCursor(None))

    def make(self, after: Key | None = None) -> RoundReport:
        """Look at everything that is due after the key. Raises StoreUnavailable when the open set cannot be read."""
        began, whole = self.run.now(), True
        self._cursor.last = after
        for entry in self.run.ports.store.open_work(began, after):
            self.report.looked += 1
            self.report.oldest_seconds = max(self.report.oldest_seconds, began - entry.opened_at)
            self._cursor.read(entry)
            if entry.request_id in self.run.unreadable:
                self._cursor.done([entry])
                continue
            full = self._sort(entry)
            if full is not None and self._may_take_up(full):
                self._take_up(full)
                full = None
            if full is not None or not self.run.has_time_for_call(self.run.now() + SPARE_SECONDS):
                whole = False
                break
        while self._groups:
            self._take_up(self._oldest())
        self._judge_absent()
        self._describe_all()
        self.report.cursor = self._cursor.place(whole=whole)
        return self.report

    def _sort(self, entry: OpenEntry) -> str | None:
        """Put an entry into the group where it belongs; return that group when it is full."""
        place = entry.region_id if entry.state in QUIET and entry.instance_id is not None else ELSEWHERE
        group = self._groups.setdefault(place, [])
        group.append(entry)
        return place if len(group) >= STATUS_IDS else None

    def _oldest(self) -> str:
        """Return the group that has waited longest."""
        return min(self._groups, key=lambda place: self._groups[place][0].due_at)

    def _may_take_up(self, place: str) -> bool:
        """Tell whether there is time for a group: room for its calls, and then for those of an older one, if any."""
        return place == self._oldest() or self.run.has_time_for_call(self.run.now() + 2 * self.run.timings.call_seconds)

    def _take_up(self, place: str) -> None:
        """Work on a group while there is time; questions that waited, or would have no time later, come before it."""
        call_seconds = self.run.timings.call_seconds
        waited = self.run.now() >= self._questions_since + call_seconds / 2
        if self._questions and (waited or not self.run.has_time_for_call(self.run.now() + call_seconds)):
            self._describe_all()
        group = self._groups.pop(place)
        if len(group) > STATUS_IDS:
            self._groups[place] = group[STATUS_IDS:]
            group = group[:STATUS_IDS]
        if not self.run.has_time_for_call(self.run.now()):
            return
        if place == ELSEWHERE:
            self._work_on([_Task(entry) for entry in group])
        else:
            self._ask(place, group)

    def _ask(self, region: str, group: list[OpenEntry]) -> None:
        """Ask for the status of a region's group and work on those that are not simply waiting."""
        now = self.run.now()
        self.report.status_calls += 1
        try:
            seen = self.run.ports.compute.statuses(region, [entry.instance_id or "" for entry in group])
        except ApiFailure as failure:
            self.run.call_failed(failure, region)
            self._cursor.done(entry for entry in group if now < entry.deadline)
            self._work_on([_Task(entry, error=failure.error) for entry in group if now >= entry.deadline])
            return
        tasks = []
        for entry in group:
            status = seen.get(entry.instance_id or "")
            if status is None:
                self._absent.setdefault(region, []).append(entry)
            elif not _waits(entry, status) or now >= entry.deadline or entry.absent_since is not None:
                tasks.append(_Task(entry, status))
            else:
                self._cursor.done([entry])
        if seen:
            self._answering.add(region)
        self._work_on(tasks)

    def _judge_absent(self) -> None:
        """Treat absence as news only where the region's answers showed anything at all.

        When every id of a region is absent, that is a failed describe: it neither ends nor extends anything. Only
        what is past its deadline goes on, and is then asked for by name.
        """
        now = self.run.now()
        for region, entries in self._absent.items():
            believed = region in self._answering
            self._cursor.done(entry for entry in entries if not believed and now < entry.deadline)
            self._work_on([_Task(entry, absent=True) for entry in entries if believed or now >= entry.deadline])

    def _work_on(self, tasks: list[_Task]) -> None:
        for task, found in zip(tasks, map_threads(self._work, tasks, self.workers), strict=True):
            if isinstance(found, tuple):
                self._wonder(task.entry, found)
            elif found is not NO_TIME:
                self._cursor.done([task.entry])
            if isinstance(found, OpenEntry):
                self._sort(found)

    def _wonder(self, entry: OpenEntry, question: Question) -> None:
        """Keep a question until there are enough of them, or it has waited long enough."""
        region = question[0].region_id
        if not self._questions:
            self._questions_since = self.run.now()
        group = self._questions.setdefault(region, [])
        group.append((entry, question))
        if len(group) == DESCRIBE_IDS:
            self._describe(region)

    def _work(self, task: _Task) -> Question | OpenEntry | str | None:
        """Work on one record; return what has to be known yet, a better entry, or that there was no time."""
        if not self.run.has_time_for_call(self.run.now()):
            return NO_TIME
        return self._guard(task.entry.request_id, lambda: self._move(task))

    def _move(self, task: _Task) -> Question | OpenEntry | None:
        store, entry = self.run.ports.store, task.entry
        record = store.get(entry.request_id)
        if record is None or not record.open:
            if record is not None or self.run.now() > entry.opened_at + LOST_ENTRY_SECONDS:
                store.forget(entry)
            return None
        if record.state in QUIET and entry.state not in QUIET:
            return record.entry  # whoever wrote the record did not get to write its entry: nobody asked for its status
        after, question = move_on(self.run, record, task.status, absent=task.absent, error=task.error)
        self._count(record, after)
        return question

    def _guard(self, request_id: str, work: Callable[[], T]) -> T | None:
        """Leave the others alone, whatever goes wrong with one record."""
        log = self.run.ports.log
        try:
            return work()
        except StoreUnavailable as failure:
            self.run.store_failed(failure, request_id=request_id)
        except UnreadableRecord as failure:
            self.run.record_unreadable(request_id, failure)
        except Exception as bug:  # noqa: BLE001 - one record's bug must not end the round, nor print what it holds
            log.error("unexpected", request_id=request_id, error=type(bug).__name__)
        return None

    def _describe_all(self) -> None:
        for region in list(self._questions):
            self._describe(region)

    def _describe(self, region: str) -> None:
        """Ask for the instances that are ready, missing or deleted, and end what that ends; without time leave them."""
        asked = self._questions.pop(region)
        if not self.run.has_time_for_call(self.run.now()):
            return
        found: dict[str, Instance] | ApiError
        try:
            found = self.run.ports.compute.describe(region, [record.instance_id or "" for _, (record, _) in asked])
        except ApiFailure as failure:
            self.run.call_failed(failure, region)
            found = failure.error
        map_threads(lambda question: self._answer(question, found), [question for _, question in asked], self.workers)
        self._cursor.done(entry for entry, _ in asked)

    def _answer(self, question: Question, found: dict[str, Instance] | ApiError) -> None:
        record = question[0]
        self._guard(record.request_id, lambda: self._count(record, answer(self.run, question, found)))

    def _count(self, before: Record, after: Record) -> None:
        self.report.changed += after.version != before.version
        self.report.ended += after.finished_at is not None and before.finished_at is None
