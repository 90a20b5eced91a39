"""Dead letters: taken from their queue for a while, what is inside them, and what became of their requests."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.dead_letter import inside
from local.masking import masked
from local.numbering import request_id_of as named
from local.runtime.mns import decode
from shared.domain.lifecycle.record import TERMINAL, digest
from shared.domain.message.parse import parse
from shared.domain.message.request import Delivery, Refusal
from shared.domain.message.unjudged import content_of, request_id_of
from shared.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.runtime.mns import Message, QueueClient
    from shared.domain.create_instance.view import CheckOptions
    from shared.domain.lifecycle.record import Record
    from shared.domain.message.request import Request
    from shared.ports import Store

WAIT_SECONDS = 1
"""How long to wait for more: what another command has just given back is there again after a second."""
HELD_SECONDS = 120
"""How long a dead letter is kept from others while it is sent again."""
_LONGEST_ID = 64
_MARK = 12


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter as the queue handed it out, and the messages inside, the platform's envelope taken off."""

    message: Message
    deliveries: tuple[Delivery, ...]
    enveloped: bool

    def is_called(self, name: str) -> bool:
        """Tell whether a name means this letter: its own id, or that of a message or request inside."""
        names = {each.message_id for each in self.deliveries} | {named(each.body) for each in self.deliveries}
        return name == self.message.id or name in names


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the request of a message.

    `state` is the record's, or `unrecorded`, `refused` (the message is none that can be taken), `other` (the id belongs
    to another request), `unknown` (the records cannot be read). `live` says that a second request would do double work.
    """

    state: str
    says: str
    instance_id: str | None = None
    live: bool = False


@dataclass(frozen=True, slots=True)
class Records:
    """What the worker knows; `store` is None where it cannot be read. `tell` takes words for the person."""

    store: Store | None
    options: CheckOptions
    tell: Callable[[str], None]

    def fate(self, body: str) -> Fate:
        """Tell what became of a message's request; a store that fails is an answer, too."""
        try:
            return fate(body, self.store, self.options)
        except StoreUnavailable as error:
            self.tell(f"the store does not answer: {error}")
            return fate(body, None, self.options)


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The letters that are held, oldest first."""

    letters: list[Letter]
    records: Records
    _queue: QueueClient

    def called(self, name: str) -> list[Letter]:
        """Return the letters a name means; say so when there are none."""
        found = [letter for letter in self.letters if letter.is_called(name)]
        if not found:
            self.records.tell(f"no dead letter {name}; `provisioner dlq list` shows them")
        return found

    def replay(self, letter: Letter, bodies: list[str], requests: QueueClient) -> list[str]:
        """Send bodies to the request queue, then remove the letter; return the ids of what was sent.

        Raises QueueError; the letter is then still there, and sending the same once more does no harm.
        """
        held = self._queue.hide(letter.message, HELD_SECONDS)
        sent = [requests.send(body) for body in bodies]
        self._queue.delete([held])
        return sent


@contextmanager
def hold(queue: QueueClient, records: Records, limit: int) -> Iterator[DeadLetters]:
    """Hold up to `limit` dead letters for the length of the block, then give them back; raise QueueError."""
    with ExitStack() as stack:
        letters = _take(queue, limit, records.tell)
        for letter in letters:
            stack.callback(queue.give_back, letter.message)
        yield DeadLetters(letters, records, queue)


def unwrap(message: Message) -> Letter:
    """Open a dead letter."""
    text = decode(message.body)
    found = inside(text)
    return Letter(message, tuple(found) or (Delivery(message.id, text, message.enqueued_at),), bool(found))


def fate(body: str, records: Store | None, options: CheckOptions) -> Fate:
    """Look up what became of a message's request, recorded before judged. Raises StoreUnavailable, UnreadableRecord."""
    name = request_id_of(body)
    record = records.get(name) if records and name else None
    if record is not None:
        return _told(record, content_of(body))
    read = parse(body, options)
    if isinstance(read, Refusal):
        first = read.violations[0]
        where = f" at {first.field}" if first.field else ""
        return Fate("refused", f"no request: {first.code}{where}; sent again it is answered with a refusal")
    if records is None:
        return Fate("unknown", "the records cannot be read from here")
    return Fate("unrecorded", "never taken up (or ended over 30 days ago)")


def fresh_id(old: str, message_id: str) -> str:
    """Return a request id nobody has used, always the same for the same message: a repeated replay is no second one."""
    return f"{old[: _LONGEST_ID - _MARK - 1]}.{digest('replay', message_id)[:_MARK]}"


def renamed(delivery: Delivery) -> str | None:
    """Return the body under a fresh request id; None when it is no JSON object with one."""
    old = named(delivery.body)
    if old is None:
        return None
    body = {**_object(delivery.body), "requestId": fresh_id(old, delivery.message_id)}
    return json.dumps(body, separators=(",", ":"))


def hidden(body: str) -> Any:
    """Return a body for the eye, masked; what is no JSON object is not shown at all."""
    shown = masked(body)
    return f"{shown}: they may hold secrets, --reveal shows them" if isinstance(shown, str) else shown


def _take(queue: QueueClient, limit: int, tell: Callable[[str], None]) -> list[Letter]:
    """Take messages until none is left, or one comes a second time."""
    found: dict[str, Letter] = {}
    while len(found) < limit:
        messages = queue.receive(limit - len(found), WAIT_SECONDS)
        new = {message.id: unwrap(message) for message in messages if message.id not in found}
        if not new:
            break
        found |= new
    else:
        tell(f"looked at {limit} dead letters; there may be more (--limit)")
    return sorted(found.values(), key=lambda letter: letter.message.enqueued_at)


def _told(record: Record, content: Request | None) -> Fate:
    if content is None or not record.is_of(content):
        return Fate("other", f"the id belongs to another request, which is {record.state.value}; use --new-id")
    if record.state not in TERMINAL:
        return Fate(record.state.value, "still being worked on", record.instance_id, live=True)
    published = "its outcome is published" if record.published_at is not None else "its outcome waits for the topic"
    if record.failure is None:
        return Fate(record.state.value, f"completed; {published}", record.instance_id, live=True)
    instance = json.loads(record.outcome or "{}").get("data", {}).get("instance")
    left = f"; instance {instance['disposition']}" if instance else ""
    code = record.failure.error.code or "NoAnswer"
    says = f"failed at {record.failure.stage} with {code}{left}; {published}"
    return Fate(record.state.value, says, record.instance_id)


def _object(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
