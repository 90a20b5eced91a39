"""The states of a known instance: `pending`, `starting` and `releasing`, as the timer sees them.

pending ──Stopped──► (release time) ──► (address) ──► StartInstance ──► starting ──Running──► completed
   └────Stopped, nothing to start──────────────────────────────────────► completed
anything that fails, or the deadline ──► failed, or releasing ──► failed
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from shared.domain.errors.catalogue import classify
from shared.domain.errors.model import ApiError, Retry
from shared.domain.errors.retry import RetryAction, decide
from shared.domain.lifecycle import outcome
from shared.domain.lifecycle.events import SeenAbsent
from shared.domain.lifecycle.lifetime import is_unset
from shared.domain.lifecycle.record import Failure, Record, State

if TYPE_CHECKING:
    from shared.domain.lifecycle.events import (
        AddressAllocated,
        CancelAsked,
        DeleteAccepted,
        Expired,
        Gone,
        NoAddress,
        Ready,
        SeenPresent,
        StartSent,
        StepFailed,
        Vanished,
    )
    from shared.domain.timings import Timings

START_AGAIN_SECONDS = 60.0
"""A start that was accepted and shows no effect for this long is sent again; it does no harm to a started one."""
DELETE_AGAIN_SECONDS = 60.0
"""The same for a delete."""
DELETE_LONGEST_SECONDS = 30.0
"""The longest wait between deletes that are refused, and the one after a refusal that says it lasts."""
GONE_CHECK_SECONDS = 1.0
"""How long after an accepted delete the instance is first looked for."""

_STAGES = {
    "ModifyInstanceAutoReleaseTime": "lifetime", "AllocatePublicIpAddress": "publicIp", "StartInstance": "start",
}  # fmt: skip

NOT_FOUND_AGAIN_SECONDS = 5.0
"""How long to wait for an instance to delete that no answer shows yet."""
ADDRESS_AGAIN_SECONDS = 5.0
"""How long to wait for DescribeInstances to show an address that the instance is said to have."""

QUIET = {State.PENDING: "Pending", State.STARTING: "Starting"}
"""The status in which a state just waits: nothing to read, nothing to write."""


class WatchStep(Enum):
    """What a record with an instance needs next."""

    WAIT = "wait"
    SET_LIFETIME = "set lifetime"
    ALLOCATE = "allocate"
    START = "start"
    DESCRIBE = "describe"
    CONFIRM_ABSENCE = "confirm absence"
    EXPIRE = "expire"
    DELETE = "delete"
    CHECK_GONE = "check gone"


def act(record: Record, status: str | None, now: float) -> WatchStep:
    """Tell what to do for a pending or starting record whose instance has this status (None: not known)."""
    late = now >= record.deadline
    wanted = _act_in_time(record, status, now)
    if wanted is WatchStep.DESCRIBE or (wanted is WatchStep.SET_LIFETIME and _may_set_late(record)):
        return wanted
    return WatchStep.EXPIRE if late else wanted


def _may_set_late(record: Record) -> bool:
    """Tell whether the release time is set past the deadline all the same: once, for an instance that is kept."""
    tried = record.last_error is not None and _STAGES.get(record.last_error.action) == "lifetime"
    return record.on_failure != "release" and not tried


def past_grace(record: Record, now: float, timings: Timings) -> bool:
    """Tell whether absence means anything: answers show a new instance late, and clocks may disagree."""
    return now >= (record.created_at or now) + timings.grace_seconds + timings.skew_seconds


def release_act(record: Record) -> WatchStep:
    """Tell what to do for a releasing record."""
    return WatchStep.DELETE if record.deleted_at is None else WatchStep.CHECK_GONE


def _act_in_time(record: Record, status: str | None, now: float) -> WatchStep:
    if status not in ("Stopped", "Running"):
        return WatchStep.WAIT
    if is_unset(record):
        return WatchStep.SET_LIFETIME
    if record.allocate_public_ip and record.public_ip_address is None:
        return WatchStep.ALLOCATE
    if status == "Running" or not record.start:
        return WatchStep.DESCRIBE
    sent = record.start_sent_at
    return WatchStep.START if sent is None or now >= sent + START_AGAIN_SECONDS else WatchStep.WAIT


def on_present(record: Record, _event: SeenPresent, _now: float, _timings: Timings) -> Record:
    """Forget an absence that was no more than a gap in an answer."""
    return record.changed(absent_since=None)


def on_absent(record: Record, _event: SeenAbsent, now: float, timings: Timings) -> Record:
    """Note the first absence past the grace period; a later round confirms it."""
    if record.absent_since is not None or not past_grace(record, now, timings):
        return record
    return record.changed(absent_since=now)


def on_vanished(record: Record, _event: Vanished, now: float, timings: Timings) -> Record:
    """Fail a request whose instance is gone: there is nothing left to release."""
    failure = Failure(_stage(record), outcome.vanished(record))
    return outcome.fail(record, failure, outcome.VANISHED, now, timings)


def on_address(record: Record, event: AddressAllocated, _now: float, _timings: Timings) -> Record:
    """Note the address; an empty one when only DescribeInstances will tell it."""
    return record.changed(public_ip_address=event.address or "", tries=0, last_error=None)


def on_no_address(record: Record, _event: NoAddress, now: float, _timings: Timings) -> Record:
    """Ask again in a while; a request for an address does not end well without one."""
    return record.changed(due_at=min(now + ADDRESS_AGAIN_SECONDS, max(record.deadline, now + 1.0)))


def on_started(record: Record, _event: StartSent, now: float, _timings: Timings) -> Record:
    """Wait for Running."""
    return record.changed(state=State.STARTING, start_sent_at=now, tries=0, last_error=None)


def on_step_failed(record: Record, event: StepFailed, now: float, timings: Timings) -> Record:
    """Try the step again, or end: every step here can be repeated without harm, so an unknown answer is a retry."""
    error = event.error
    if _says_absent(error):
        record = on_absent(record, SeenAbsent(), now, timings)
    record = record.changed(tries=record.tries + 1, last_error=error)
    decision = decide(
        error,
        attempt=record.tries,
        now=now,
        deadline=record.deadline,
        alternative_left=False,
        jitter=lambda: event.jitter,
    )
    if decision.action is RetryAction.FAIL and not decision.verdict.unknown:
        return outcome.fail_or_release(record, event.stage, error, now, timings)
    again = now + max(decision.delay, 1.0)
    return record.changed(due_at=min(again, max(record.deadline, now + 1.0)))


def on_ready(record: Record, event: Ready, now: float, timings: Timings) -> Record:
    """Complete."""
    return outcome.complete(record, event.instance, now, timings)


def on_expired(record: Record, event: Expired, now: float, timings: Timings) -> Record:
    """Fail at the deadline with the last error seen."""
    if event.error is not None:
        record = record.changed(last_error=event.error)
    return outcome.fail_or_release(record, _stage(record), outcome.timed_out(record), now, timings)


def on_cancel(record: Record, event: CancelAsked, now: float, _timings: Timings) -> Record:
    """Release the instance, whatever `onFailure` says; one that cannot be released stays, and nothing changes."""
    if record.kept_because:
        return record
    record = record.changed(cancel=outcome.act(event, now))
    return outcome.release(record, Failure(_stage(record), outcome.cancelled(record)), now)


def on_delete_accepted(record: Record, event: DeleteAccepted, now: float, timings: Timings) -> Record:
    """Look for the instance soon; one that is too new to be found may still be there."""
    if not event.found and not past_grace(record, now, timings):
        return record.changed(due_at=now + NOT_FOUND_AGAIN_SECONDS)
    return record.changed(deleted_at=now, due_at=now + GONE_CHECK_SECONDS)


def on_gone(record: Record, _event: Gone, now: float, timings: Timings) -> Record:
    """Fail, the instance released."""
    return outcome.fail(record, _failure(record), outcome.RELEASED, now, timings)


def on_still_there(record: Record, _event: SeenPresent, now: float, timings: Timings) -> Record:
    """Wait for a deleted instance to go, delete it again, or give up after ten minutes."""
    if now >= (record.releasing_since or now) + timings.release_seconds:
        return outcome.fail(record, _failure(record), outcome.KEPT, now, timings, reason=_delete_error(record))
    if now >= (record.deleted_at or now) + DELETE_AGAIN_SECONDS:
        return record.changed(deleted_at=None, due_at=now)
    return record.changed(due_at=now + GONE_CHECK_SECONDS)


def on_delete_failed(record: Record, event: StepFailed, now: float, timings: Timings) -> Record:
    """Try again until ten minutes are over, whatever the error: the instance costs money."""
    if event.stage != "release":
        return record  # another worker's start or address, which failed because this one is deleting
    record = record.changed(tries=record.tries + 1, last_error=event.error)
    end = (record.releasing_since or now) + timings.release_seconds
    if now >= end:
        return outcome.fail(record, _failure(record), outcome.KEPT, now, timings, reason=event.error)
    decision = decide(
        event.error,
        attempt=record.tries,
        now=now,
        deadline=end,
        alternative_left=False,
        jitter=lambda: event.jitter,
    )
    refused = decision.action is RetryAction.FAIL
    wait = DELETE_LONGEST_SECONDS if refused else min(max(decision.delay, 2.0), DELETE_LONGEST_SECONDS)
    return record.changed(due_at=min(now + wait, end))


def _says_absent(error: ApiError) -> bool:
    """Tell whether a call found no instance, which a new one's absence from the answers explains, too."""
    verdict = classify(error)
    return verdict.catalogued and verdict.category == "not_found" and verdict.retry is Retry.LATER


def _delete_error(record: Record) -> ApiError:
    return record.last_error or ApiError(
        "DeleteInstance", None, "", "The delete was accepted, but the instance is still there."
    )


def _failure(record: Record) -> Failure:
    return record.failure or Failure(_stage(record), outcome.timed_out(record))


def _stage(record: Record) -> str:
    if record.last_error is not None and record.last_error.action in _STAGES:
        return _STAGES[record.last_error.action]
    return "start" if record.state is State.STARTING else "wait"
