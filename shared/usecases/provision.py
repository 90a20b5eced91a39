"""From messages to instances: what the queue function does with one batch.

Every message is handled on its own and ends in one of three ways: it is done, it was sent again to its queue for
later, or (only when even that failed) it is named in `Batch.unacknowledged`, and the function must fail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.create_instance.schema import Violation
from shared.domain.errors.catalogue import classify
from shared.domain.lifecycle import creating, events, outcome
from shared.domain.lifecycle.record import TERMINAL, Record, State
from shared.domain.message.parse import parse
from shared.domain.message.request import Refusal, Request
from shared.ports import PublishFailed, SendFailed, StoreUnavailable
from shared.usecases.context import Run
from shared.usecases.create import create
from shared.usecases.threads import map_threads
from shared.usecases.writing import apply, publish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.create_instance.view import CheckOptions
    from shared.domain.message.request import Delivery
    from shared.domain.timings import Timings
    from shared.ports import Ports

UNACKNOWLEDGED = "unacknowledged"
_STORE_AGAIN_SECONDS = 15.0
_TOPIC_AGAIN_SECONDS = 60.0
_BUG_AGAIN_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch: how many messages ended how, and the ids of those the function must fail for."""

    ends: dict[str, int]
    unacknowledged: tuple[str, ...]


def provision(
    deliveries: Sequence[Delivery],
    ports: Ports,
    timings: Timings,
    options: CheckOptions,
    *,
    ends_at: float,
    workers: int,
) -> Batch:
    """Handle a batch side by side; no call starts that could last past `ends_at`. Nothing raises for one message."""
    run = Run(ports, timings, ends_at)
    claimants = ports.entropy.token()
    messages = [_Message(run, delivery, f"{claimants}.{number}") for number, delivery in enumerate(deliveries)]
    map_threads(lambda message: message.handle(options), messages, workers)
    ends: dict[str, int] = {}
    for message in messages:
        ends[message.end] = ends.get(message.end, 0) + 1
    return Batch(ends, tuple(m.delivery.message_id for m in messages if m.end == UNACKNOWLEDGED))


@dataclass(slots=True)
class _Message:
    """One delivery on its way through the function, and what is known of it for its log line.

    `claimant` is this delivery's name in the whole world.
    """

    run: Run
    delivery: Delivery
    claimant: str
    end: str = UNACKNOWLEDGED
    request_id: str | None = None
    record: Record | None = None
    code: str | None = None

    def handle(self, options: CheckOptions) -> None:
        """Bring the message to its end and write its one line; nothing raises."""
        started = self.run.now()
        log, message_id = self.run.ports.log, self.delivery.message_id
        try:
            self.end = self._end(options)
        except StoreUnavailable as failure:
            self.run.store_failed(failure, message_id=message_id)
            self.end = self._send_again(self.run.now() + _STORE_AGAIN_SECONDS)
        except Exception as bug:  # noqa: BLE001 - one message's bug must not take its batch along, nor be printed
            log.error("unexpected", message_id=message_id, error=type(bug).__name__)
            self.end = self._send_again(self.run.now() + _BUG_AGAIN_SECONDS)
        record = self.record
        ended = record.failure if record and record.state is State.FAILED else None
        log.info(
            "message",
            message_id=message_id,
            request_id=self.request_id,
            end=self.end,
            state=record.state.value if record else None,
            instance_id=record.instance_id if record else None,
            generation=record.generation.number if record else None,
            accepted_at=round(record.accepted_at, 3) if record else None,
            code=self.code or (record.generation.error_code if record else None),
            category=classify(ended.error).category if ended else None,
            seconds=round(self.run.now() - started, 3),
        )

    def _end(self, options: CheckOptions) -> str:
        request = parse(self.delivery.body, options)
        if isinstance(request, Refusal):
            return self._refuse(request)
        self.request_id = request.request_id
        store, now = self.run.ports.store, self.run.now()
        if not self.run.has_time_for_call(now):
            return self._send_again(now + 1)
        if request.not_after is not None and now > request.not_after and store.get(request.request_id) is None:
            return self._refuse(_expired(request, request.not_after))
        return self._claim(request, now)

    def _claim(self, request: Request, now: float) -> str:
        """Make the record, or go on with the one that is there."""
        fresh = creating.claim(
            request, self.delivery.message_id, claimant=self.claimant, nonce=self.claimant, now=now,
            call_until=self.run.call_deadline(now), timings=self.run.timings,
        )  # fmt: skip
        found = self.run.ports.store.claim(fresh)
        if found is not None and found.fingerprint != fresh.fingerprint:
            return self._refuse(_reused(request), duplicate_of=request.request_id)
        self.record = found or fresh
        if self.record.state in TERMINAL:
            return self._repeat(self.record)
        if self.record.state is not State.CREATING or self._early(self.record):
            return "duplicate"
        return self._create(request, self.record)

    def _create(self, request: Request, record: Record) -> str:
        self.record, again_at = create(self.run, request, record, self.claimant)
        if again_at is not None:
            return self._send_again(again_at)
        if self.record.state not in TERMINAL:
            return "created"
        publish(self.run.ports, self.run.timings, self.record)
        return self.record.state.value

    def _refuse(self, refusal: Refusal, *, duplicate_of: str | None = None) -> str:
        """Answer a message that is no request; keep the answer for the timer if the topic does not take it."""
        ports, delivery = self.run.ports, self.delivery
        self.request_id, self.code = refusal.request_id, refusal.violations[0].code
        text = outcome.refused(refusal, delivery.message_id, delivery.time, self.run.timings, duplicate_of=duplicate_of)
        try:
            ports.outcomes.publish(text, outcome.FAILED)
        except PublishFailed as failure:
            ports.log.warning("publish_failed", message_id=delivery.message_id, error=str(failure))
            ports.store.claim(kept_refusal(delivery.message_id, text, self.run.now()))
        return "refused"

    def _repeat(self, record: Record) -> str:
        """Publish the outcome of a finished request again."""
        ports = self.run.ports
        if record.open:
            publish(ports, self.run.timings, record)
            return "repeated"
        text = record.outcome or ""
        try:
            ports.outcomes.publish(text, outcome.tag_of(text))
        except PublishFailed:
            return self._send_again(self.run.now() + _TOPIC_AGAIN_SECONDS)
        return "repeated"

    def _send_again(self, due: float) -> str:
        """Send the message to its own queue for later, then note it: in this order no message is lost."""
        ports = self.run.ports
        delay = max(1, math.ceil(due - self.run.now()))
        try:
            copy_id = ports.queue.send(self.delivery.body, delay)
        except SendFailed as failure:
            ports.log.error("send_failed", message_id=self.delivery.message_id, error=str(failure))
            return UNACKNOWLEDGED
        if self.record is not None and self.record.state is State.CREATING:
            try:
                self.record = apply(
                    ports, self.run.timings, self.record, events.CopySent(copy_id, self.run.now() + delay)
                )
            except StoreUnavailable as failure:
                ports.log.warning("store_unavailable", request_id=self.request_id, error=str(failure))
        return "deferred"

    def _early(self, record: Record) -> bool:
        """Tell whether another copy of this message is due later and will go on in its stead."""
        due = record.next_try_at
        later = due is not None and due - self.run.now() > self.run.timings.early_seconds
        return later and self.delivery.message_id != record.copy_id


def kept_refusal(message_id: str, text: str, now: float) -> Record:
    """Return the record that keeps a refusal until it is published; its key is no request id."""
    return Record(
        request_id=f"~{message_id}", version=1, state=State.FAILED, message_id=message_id, accepted_at=now, due_at=now,
        finished_at=now, outcome=text,
    )  # fmt: skip


def _expired(request: Request, not_after: float) -> Refusal:
    when = outcome.rfc3339(not_after)
    text = f"The message was taken after its notAfter, {when}; nothing was bought."
    return _refusal(request, Violation("notAfter", "MessageExpired", text))


def _reused(request: Request) -> Refusal:
    text = "This requestId belongs to a request with other content; use a new id for a new request."
    return _refusal(request, Violation("requestId", "IdempotentParameterMismatch", text))


def _refusal(request: Request, violation: Violation) -> Refusal:
    return Refusal((violation,), request.request_id, request.region_id, request.metadata)
