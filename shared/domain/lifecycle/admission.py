"""The `waiting` state: accepted and recorded, no call announced; and which places a record rightly holds.

    claim ──► place in hand, no pause ──► call announced  ► creating
          └──► deadline, notAfter, or taken back          ► failed, nothing bought

The order is record, place, call: a process that dies in between leaves a record that asks for the same place again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors.model import ApiError
from shared.domain.lifecycle import outcome
from shared.domain.lifecycle.record import TERMINAL, Failure, Record, State
from shared.domain.policy.places import is_hour

if TYPE_CHECKING:
    from shared.domain.lifecycle.events import CallAnnounced, CancelAsked, CopySent, Expired, HeldBack
    from shared.domain.timings import Timings

LIMIT, PAUSED = "PolicyLimit", "PolicyPaused"
"""What a request can wait for: the codes that its deadline reports."""
_SHORTEST, _LONGEST = 5.0, 300.0


def expires_at(record: Record) -> float:
    """Return when a waiting request fails: at its deadline, or at its notAfter if that comes first."""
    return record.deadline if record.not_after is None else min(record.deadline, record.not_after)


def try_again_at(record: Record, now: float, jitter: float) -> float:
    """Return when a request that is held back asks again: the longer it has waited, the later, and at its end."""
    wait = min(max((now - record.accepted_at) / 2, _SHORTEST), _LONGEST) * (1 - jitter / 2)
    return min(now + wait, expires_at(record))


def on_announced(record: Record, event: CallAnnounced, now: float, timings: Timings) -> Record:
    """Begin to buy: the places are in hand, and what was read of pause and limits is not too old."""
    if now > event.good_until or now >= expires_at(record):
        return record
    return record.changed(
        state=State.CREATING, claimant=event.claimant, calling=True, call_until=event.call_until,
        token_until=event.call_until + timings.settle_seconds, due_at=event.call_until + timings.skew_seconds,
        places=event.places, held="",
    )  # fmt: skip


def on_held(record: Record, event: HeldBack, _now: float, _timings: Timings) -> Record:
    """Note what is waited for, and the places that are held meanwhile."""
    more = tuple(bucket for bucket in event.places if bucket not in record.places)
    return record.changed(held=event.code, places=record.places + more)


def on_copy_sent(record: Record, event: CopySent, _now: float, _timings: Timings) -> Record:
    """Note the copy that will go on."""
    return record.changed(copy_id=event.copy_id, next_try_at=event.next_try_at)


def on_cancel(record: Record, event: CancelAsked, now: float, timings: Timings) -> Record:
    """Take it back: nothing was called."""
    return outcome.fail_cancelled(record.changed(cancel=outcome.act(event, now)), now, timings)


def on_expired(record: Record, _event: Expired, now: float, timings: Timings) -> Record:
    """Fail with what was waited for, or because the message asked for nothing later than now."""
    if now < expires_at(record):
        return record
    error = outcome.timed_out(record)
    if record.not_after is not None and record.not_after < record.deadline:
        error = ApiError("", 400, "MessageExpired", outcome.too_late(record.not_after))
    return outcome.fail(record, Failure("create", error), outcome.KEPT, now, timings)


def keeps(record: Record | None, bucket: str) -> bool:
    """Tell whether a record rightly holds a place: while it may call, and an hour's for ever once it has bought."""
    if record is None:
        return False
    if record.state in TERMINAL:
        return is_hour(bucket) and bucket in record.places and record.instance_id is not None
    return record.state is State.WAITING or bucket in record.places


def given_back(record: Record) -> list[str]:
    """Return the buckets that a record gives its places back to at its end."""
    return [bucket for bucket in record.places if not keeps(record, bucket)]
