"""The operators' acts: pause, resume, cancel. They are written to the store; senders cannot do any of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from shared.domain.lifecycle.record import TERMINAL, UNBOUGHT, State
from shared.domain.policy.control import Pause
from shared.ports import Conflict, StoreUnavailable
from shared.usecases.writing import write_event

if TYPE_CHECKING:
    from shared.domain.lifecycle.events import CancelAsked
    from shared.domain.lifecycle.record import Record
    from shared.domain.timings import Timings
    from shared.ports import Clock, Store

MAX_BY, MAX_REASON = 200, 500
"""How long who and why may be, in characters."""
_TRIES = 5


class CancelEnd(str, Enum):
    """What a cancel came to."""

    CANCELLED = "cancelled"
    """The request has failed, and nothing was bought."""
    SETTLING = "settling"
    """A call may have had an effect: what it made is released as soon as that is known."""
    RELEASING = "releasing"
    """The instance is being released."""
    KEPT = "kept"
    """The instance cannot be released, and nothing was changed."""
    ENDED = "ended"
    """The request had ended before."""
    UNKNOWN = "unknown"
    """Nothing is recorded of it."""


TAKEN_BACK = frozenset({CancelEnd.CANCELLED, CancelEnd.SETTLING, CancelEnd.RELEASING})


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The end, and the record as it stands then."""

    end: CancelEnd
    record: Record | None = None


def cancel(store: Store, clock: Clock, timings: Timings, request_id: str, event: CancelAsked) -> Cancelled:
    """Take a request back, whoever else writes to its record; asked again, tell the same.

    Its outcome is published by the timer. Raises StoreUnavailable and UnreadableRecord.
    """
    record = store.get(request_id)
    if record is None:
        return Cancelled(CancelEnd.UNKNOWN)
    record = write_event(store, record, event, clock.now, timings)
    return Cancelled(_end(record), record)


def _end(record: Record) -> CancelEnd:
    if record.state in TERMINAL:
        cancelled = record.cancel is not None and record.instance_id is None
        return CancelEnd.CANCELLED if cancelled else CancelEnd.ENDED
    if record.state is State.RELEASING:
        return CancelEnd.RELEASING
    if record.cancel is None:
        return CancelEnd.KEPT
    return CancelEnd.SETTLING if record.state in UNBOUGHT else CancelEnd.RELEASING


def say(store: Store, word: Pause) -> Pause | None:
    """Pause or resume; return None when it is done, or the word that says the same already.

    Raises StoreUnavailable, also when others always come first.
    """
    for _ in range(_TRIES):
        before = store.pause()
        if (before is not None and before.active) == word.active:
            return before or Pause(active=False, by="", reason="", at=0.0)
        try:
            store.put_pause(word, before)
        except Conflict:
            continue
        return None
    raise StoreUnavailable("too many pause and resume at once")
