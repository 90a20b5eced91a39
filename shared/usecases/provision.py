"""From messages to instances: what the queue function does with one batch.

Every message is handled on its own and ends in one of three ways: it is done, it was sent again to its queue for
later, or (only when even that failed) it is named in `Batch.unacknowledged`, and the function must fail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from shared.domain.errors.catalogue import classify
from shared.domain.lifecycle import events
from shared.domain.lifecycle.claim import claim
from shared.domain.lifecycle.record import TERMINAL, UNBOUGHT, Record, State, UnreadableRecord
from shared.domain.message.envelope import MAX_DEFERRED
from shared.domain.message.request import Refusal, Request
from shared.domain.message.unjudged import content_of, deferrals_of, request_id_of, with_deferrals
from shared.ports import SendFailed, StoreUnavailable, UnreadablePolicy
from shared.usecases.context import Run
from shared.usecases.create import create
from shared.usecases.judge import as_accepted, judge
from shared.usecases.places import begins_held
from shared.usecases.refuse import expired, freeze, given_up, reused
from shared.usecases.threads import map_threads
from shared.usecases.writing import publish, record_event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.domain.create_instance.view import CheckOptions
    from shared.domain.message.request import Delivery
    from shared.domain.timings import Timings
    from shared.ports import Ports

_STORE_AGAIN_SECONDS = 30.0
_TOPIC_AGAIN_SECONDS = 60.0
_POLICY_AGAIN_SECONDS = 60.0
_BUG_AGAIN_SECONDS = _UNREADABLE_AGAIN_SECONDS = 300.0


class MessageEnd(str, Enum):
    """How a message ended, in this delivery."""

    CREATED = "created"
    COMPLETED = "completed"
    FAILED = "failed"
    REFUSED = "refused"
    """It is no request, and its sender is told."""
    DUPLICATE = "duplicate"
    """Somebody else goes on with its request."""
    REPEATED = "repeated"
    """Its request had ended; the outcome is published again."""
    UNSETTLED = "unsettled"
    """A call may have had an effect; the timer finds out."""
    DEFERRED = "deferred"
    """It was sent again for later."""
    UNACKNOWLEDGED = "unacknowledged"
    """Not even that could be done: the queue has to deliver it again."""


_ENDS = {State.COMPLETED: MessageEnd.COMPLETED, State.FAILED: MessageEnd.FAILED, State.CREATING: MessageEnd.UNSETTLED}


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch: how many messages ended how, and the ids of those the function must fail for.

    `keys_refused` says that nothing more can be done with the keys that this process has.
    """

    ends: dict[str, int]
    unacknowledged: tuple[str, ...]
    keys_refused: bool


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
        ends[message.end.value] = ends.get(message.end.value, 0) + 1
    unacknowledged = tuple(m.delivery.message_id for m in messages if m.end is MessageEnd.UNACKNOWLEDGED)
    return Batch(ends, unacknowledged, run.keys_refused)


@dataclass(slots=True)
class _Message:
    """One delivery on its way through the function, and what is known of it for its log line.

    `claimant` is this delivery's name in the whole world.
    """

    run: Run
    delivery: Delivery
    claimant: str
    end: MessageEnd = MessageEnd.UNACKNOWLEDGED
    request_id: str | None = None
    record: Record | None = None
    code: str | None = None

    def handle(self, options: CheckOptions) -> None:
        """Bring the message to its end and write its one line; nothing raises."""
        started = self.run.now()
        log, message_id = self.run.ports.log, self.delivery.message_id
        self.end = self._ended(lambda: self._end(options), self._after_bug, self._give_up)
        record = self.record
        ends = record if self.end in (MessageEnd.COMPLETED, MessageEnd.FAILED) else None
        ended = ends.failure if ends and ends.state is State.FAILED else None
        log.info(
            "message",
            message_id=message_id,
            request_id=self.request_id,
            end=self.end.value,
            state=record.state.value if record else None,
            instance_id=record.instance_id if record else None,
            generation=record.generation.number if record else None,
            accepted_at=round(record.accepted_at, 3) if record else None,
            code=self.code or (record.generation.error_code if record else None),
            category=classify(ended.error).category if ended else None,
            seconds=round(self.run.now() - started, 3),
            **({"held": record.held} if record and record.held else {}),
            **({"on_time": self.run.now() <= ends.deadline} if ends else {}),
        )

    def _ended(self, *ways: Callable[[], MessageEnd]) -> MessageEnd:
        """Return what the first way comes to that meets no bug."""
        log, message_id = self.run.ports.log, self.delivery.message_id
        for way in ways:
            try:
                return way()
            except StoreUnavailable as failure:  # noqa: PERF203 - three ways at most
                self.run.store_failed(failure, message_id=message_id)
                return self._send_again(self.run.now() + _STORE_AGAIN_SECONDS)
            except UnreadablePolicy as failure:
                return self._await_policy(failure)
            except UnreadableRecord as failure:
                self.run.record_unreadable(self.request_id or f"~{message_id}", failure)
                return self._send_again(self.run.now() + _UNREADABLE_AGAIN_SECONDS)
            except Exception as bug:  # noqa: BLE001 - one message's bug must not take its batch along, nor be printed
                log.error("unexpected", message_id=message_id, error=type(bug).__name__)
        return self._send_again(self.run.now() + _BUG_AGAIN_SECONDS)

    def _end(self, options: CheckOptions) -> MessageEnd:
        if self.run.keys_refused:
            return self._send_again(self.run.resumes_at(self.run.now()))
        asked, now = self._judge(options), self.run.now()
        self.request_id = asked.request_id
        if isinstance(asked, Request):
            if not self.run.has_time_for_call(now):
                return self._send_unrecorded(now + 1)
            if asked.not_after is None or now <= asked.not_after:
                return self._claim(asked)
            asked = expired(asked, asked.not_after)
        # Nothing of it is said to the sender before it is known that no request of this id was accepted: by other
        # rules, perhaps, or from another version's message.
        found = self._recorded()
        return self._refuse(asked) if found is None else self._go_on(found, content_of(self.delivery.body), asked)

    def _judge(self, options: CheckOptions) -> Request | Refusal:
        """Return what the message comes to; without a policy that can be read, only a recorded request goes on."""
        try:
            return judge(self.run, self.delivery.body, options)
        except UnreadablePolicy:
            if self._recorded() is None:
                raise
            return Refusal((), request_id_of(self.delivery.body))

    def _claim(self, request: Request) -> MessageEnd:
        """Make the record, or go on with the one that is there."""
        store = self.run.ports.store
        identity = store.identity()
        held, places = begins_held(self.run)
        now = self.run.now()  # what was read by then may have taken long
        fresh = claim(
            request, self.delivery.message_id, store=identity, claimant=self.claimant, nonce=self.claimant,
            now=now, call_until=self.run.call_deadline(now), timings=self.run.timings, held=held, places=places,
        )  # fmt: skip
        found = store.claim(fresh)
        if found is not None:
            return self._go_on(found, request.sent or request, request)
        self.record = fresh
        return self._create(request, fresh)

    def _go_on(self, record: Record, content: Request | None, asked: Request | Refusal) -> MessageEnd:
        """Go on with the request that is recorded under the message's id, if it is the same; no rule is asked again."""
        if content is None or not record.is_of(content):
            return self._refuse(reused(asked), duplicate_of=record.request_id)
        self.record = record
        if record.state in TERMINAL:
            return self._repeat(record)
        if record.state not in UNBOUGHT or self._early(record):
            return MessageEnd.DUPLICATE
        return self._create(as_accepted(self.run, content, record), record)

    def _create(self, request: Request, record: Record) -> MessageEnd:
        creation = create(self.run, request, record, self.claimant)
        self.record = record = creation.record
        if creation.again_at is not None:
            return self._send_again(creation.again_at)
        if record.state in TERMINAL:
            publish(self.run, record)
        return _ENDS.get(record.state, MessageEnd.CREATED)

    def _refuse(self, refusal: Refusal, *, duplicate_of: str | None = None) -> MessageEnd:
        """Answer a message that is no request."""
        self.code = refusal.violations[0].code
        kept = freeze(self.run, self.delivery, refusal, duplicate_of=duplicate_of)
        try:
            publish(self.run, kept)
        except StoreUnavailable as failure:  # it is published, or the timer does it
            self.run.store_failed(failure, message_id=self.delivery.message_id)
        return MessageEnd.REFUSED

    def _repeat(self, record: Record) -> MessageEnd:
        """Publish the outcome of a finished request again; what is not published yet is left to the timer."""
        if not publish(self.run, record) and not record.open:
            return self._send_again(self.run.now() + _TOPIC_AGAIN_SECONDS)
        return MessageEnd.REPEATED

    def _recorded(self) -> Record | None:
        """Return what is recorded under the message's id."""
        request_id = request_id_of(self.delivery.body)
        return None if request_id is None else self.run.ports.store.get(request_id)

    def _await_policy(self, failure: UnreadablePolicy) -> MessageEnd:
        """Have the message come again, as often as it takes: nothing is bought by a policy that nobody can read."""
        self.run.policy_unreadable(failure)
        self.request_id = request_id_of(self.delivery.body)
        again_at = self.run.now() + _POLICY_AGAIN_SECONDS
        return self._send_again(again_at) if self.record is None else self._leave(self.record, again_at)

    def _after_bug(self) -> MessageEnd:
        """Have the message come again: a record knows until when, without one it is counted."""
        again_at = self.run.now() + _BUG_AGAIN_SECONDS
        record = self.record or self._recorded()
        return self._send_unrecorded(again_at) if record is None else self._leave(record, again_at)

    def _leave(self, record: Record, again_at: float) -> MessageEnd:
        """Send a recorded request's message again while it can be of use; after its deadline the timer settles it."""
        self.record = record
        if record.state in UNBOUGHT and self.run.now() < record.deadline:
            return self._send_again(again_at)
        return MessageEnd.DUPLICATE

    def _send_unrecorded(self, due: float) -> MessageEnd:
        """Send a message again of which nothing is recorded, as far as is known; give it up after so many times."""
        deferrals = deferrals_of(self.delivery.body)
        if deferrals is not None and deferrals < MAX_DEFERRED:
            return self._send_again(due, with_deferrals(self.delivery.body, deferrals + 1))
        record = self._recorded()
        return self._give_up() if record is None else self._leave(record, due)

    def _give_up(self) -> MessageEnd:
        """Refuse a message that meets a bug every time, as soon as it has come often enough."""
        deferrals = deferrals_of(self.delivery.body)
        if deferrals is not None and deferrals < MAX_DEFERRED:
            return self._send_unrecorded(self.run.now() + _BUG_AGAIN_SECONDS)
        self.run.ports.log.error("message_given_up", message_id=self.delivery.message_id, request_id=self.request_id)
        return self._refuse(given_up(request_id_of(self.delivery.body)))

    def _send_again(self, due: float, body: str | None = None) -> MessageEnd:
        """Send the message to its own queue for later, then note it: in this order no message is lost."""
        ports = self.run.ports
        delay = max(1, math.ceil(due - self.run.now()))
        try:
            copy_id = ports.queue.send(body or self.delivery.body, delay)
        except SendFailed as failure:
            self.run.send_failed(failure, self.delivery.message_id)
            return MessageEnd.UNACKNOWLEDGED
        if self.record is not None and self.record.state in UNBOUGHT:
            try:
                self.record = record_event(self.run, self.record, events.CopySent(copy_id, self.run.now() + delay))
            except (StoreUnavailable, UnreadableRecord) as failure:
                ports.log.warning("store_unavailable", request_id=self.request_id, error=str(failure))
        return MessageEnd.DEFERRED

    def _early(self, record: Record) -> bool:
        """Tell whether another copy of this message is due later and will go on in its stead."""
        due = record.next_try_at
        later = due is not None and due - self.run.now() > self.run.timings.early_seconds
        return later and self.delivery.message_id != record.copy_id
