"""Refusing a message: the answer is frozen under the message's own id before it is published.

So a repeat publishes what stands there, whatever the rules are by then, and what the topic does not take at once is
left to the timer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.create_instance.schema import Violation
from shared.domain.lifecycle import outcome
from shared.domain.lifecycle.record import Record, State
from shared.domain.message.request import Refusal, Request

if TYPE_CHECKING:
    from shared.domain.message.request import Delivery
    from shared.usecases.context import Run


def freeze(run: Run, delivery: Delivery, refusal: Refusal, *, duplicate_of: str | None = None) -> Record:
    """Keep the answer to a message that is no request; return what is kept, which is the answer of its first delivery.

    `duplicate_of` is the request id when a request is recorded under it. Raises StoreUnavailable and UnreadableRecord.
    """
    text = outcome.refused(refusal, delivery.message_id, delivery.time, run.timings, duplicate_of=duplicate_of)
    fresh = kept_refusal(delivery.message_id, text, run.now())
    return run.ports.store.claim(fresh) or fresh


def kept_refusal(message_id: str, text: str, now: float) -> Record:
    """Return the record that keeps a refusal; its key is no request id."""
    return Record(
        request_id=f"~{message_id}", version=1, state=State.FAILED, message_id=message_id, accepted_at=now, due_at=now,
        finished_at=now, outcome=text,
    )  # fmt: skip


def expired(request: Request, not_after: float) -> Refusal:
    """Return the refusal of a message that was taken too late."""
    return _refusal(request, Violation("notAfter", "MessageExpired", outcome.too_late(not_after)))


def reused(read: Request | Refusal) -> Refusal:
    """Return the refusal of a message whose id belongs to a request with other content."""
    text = "This requestId belongs to a request with other content; use a new id for a new request."
    return _refusal(read, Violation("requestId", "IdempotentParameterMismatch", text))


def given_up(request_id: str | None) -> Refusal:
    """Return the refusal of a message that the worker itself cannot handle, and of which nothing is recorded."""
    text = "The worker failed on this message again and again and has given it up; nothing was bought."
    return Refusal((Violation("", "InternalError", text),), request_id)


def _refusal(read: Request | Refusal, violation: Violation) -> Refusal:
    return Refusal((violation,), read.request_id, read.region_id, read.metadata)
