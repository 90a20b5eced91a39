"""What a polling round does with one record that needs something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors.catalogue import classify, succeeded
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle import creating, events
from shared.domain.lifecycle.creating import CreateStep
from shared.domain.lifecycle.record import TERMINAL, Record, State
from shared.domain.lifecycle.waiting import QUIET, WatchStep, act, past_grace, release_act
from shared.ports import ApiFailure
from shared.usecases.create import look_up
from shared.usecases.writing import apply, publish

if TYPE_CHECKING:
    from shared.ports import Instance
    from shared.usecases.context import Run

Question = tuple[Record, WatchStep]
"""A record that cannot go on before DescribeInstances has told of its instance, and why."""
_MAX_STEPS = 6


def move_on(
    run: Run, record: Record, status: str | None, *, absent: bool, error: ApiError | None = None
) -> tuple[Record, Question | None]:
    """Take every step that is possible now.

    `status` is what the status answer said, `absent` that it said nothing, `error` why there was none. Raises
    StoreUnavailable.
    """
    question: Question | None = None
    if record.state is State.CREATING:
        record = _creating(run, record)
    elif record.state is State.RELEASING:
        record, question = _releasing(run, record)
    elif record.state in QUIET:
        record, question = _missing(run, record) if absent else _watching(run, record, status, error)
    publish_due(run, record)
    return record, question


def answer(run: Run, question: Question, found: dict[str, Instance] | ApiError) -> Record:
    """Go on with what DescribeInstances said; an error is what only a deadline gets past."""
    record, wanted = question
    event: events.Event | None
    if isinstance(found, ApiError):
        event = _unanswered(run, record, wanted, found)
    else:
        event = _answer(record, wanted, found, late=is_late(run, record))
    if event is None:
        return record
    record = _apply(run, record, event)
    publish_due(run, record)
    return record


def is_late(run: Run, record: Record) -> bool:
    """Tell whether a watched record is past its deadline."""
    return record.state in QUIET and run.now() >= record.deadline


def publish_due(run: Run, record: Record) -> None:
    """Publish an ended record's outcome, unless the topic has only just refused it."""
    if record.state in TERMINAL and record.due_at <= run.now():
        publish(run, record)


def _unanswered(run: Run, record: Record, wanted: WatchStep, error: ApiError) -> events.Event | None:
    if wanted is WatchStep.CHECK_GONE:
        return _failed(run, "release", error)
    return events.Expired(error) if is_late(run, record) else None


def _answer(record: Record, wanted: WatchStep, found: dict[str, Instance], *, late: bool) -> events.Event | None:
    instance = found.get(record.instance_id or "")
    if wanted is WatchStep.DESCRIBE:
        return _ready(record, instance, late=late) if instance is not None else None
    if instance is None:
        if wanted is WatchStep.CHECK_GONE:
            return events.Gone()
        # At a deadline the instance may have been missing from a single answer only: releasing it is the safe end.
        return events.Expired() if late and record.on_failure == "release" else events.Vanished()
    return events.Expired() if late else events.SeenPresent()


def _ready(record: Record, instance: Instance, *, late: bool) -> events.Event:
    """Complete a request, but one that asks for an address only with it."""
    if not record.allocate_public_ip or instance.public_ip_address or record.public_ip_address:
        return events.Ready(instance)
    return events.Expired() if late else events.NoAddress()


def _creating(run: Run, record: Record) -> Record:
    following = creating.watch_step(record, run.now())
    if following.step is CreateStep.EXPIRE:
        return _apply(run, record, events.Expired())
    if following.step is CreateStep.LOOK_UP:
        return _apply(run, record, look_up(run, record))
    return record


def _watching(run: Run, record: Record, status: str | None, error: ApiError | None) -> tuple[Record, Question | None]:
    if status is not None and record.absent_since is not None:
        record = _apply(run, record, events.SeenPresent())
    for _ in range(_MAX_STEPS):
        if record.state not in QUIET or record.due_at > run.now() or not run.has_time_for_call(run.now()):
            break
        wanted = act(record, status, run.now())
        if wanted is WatchStep.WAIT:
            break
        if wanted is WatchStep.DESCRIBE:
            return record, (record, wanted)
        event = events.Expired(error) if wanted is WatchStep.EXPIRE else _step(run, record, wanted)
        if event is None:
            break
        record = _apply(run, record, event)
    return record, None


def _step(run: Run, record: Record, wanted: WatchStep) -> events.Event | None:
    """Allocate the address or start the instance; what is so already counts as done. None: no time to find out."""
    compute, region, instance = run.ports.compute, record.region_id, record.instance_id or ""
    try:
        if wanted is WatchStep.ALLOCATE:
            return events.AddressAllocated(compute.allocate_address(region, instance))
        compute.start(region, instance)
    except ApiFailure as failure:
        if not succeeded(failure.error):
            run.call_failed(failure, record.region_id)
            if wanted is WatchStep.ALLOCATE:
                return _allocation_refused(run, record, failure.error)
            return _failed(run, "start", failure.error)
        if wanted is WatchStep.ALLOCATE:
            return events.AddressAllocated(None)
    return events.StartSent()


def _allocation_refused(run: Run, record: Record, error: ApiError) -> events.Event | None:
    """Look before a refusal counts: an address that the instance has is the one asked for, whatever the code says."""
    verdict = classify(error)
    if not verdict.unknown and verdict.category not in ("throttled", "authentication"):
        if not run.has_time_for_call(run.now()):
            return None
        try:
            found = run.ports.compute.describe(record.region_id, [record.instance_id or ""])
        except ApiFailure as failure:
            run.call_failed(failure, record.region_id)
        else:
            instance = found.get(record.instance_id or "")
            if instance is not None and instance.public_ip_address:
                return events.AddressAllocated(instance.public_ip_address)
    return _failed(run, "publicIp", error)


def _failed(run: Run, stage: str, error: ApiError) -> events.Event:
    return events.StepFailed(stage, error, run.ports.entropy.jitter())


def _missing(run: Run, record: Record) -> tuple[Record, Question | None]:
    """Note a first absence; have a later one, or one at the deadline, confirmed by name."""
    if is_late(run, record) and not past_grace(record, run.now(), run.timings):
        return _apply(run, record, events.Expired()), None
    if record.absent_since is None and not is_late(run, record):
        return _apply(run, record, events.SeenAbsent()), None
    return record, (record, WatchStep.CONFIRM_ABSENCE)


def _releasing(run: Run, record: Record) -> tuple[Record, Question | None]:
    if record.due_at > run.now():
        return record, None
    if release_act(record) is WatchStep.CHECK_GONE:
        return record, (record, WatchStep.CHECK_GONE)
    event: events.Event = events.DeleteAccepted()
    try:
        run.ports.compute.delete(record.region_id, record.instance_id or "")
    except ApiFailure as failure:
        event = events.DeleteAccepted(found=False)
        if not succeeded(failure.error):
            run.call_failed(failure, record.region_id)
            event = _failed(run, "release", failure.error)
    return _apply(run, record, event), None


def _apply(run: Run, record: Record, event: events.Event) -> Record:
    """Advance, write, and log a change of state."""
    after = apply(run.ports, run.timings, record, event)
    if after.state is not record.state:
        error = after.failure.error if after.state is State.FAILED and after.failure else None
        run.ports.log.info(
            "request",
            request_id=after.request_id,
            was=record.state.value,
            state=after.state.value,
            instance_id=after.instance_id,
            generation=after.generation.number,
            code=error.code if error else None,
            category=classify(error).category if error else None,
            age=round(run.now() - after.accepted_at, 3),
            on_time=run.now() <= after.deadline,
        )
    return after
