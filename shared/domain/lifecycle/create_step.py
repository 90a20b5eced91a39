"""What a request without an instance needs next, as the queue function and the timer ask it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from shared.domain.lifecycle.admission import expires_at
from shared.domain.lifecycle.record import State

if TYPE_CHECKING:
    from shared.domain.lifecycle.record import Record
    from shared.domain.timings import Timings


class CreateStep(Enum):
    """What a waiting or creating record needs next."""

    CALL = "call"
    LOOK_UP = "look up"
    WAIT = "wait"
    EXPIRE = "expire"
    LEAVE = "leave to the timer"


@dataclass(frozen=True, slots=True)
class Next:
    """A step, and when (WAIT: until then; otherwise now)."""

    step: CreateStep
    at: float = 0.0


def next_step(record: Record, claimant: str, now: float, timings: Timings) -> Next:
    """Tell what to do for a waiting or creating record; `claimant` is who asks, empty for the timer."""
    if record.state is State.WAITING:
        return Next(CreateStep.EXPIRE if now >= expires_at(record) else CreateStep.CALL)
    return Next(CreateStep.LEAVE) if record.cancel is not None else _next_of_creating(record, claimant, now, timings)


def _next_of_creating(record: Record, claimant: str, now: float, timings: Timings) -> Next:
    if record.calling and record.claimant != claimant and now < record.call_until + timings.skew_seconds:
        return Next(CreateStep.WAIT, record.call_until + timings.skew_seconds)
    if record.calling and record.claimant == claimant:
        return Next(CreateStep.CALL)
    if record.unsettled and (record.settling or now >= min(record.deadline, record.token_until)):
        return _settling_step(record, now, timings)
    if now >= record.deadline:
        return Next(CreateStep.EXPIRE)
    if now < record.retry_at:
        return Next(CreateStep.WAIT, min(record.retry_at, record.deadline))
    return Next(CreateStep.CALL)


def _settling_step(record: Record, now: float, timings: Timings) -> Next:
    look_up_at = max(record.call_until + timings.settle_seconds, record.look_up_at)
    if now >= look_up_at:
        return Next(CreateStep.LOOK_UP)
    # Past the deadline no call is left to make: no copy of the message has to come back.
    return Next(CreateStep.LEAVE) if now >= record.deadline else Next(CreateStep.WAIT, look_up_at)


def watch_step(record: Record, now: float) -> Next:
    """Tell what the timer, which cannot call, does for a waiting or creating record that is due."""
    if now < record.due_at:
        return Next(CreateStep.WAIT, record.due_at)
    if record.state is State.WAITING:
        return Next(CreateStep.EXPIRE)
    if record.unsettled:
        return Next(CreateStep.LOOK_UP)
    return Next(CreateStep.EXPIRE) if now >= record.deadline else Next(CreateStep.WAIT, record.deadline)
