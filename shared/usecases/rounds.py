"""One polling round: a pass over the open work that is due.

Entries stream in order of their due time; status questions are asked 50 ids at a time for each region, so a round over
N waiting instances costs the sum of ceil(N_r / 50) calls and keeps no more than a page and the changed ones in memory.
A record is read only when its entry says that there is something to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.core.watching import QUIET
from shared.ports import ApiFailure, StoreUnavailable
from shared.usecases.spread import spread
from shared.usecases.watch import answer, is_late, move_on

if TYPE_CHECKING:
    from shared.core.record import OpenEntry, Record
    from shared.ports import Instance
    from shared.usecases.run import Run
    from shared.usecases.watch import Question

STATUS_IDS = 50
"""DescribeInstanceStatus answers at most 50 a page."""
DESCRIBE_IDS = 100
"""DescribeInstances takes at most 100 ids."""
LOST_ENTRY_SECONDS = 900.0
"""An open entry without a record is dropped when older than this: longer than any invocation lasts."""


@dataclass(slots=True)
class RoundReport:
    """What a round did; `cursor` is where it stopped when its time was up before the pass was whole.

    `oldest_seconds` is the age of the oldest open request it saw.
    """

    looked: int = 0
    status_calls: int = 0
    changed: int = 0
    ended: int = 0
    oldest_seconds: float = 0.0
    cursor: tuple[float, str] | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    """An entry that needs something, and how its instance was seen."""

    entry: OpenEntry
    status: str | None = None
    absent: bool = False


@dataclass(slots=True)
class Round:
    """One pass over the open work."""

    run: Run
    workers: int
    report: RoundReport = field(default_factory=RoundReport)
    _waiting: dict[str, list[OpenEntry]] = field(default_factory=dict)
    _absent: dict[str, list[OpenEntry]] = field(default_factory=dict)
    _answering: set[str] = field(default_factory=set)
    _questions: dict[str, list[Question]] = field(default_factory=dict)

    def make(self, after: tuple[float, str] | None = None) -> RoundReport:
        """Look at everything that is due after the key. Raises StoreUnavailable when the open set cannot be read."""
        others: list[_Task] = []
        began = self.run.now()
        for entry in self.run.ports.store.open_work(began, after):
            self.report.looked += 1
            self.report.oldest_seconds = max(self.report.oldest_seconds, began - entry.opened_at)
            if entry.state in QUIET and entry.instance_id is not None:
                group = self._waiting.setdefault(entry.region_id, [])
                group.append(entry)
                if len(group) == STATUS_IDS:
                    self._ask(entry.region_id)
            else:
                others.append(_Task(entry))
                if len(others) == STATUS_IDS:
                    self._work_on(others)
                    others = []
            if not self.run.fits(self.run.now()):
                self.report.cursor = (entry.due_at, entry.request_id)
                break
        for region in list(self._waiting):
            self._ask(region)
        self._work_on(others)
        self._judge_absent()
        for region in list(self._questions):
            self._describe(region)
        return self.report

    def _ask(self, region: str) -> None:
        """Ask for the status of a region's group and work on those that are not simply waiting."""
        group = self._waiting.pop(region, [])
        now = self.run.now()
        if not group or not self.run.fits(now):
            return
        self.report.status_calls += 1
        try:
            seen = self.run.ports.compute.statuses(region, [entry.instance_id or "" for entry in group])
        except ApiFailure as failure:
            self.run.call_failed(failure)
            self._work_on([_Task(entry) for entry in group if now >= entry.deadline])
            return
        tasks = []
        for entry in group:
            status = seen.get(entry.instance_id or "")
            if status is None:
                self._absent.setdefault(region, []).append(entry)
            elif status != QUIET[entry.state] or now >= entry.deadline or entry.absent_since is not None:
                tasks.append(_Task(entry, status))
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
            self._work_on([_Task(entry, absent=True) for entry in entries if believed or now >= entry.deadline])

    def _work_on(self, tasks: list[_Task]) -> None:
        for question in spread(self._work, tasks, self.workers):
            if question is not None:
                group = self._questions.setdefault(question[0].region_id, [])
                group.append(question)
                if len(group) == DESCRIBE_IDS:
                    self._describe(question[0].region_id)

    def _work(self, task: _Task) -> Question | None:
        """Work on one record; a store that fails for it, or a bug, leaves the others alone."""
        store, entry = self.run.ports.store, task.entry
        question = None
        try:
            record = store.get(entry.request_id)
            if record is not None and record.open:
                after, question = move_on(self.run, record, task.status, absent=task.absent)
                self._count(record, after)
            elif record is not None or self.run.now() > entry.opened_at + LOST_ENTRY_SECONDS:
                store.forget(entry)
        except StoreUnavailable as failure:
            self.run.ports.log.warning("store_unavailable", request_id=entry.request_id, error=str(failure))
        except Exception as bug:  # noqa: BLE001 - one record's bug must not end the round, nor print what it holds
            self.run.ports.log.error("unexpected", request_id=entry.request_id, error=type(bug).__name__)
        return question

    def _describe(self, region: str) -> None:
        """Ask for the instances that are ready, missing or deleted, and end what that ends."""
        questions = self._questions.pop(region, [])
        found: dict[str, Instance] | None = None
        if self.run.fits(self.run.now()):
            try:
                found = self.run.ports.compute.describe(region, [record.instance_id or "" for record, _ in questions])
            except ApiFailure as failure:
                self.run.call_failed(failure)
        answered = [item for item in questions if found is not None or is_late(self.run, item[0])]
        spread(lambda question: self._answer(question, found), answered, self.workers)

    def _answer(self, question: Question, found: dict[str, Instance] | None) -> None:
        try:
            self._count(question[0], answer(self.run, question, found))
        except StoreUnavailable as failure:
            self.run.ports.log.warning("store_unavailable", request_id=question[0].request_id, error=str(failure))

    def _count(self, before: Record, after: Record) -> None:
        self.report.changed += after.version != before.version
        self.report.ended += after.finished_at is not None and before.finished_at is None
