"""From a claimed record to an answer: announce the call, make it, record what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.errors.catalogue import succeeded
from shared.domain.errors.model import ApiError
from shared.domain.errors.retry import INLINE_SECONDS
from shared.domain.lifecycle import creating, events, outcome
from shared.domain.lifecycle.admission import PAUSED, try_again_at
from shared.domain.lifecycle.create_step import CreateStep, next_step
from shared.domain.lifecycle.record import UNBOUGHT
from shared.domain.timings import REQUEST_TAG
from shared.ports import ApiFailure, StoreUnavailable
from shared.usecases.places import admit, give_back_surplus, is_paused
from shared.usecases.writing import record_event

if TYPE_CHECKING:
    from shared.domain.lifecycle.record import Record
    from shared.domain.message.request import Request
    from shared.usecases.context import Run

EARLIER_SECONDS = 3600.0
"""How much older than its record an instance may seem: clocks disagree, and ECS tells whole minutes. Records are kept
for a month, so an earlier request's instance is far older."""
_KEEP_TRIES = 3
_STRAGGLER_TRIES, _STRAGGLER_SECONDS = 12, 5.0


@dataclass(frozen=True, slots=True)
class Creation:
    """The record as stored, and when a copy of the message has to go on with it.

    A record without an instance, and without such a time, is the timer's to settle.
    """

    record: Record
    again_at: float | None = None


def create(run: Run, request: Request, record: Record, claimant: str) -> Creation:
    """Go on with a waiting or creating record until it is something else, or has to wait.

    Raises StoreUnavailable; the record then still says that a call may be under way.
    """
    clock = run.ports.clock
    while record.state in UNBOUGHT:
        now = clock.now()
        following = next_step(record, claimant, now, run.timings)
        if following.step is CreateStep.EXPIRE:
            record = record_event(run, record, events.Expired())
        elif following.step is CreateStep.LEAVE:
            return Creation(record)
        elif following.step is CreateStep.WAIT:
            if following.at - now > INLINE_SECONDS or not run.has_time_for_call(following.at):
                return Creation(record, following.at)
            clock.sleep(max(following.at - now, 0.0))
        elif run.keys_refused or not run.has_time_for_call(now):
            return Creation(record, run.resumes_at(now))
        elif following.step is CreateStep.LOOK_UP:
            record = record_event(run, record, look_up(run, record))
        elif record.calling and record.claimant == claimant:
            record = _call(run, request, record, claimant)
        else:
            record = _announce(run, record, claimant)
        if record.held and record.state in UNBOUGHT and not record.unsettled:
            return Creation(record, try_again_at(record, run.now(), run.ports.entropy.jitter()))
    return Creation(record)


def _announce(run: Run, record: Record, claimant: str) -> Record:
    """Announce the next call, or note what holds it back."""
    admission = admit(run, record)
    if admission.held:
        return record_event(run, record, events.HeldBack(claimant, admission.held, admission.places))
    event = events.CallAnnounced(claimant, run.call_deadline(run.now()), admission.places, admission.good_until)
    after = record_event(run, record, event)
    give_back_surplus(run, after, admission.places)
    return after


def look_up(run: Run, record: Record) -> events.LookedUp | events.LookUpFailed:
    """Ask ECS for the instance that carries the request's tag, and tell what came of it.

    One that is older than the record belongs to an earlier request of the same id, whose record is gone by now. When
    ECS does not say, and the request is past its deadline, somebody has to know: it cannot end before it does.
    """
    try:
        found = run.ports.compute.find_by_tag(record.region_id, REQUEST_TAG, record.tag)
    except ApiFailure as failure:
        run.call_failed(failure, record.region_id)
        now = run.now()
        if now >= record.deadline:
            run.ports.log.error(
                "unsettled",
                request_id=record.request_id,
                region_id=record.region_id,
                age=round(now - record.accepted_at),
                overdue=round(now - record.deadline),
            )
        return events.LookUpFailed(run.ports.entropy.jitter())
    earliest = record.accepted_at - EARLIER_SECONDS
    own = [instance for instance in found if instance.created_at is None or instance.created_at >= earliest]
    return events.LookedUp(own[0] if own else None)


def _call(run: Run, request: Request, record: Record, claimant: str) -> Record:
    """Call CreateInstance once and record its answer.

    In a pause that began since, what was announced is withdrawn; without time left for a call it is announced anew.
    """
    ports = run.ports
    if is_paused(run):
        return record_event(run, record, events.HeldBack(claimant, PAUSED))
    if not run.has_time_for_call(run.now(), record.call_until):  # to read the pause may have taken long
        return _announce(run, record, claimant)
    generation = record.generation.number
    if request.not_after is not None and run.now() > request.not_after and _is_first(record):
        error = ApiError("CreateInstance", 400, "MessageExpired", outcome.too_late(request.not_after))
        return record_event(run, record, events.CreateFailed(claimant, generation, error, 0.0))
    try:
        created = ports.compute.create(creating.call_parameters(record, request))
    except ApiFailure as failure:
        if succeeded(failure.error):
            return record_event(run, record, events.DryRunPassed())
        run.call_failed(failure, record.region_id)
        failed = events.CreateFailed(claimant, generation, failure.error, ports.entropy.jitter())
        return record_event(run, record, failed)
    after = _keep(run, record, events.InstanceCreated(generation, created))
    if after.instance_id != created.instance_id:
        _release_straggler(run, after, created.instance_id)
    return after


def _is_first(record: Record) -> bool:
    """Tell whether no call of the request was ever answered: one that was announced may not have been made."""
    return record.generation.number == 1 and not record.tries


def _keep(run: Run, record: Record, event: events.InstanceCreated) -> Record:
    """Record an id, trying harder than for anything else: it is money."""
    for _ in range(_KEEP_TRIES):
        try:
            return record_event(run, record, event)
        except StoreUnavailable:  # noqa: PERF203 - three turns, each of them a chance to keep an instance
            if not run.has_time_for_call(run.now()):
                break
            run.ports.clock.sleep(0.5)
    return record_event(run, record, event)


def _release_straggler(run: Run, record: Record, instance_id: str) -> None:
    """Delete an instance whose call came back after its record had been settled without it.

    The fence makes this impossible while clocks keep to `skew_seconds`; a process frozen in the middle of a call for
    minutes can still do it. Nobody else knows the instance, and a new one refuses its deletion for a while, so this
    goes on past the end of the run.
    """
    log, code = run.ports.log, ""
    log.error("straggler", request_id=record.request_id, instance_id=instance_id)
    for _ in range(_STRAGGLER_TRIES):
        try:
            run.ports.compute.delete(record.region_id, instance_id)
        except ApiFailure as failure:
            code = failure.error.code  # "not found", too: a new instance may not be known everywhere yet
        else:
            return
        run.ports.clock.sleep(_STRAGGLER_SECONDS)
    log.error("straggler_kept", request_id=record.request_id, instance_id=instance_id, code=code)
