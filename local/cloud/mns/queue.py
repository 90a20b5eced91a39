"""One queue: messages that are visible, delayed, or in the hands of a receiver."""

from __future__ import annotations

import hashlib
import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.cloud.mns import exceptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.mns.attributes import Attributes

DEFAULT_PRIORITY = 8


@dataclass(slots=True)
class Message:
    """One message. `turn` counts receipts and visibility changes: a handle is good for one turn. Times in seconds."""

    message_id: str
    number: int
    body: str
    priority: int
    enqueued_at: float
    visible_at: float
    first_dequeued_at: float | None = None
    dequeue_count: int = 0
    turn: int = 0

    @property
    def handle(self) -> str:
        """The receipt handle of the present turn."""
        return f"{self.priority}-{self.message_id}-{self.turn}"

    @property
    def md5(self) -> str:
        """MessageBodyMD5: of the body as it was sent."""
        return body_md5(self.body)


@dataclass(slots=True)
class DeadLetterPolicy:
    """Where a message goes instead of being delivered once more than `max_receive_count` times."""

    target: str
    max_receive_count: int


@dataclass(slots=True)
class Queue:
    """A queue. `_ready`, `_waiting`, `_ageing` are heaps; an entry whose message has moved on since is skipped."""

    name: str
    attributes: Attributes
    created_at: float
    modified_at: float
    dead_letters: DeadLetterPolicy | None = None
    messages: dict[str, Message] = field(default_factory=dict)
    _ready: list[tuple[int, int, str, int]] = field(default_factory=list)
    _waiting: list[tuple[float, str, int]] = field(default_factory=list)
    _ageing: list[tuple[float, str]] = field(default_factory=list)

    def put(self, message: Message) -> None:
        """Take a new message; it becomes visible at its time."""
        self.messages[message.message_id] = message
        heapq.heappush(self._waiting, (message.visible_at, message.message_id, message.turn))
        heapq.heappush(self._ageing, (message.enqueued_at, message.message_id))

    def receive(self, now: float, limit: int, bury: Callable[[DeadLetterPolicy, Message], bool]) -> list[Message]:
        """Hand out up to `limit` visible messages, best priority and oldest first, for the visibility timeout.

        `bury` takes a message that was delivered too often already, and says whether it did.
        """
        self._settle(now)
        taken: list[Message] = []
        while self._ready and len(taken) < limit:
            _, _, message_id, turn = heapq.heappop(self._ready)
            message = self.messages.get(message_id)
            if message is None or message.turn != turn:
                continue
            policy = self.dead_letters
            if policy and message.dequeue_count >= policy.max_receive_count and bury(policy, message):
                del self.messages[message_id]
                continue
            message.dequeue_count += 1
            message.first_dequeued_at = message.first_dequeued_at or now
            self._hide(message, now + self.attributes["VisibilityTimeout"])
            taken.append(message)
        return taken

    def peek(self, now: float, limit: int) -> list[Message]:
        """Look at up to `limit` visible messages."""
        self._settle(now)
        visible = sorted(entry for entry in self._ready if self._holds(entry[2], entry[3]))
        return [self.messages[message_id] for _, _, message_id, _ in visible[:limit]]

    def delete(self, handle: str, now: float) -> None:
        """Delete the message a receiver holds; raise ServiceError when it does not (any more)."""
        del self.messages[self._held(handle, now).message_id]

    def change_visibility(self, handle: str, seconds: int, now: float) -> Message:
        """Let a receiver hold its message for other so many seconds; the handle changes."""
        message = self._held(handle, now)
        self._hide(message, now + seconds)
        return message

    def counts(self, now: float) -> dict[str, int]:
        """Return how many messages are visible, in flight, and delayed."""
        self._settle(now)
        hidden = [message for message in self.messages.values() if message.visible_at > now]
        delayed = sum(message.turn == 0 for message in hidden)
        return {
            "visible": len(self.messages) - len(hidden),
            "inFlight": len(hidden) - delayed,
            "delayed": delayed,
        }

    def _held(self, handle: str, now: float) -> Message:
        priority, _, rest = handle.partition("-")
        message_id, _, turn = rest.rpartition("-")
        if not (priority.isdigit() and message_id and turn.isdigit()):
            raise exceptions.bad_handle(handle)
        message = self.messages.get(message_id)
        if message is None or message.turn != int(turn) or message.visible_at <= now:
            raise exceptions.no_message()
        return message

    def _hide(self, message: Message, until: float) -> None:
        message.turn += 1
        message.visible_at = until
        heapq.heappush(self._waiting, (until, message.message_id, message.turn))

    def _holds(self, message_id: str, turn: int) -> bool:
        message = self.messages.get(message_id)
        return message is not None and message.turn == turn

    def _settle(self, now: float) -> None:
        """Make visible what is due, drop what is past its retention."""
        while self._waiting and self._waiting[0][0] <= now:
            _, message_id, turn = heapq.heappop(self._waiting)
            if self._holds(message_id, turn):
                message = self.messages[message_id]
                heapq.heappush(self._ready, (message.priority, message.number, message_id, turn))
        retention = self.attributes["MessageRetentionPeriod"]
        # Retention counts from when a message was sent, into whichever queue: a dead letter brings its age along.
        while self._ageing:
            enqueued_at, message_id = self._ageing[0]
            if message_id in self.messages and now - enqueued_at < retention:
                break
            heapq.heappop(self._ageing)
            self.messages.pop(message_id, None)


def body_md5(body: str) -> str:
    """Return MNS's MD5 of a body: upper-case hexadecimal."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest().upper()
