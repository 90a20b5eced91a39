"""One open request in a pass: its record is read, taken as far as it can go now, and published if it has ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from shared.domain.errors.catalogue import classify, succeeded
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle import events
from shared.domain.lifecycle.create_step import CreateStep, watch_step
from shared.domain.lifecycle.lifetime import settable
from shared.domain.lifecycle.record import TERMINAL, UNBOUGHT, Record, State
from shared.domain.lifecycle.waiting import QUIET, WatchStep, act, past_grace, release_act
from shared.ports import ApiFailure
from shared.usecases.create import look_up
from shared.usecases.writing import publish, record_event

if TYPE_CHECKING:
    from shared.domain.lifecycle.record import OpenEntry
    from shared.ports import Instance
    from shared.usecases.context import Run

LOST_ENTRY_SECONDS = 900.0
"""An open entry without a record is dropped when older than this: longer than any invocation lasts."""
_MAX_STEPS = 6


@dataclass(frozen=True, slots=True)
class Sighting:
    """How an instance was seen: its status, that an answer did not show it, or why there was no answer."""

    status: str | None = None
    absent: bool = False
    error: ApiError | None = None


UNSEEN = Sighting()
"""Nobody has looked."""


class Then(Enum):
    """What the pass has to do for a request next."""

    NOTHING = "nothing"
    UNREADABLE = "unreadable"
    """Another version has to: this one cannot read its record."""
    LATER = "later"
    """There was no time for it: the next pass begins with it."""
    ASK_STATUS = "ask status"
    """Its entry was behind its record: whoever wrote that did not get to write the entry."""
    DESCRIBE = "describe"
    """It goes on when DescribeInstances has told of its instance."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a step, and whether the record was changed and ended by it."""

    then: Then
    changed: bool = False
    ended: bool = False


@dataclass(slots=True)
class OpenRequest:
    """A request whose entry says that something has to be done.

    `record` is there once `advance` came to anything but NOTHING or LATER.
    """

    run: Run
    entry: OpenEntry
    seen: Sighting
    record: Record = field(init=False)
    _wanted: WatchStep | None = None
    """Why the instance has to be described."""

    def advance(self) -> Result:
        """Read the record and take every step that is possible now. Raises StoreUnavailable and UnreadableRecord."""
        store, entry = self.run.ports.store, self.entry
        if not self.run.has_time_for_call(self.run.now()):
            return Result(Then.LATER)
        before = store.get(entry.request_id)
        if before is None or not before.open:
            if before is not None or self.run.now() > entry.opened_at + LOST_ENTRY_SECONDS:
                store.forget(entry)
            return Result(Then.NOTHING)
        self.record = before
        if before.state in QUIET and entry.state not in QUIET:
            return Result(Then.ASK_STATUS)
        self._wanted = self._step()
        return self._result(before)

    def answer(self, found: dict[str, Instance] | ApiError) -> Result:
        """Go on with what DescribeInstances said; an error is what only a deadline gets past."""
        before, wanted, self._wanted = self.record, self._wanted, None
        event: events.Event | None
        if isinstance(found, ApiError):
            event = self._unanswered(wanted, found)
        else:
            event = self._answered(wanted, found.get(before.instance_id or ""))
        if event is not None:
            self._record_and_log(event)
        return self._result(before)

    def _result(self, before: Record) -> Result:
        """Publish the outcome of what has ended, unless the topic has only just refused it; tell what was done."""
        record = self.record
        if record.state in TERMINAL and record.due_at <= self.run.now():
            publish(self.run, record)
        return Result(
            Then.NOTHING if self._wanted is None else Then.DESCRIBE,
            changed=record.version != before.version,
            ended=record.finished_at is not None and before.finished_at is None,
        )

    def _is_late(self) -> bool:
        """Tell whether a watched record is past its deadline."""
        return self.record.state in QUIET and self.run.now() >= self.record.deadline

    # The steps. Each returns what DescribeInstances has to be asked for before the next one.

    def _step(self) -> WatchStep | None:
        state = self.record.state
        if state in UNBOUGHT:
            self._settle()
        elif state is State.RELEASING:
            return self._release()
        elif state in QUIET:
            return self._missing() if self.seen.absent else self._watch()
        return None

    def _settle(self) -> None:
        following = watch_step(self.record, self.run.now())
        if following.step is CreateStep.EXPIRE:
            self._record_and_log(events.Expired())
        elif following.step is CreateStep.LOOK_UP:
            self._record_and_log(look_up(self.run, self.record))

    def _watch(self) -> WatchStep | None:
        run, status = self.run, self.seen.status
        if status is not None and self.record.absent_since is not None:
            self._record_and_log(events.SeenPresent())
        for _ in range(_MAX_STEPS):
            now, record = run.now(), self.record
            if record.state not in QUIET or record.due_at > now or not run.has_time_for_call(now):
                break
            wanted = act(record, status, now)
            if wanted is WatchStep.WAIT:
                break
            if wanted is WatchStep.DESCRIBE:
                return wanted
            event = events.Expired(self.seen.error) if wanted is WatchStep.EXPIRE else self._call(wanted)
            if event is None:
                break
            self._record_and_log(event)
        return None

    def _missing(self) -> WatchStep | None:
        """Note a first absence; have a later one, or one at the deadline, confirmed by name."""
        late = self._is_late()
        if late and not past_grace(self.record, self.run.now(), self.run.timings):
            self._record_and_log(events.Expired())
        elif not late and self.record.absent_since is None:
            self._record_and_log(events.SeenAbsent())
        else:
            return WatchStep.CONFIRM_ABSENCE
        return None

    def _release(self) -> WatchStep | None:
        record = self.record
        if record.due_at > self.run.now():
            return None
        if release_act(record) is WatchStep.CHECK_GONE:
            return WatchStep.CHECK_GONE
        event: events.Event = events.DeleteAccepted()
        try:
            self.run.ports.compute.delete(record.region_id, record.instance_id or "")
        except ApiFailure as failure:
            event = events.DeleteAccepted(found=False)
            if not succeeded(failure.error):
                self.run.call_failed(failure, record.region_id)
                event = self._failed("release", failure.error)
        self._record_and_log(event)
        return None

    def _call(self, wanted: WatchStep) -> events.Event | None:
        """Set the lifetime, allocate the address or start the instance; None: no time to find out.

        What is so already counts as done.
        """
        compute, region, instance = self.run.ports.compute, self.record.region_id, self.record.instance_id or ""
        if wanted is WatchStep.SET_LIFETIME:
            return self._set_lifetime()
        try:
            if wanted is WatchStep.ALLOCATE:
                return events.AddressAllocated(compute.allocate_address(region, instance))
            compute.start(region, instance)
        except ApiFailure as failure:
            if not succeeded(failure.error):
                self.run.call_failed(failure, region)
                if wanted is WatchStep.ALLOCATE:
                    return self._allocation_refused(failure.error)
                return self._failed("start", failure.error)
            if wanted is WatchStep.ALLOCATE:
                return events.AddressAllocated(None)
        return events.StartSent()

    def _set_lifetime(self) -> events.Event:
        """Tell ECS when to release the instance; an instant that it would not take is moved before that."""
        record, wanted = self.record, self.record.release_at or 0.0
        release_at = settable(wanted, self.run.now(), self.run.timings)
        if release_at != wanted:
            return events.ReleaseTimeMoved(release_at, wanted)
        try:
            self.run.ports.compute.set_release_time(record.region_id, record.instance_id or "", release_at)
        except ApiFailure as failure:
            self.run.call_failed(failure, record.region_id)
            return self._failed("lifetime", failure.error)
        return events.LifetimeSet()

    def _allocation_refused(self, error: ApiError) -> events.Event | None:
        """Look before a refusal counts: an address that the instance has is the one that was asked for."""
        run, region, instance_id = self.run, self.record.region_id, self.record.instance_id or ""
        verdict = classify(error)
        if not verdict.unknown and verdict.category not in ("throttled", "authentication"):
            if not run.has_time_for_call(run.now()):
                return None
            try:
                instance = run.ports.compute.describe(region, [instance_id]).get(instance_id)
            except ApiFailure as failure:
                run.call_failed(failure, region)
            else:
                if instance is not None and instance.public_ip_address:
                    return events.AddressAllocated(instance.public_ip_address)
        return self._failed("publicIp", error)

    # What DescribeInstances said

    def _unanswered(self, wanted: WatchStep | None, error: ApiError) -> events.Event | None:
        if wanted is WatchStep.CHECK_GONE:
            return self._failed("release", error)
        return events.Expired(error) if self._is_late() else None

    def _answered(self, wanted: WatchStep | None, instance: Instance | None) -> events.Event | None:
        late = self._is_late()
        if wanted is WatchStep.DESCRIBE and instance is not None:
            return _ready(self.record, instance, late=late)
        if wanted is WatchStep.DESCRIBE:
            # Its status is told, so it exists. Answers that go on without it do so without the right to see it.
            return events.Expired() if late and past_grace(self.record, self.run.now(), self.run.timings) else None
        if instance is None:
            if wanted is WatchStep.CHECK_GONE:
                return events.Gone()
            # At a deadline the instance may have been missing from a single answer only: releasing it is the safe end.
            return events.Expired() if late and self.record.on_failure == "release" else events.Vanished()
        return events.Expired() if late else events.SeenPresent()

    def _failed(self, stage: str, error: ApiError) -> events.Event:
        return events.StepFailed(stage, error, self.run.ports.entropy.jitter())

    def _record_and_log(self, event: events.Event) -> None:
        """Record what happened, and log a change of state."""
        was = self.record.state
        self.record = after = record_event(self.run, self.record, event)
        if after.state is was:
            return
        error = after.failure.error if after.state is State.FAILED and after.failure else None
        self.run.ports.log.info(
            "request",
            request_id=after.request_id,
            was=was.value,
            state=after.state.value,
            instance_id=after.instance_id,
            generation=after.generation.number,
            code=error.code if error else None,
            category=classify(error).category if error else None,
            age=round(self.run.now() - after.accepted_at, 3),
            on_time=self.run.now() <= after.deadline,
        )


def _ready(record: Record, instance: Instance, *, late: bool) -> events.Event:
    """Complete a request, but one that asks for an address only with it."""
    if not record.allocate_public_ip or instance.public_ip_address or record.public_ip_address:
        return events.Ready(instance)
    return events.Expired() if late else events.NoAddress()
