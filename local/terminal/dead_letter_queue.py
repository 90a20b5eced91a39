"""The dead-letter queue as its commands see it: letters held for a while, and what became of their requests."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local import dlq as dead_letters
from local.runtime.mns import QueueClient, QueueError
from local.terminal import options
from local.terminal.output import WrongUse, progress
from local.terminal.records import open_records, worker_settings
from shared.domain.create_instance.view import CheckOptions
from shared.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from local.dlq import Fate, Letter
    from shared.ports import Store

WAIT_SECONDS = 1
"""How long to wait for more: what another command has just given back is there again after a second."""
HELD_SECONDS = 120
"""How long a dead letter is kept from others while it is sent again."""


@dataclass(frozen=True, slots=True)
class Records:
    """What the worker knows; `store` is None where it cannot be read."""

    store: Store | None
    contract: CheckOptions

    def fate(self, body: str) -> Fate:
        """Tell what became of a message's request; a store that fails is an answer, too."""
        try:
            return dead_letters.fate(body, self.store, self.contract)
        except StoreUnavailable as error:
            progress(f"the store does not answer: {error}")
            return dead_letters.fate(body, None, self.contract)


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
            progress(f"no dead letter {name}; `provisioner dlq list` shows them")
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
def dead_letter_queue(
    name: str, *, endpoint: str | None, store: str | None, data: Path, environ: Mapping[str, str], limit: int
) -> Iterator[DeadLetters]:
    """Hold up to `limit` dead letters for the length of the block; failures of the queue are WrongUse."""
    access = options.access_to(endpoint)
    try:
        with ExitStack() as stack:
            queue = stack.enter_context(QueueClient(access, name))
            records = stack.enter_context(_records(endpoint, options.store_for(endpoint, store), data, environ))
            letters = _take(queue, limit)
            for letter in letters:
                stack.callback(queue.give_back, letter.message)
            yield DeadLetters(letters, records, queue)
    except QueueError as error:
        raise WrongUse(str(error)) from None


@contextmanager
def _records(endpoint: str | None, store: str, data: Path, environ: Mapping[str, str]) -> Iterator[Records]:
    """Open the records; without access to them go on and say so."""
    with ExitStack() as stack:
        try:
            settings, _ = worker_settings(endpoint, store, data, environ)
            records = Records(stack.enter_context(open_records(endpoint, store, data, environ)), settings.check_options)
        except WrongUse as error:
            progress(f"nothing can be said of their requests: {error.format_message()}")
            records = Records(None, CheckOptions())
        yield records


def _take(queue: QueueClient, limit: int) -> list[Letter]:
    """Take messages until none is left, or one comes a second time."""
    found: dict[str, Letter] = {}
    while len(found) < limit:
        messages = queue.receive(limit - len(found), WAIT_SECONDS)
        new = {message.id: dead_letters.unwrap(message) for message in messages if message.id not in found}
        if not new:
            break
        found |= new
    else:
        progress(f"looked at {limit} dead letters; there may be more (--limit)")
    return sorted(found.values(), key=lambda letter: letter.message.enqueued_at)
