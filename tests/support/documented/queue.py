"""A queue with a dead-letter queue, as documented.

Sources, all of the MNS guide: QueueMessage (states; a handle is for one turn and until NextVisibleTime, then
MessageNotExist; FirstDequeueTime is EnqueueTime until the first receipt; priority 1 is the best), Queue (attributes;
a message's own delay counts before the queue's; retention counts from the sending, received or not), Dead-letter queue
(no more than MaxReceiveCount receipts; retention goes on over both queues). Left open, as no document says it: the
order among equal priorities, and when exactly an exhausted message changes queues.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DEFAULT_PRIORITY = 8


@dataclass(slots=True)
class Sent:
    """One message, known by its body. Times in seconds."""

    body: str
    priority: int
    enqueued_at: float
    visible_at: float
    first_dequeued_at: float | None = None
    dequeues: int = 0
    handle: str | None = None


@dataclass(slots=True)
class QueueModel:
    """A queue's messages. `max_receives` is None without a dead-letter queue."""

    visibility: int
    delay: int
    retention: int
    max_receives: int | None
    messages: dict[str, Sent] = field(default_factory=dict)

    def send(self, body: str, now: float, delay: int | None, priority: int | None) -> None:
        """Take a message in."""
        seconds = self.delay if delay is None else delay
        self.messages[body] = Sent(body, priority or DEFAULT_PRIORITY, now, now + seconds)

    def alive(self, now: float) -> list[Sent]:
        """Return what retention has left, whatever its state."""
        return [one for one in self.messages.values() if now < one.enqueued_at + self.retention]

    def exhausted(self, now: float) -> dict[str, Sent]:
        """Return what nobody holds and nobody gets any more: it is in the dead-letter queue, or on its way."""
        return {
            one.body: one
            for one in self.alive(now)
            if self.max_receives is not None and one.dequeues >= self.max_receives and one.visible_at <= now
        }

    def visible(self, now: float) -> list[Sent]:
        """Return what can be received, the best priority first."""
        gone = self.exhausted(now)
        found = [one for one in self.alive(now) if one.visible_at <= now and one.body not in gone]
        return sorted(found, key=lambda one: one.priority)

    def counts(self, now: float) -> tuple[int, int, int]:
        """Return how many can be received, are held, and are delayed."""
        hidden = [one for one in self.alive(now) if now < one.visible_at]
        delayed = sum(one.dequeues == 0 for one in hidden)
        return len(self.visible(now)), len(hidden) - delayed, delayed

    def received(self, body: str, handle: str, now: float) -> Sent:
        """Take in that a message was received."""
        one = self.messages[body]
        one.dequeues += 1
        one.first_dequeued_at = now if one.first_dequeued_at is None else one.first_dequeued_at
        self.hold(one, handle, self.visibility, now)
        return one

    def hold(self, one: Sent, handle: str, seconds: int, now: float) -> None:
        """Take in that a message is held for so many seconds from now, under a new handle."""
        one.handle, one.visible_at = handle, now + seconds

    def held(self, handle: str, now: float) -> Sent | None:
        """Return the message a handle is good for."""
        return next((one for one in self.alive(now) if one.handle == handle and now < one.visible_at), None)

    def delete(self, one: Sent) -> None:
        """Take in that a message was deleted."""
        del self.messages[one.body]
