"""`provisioner dlq`: look at dead letters and send them again."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from local.dlq import Records, hidden, hold, renamed
from local.numbering import request_id_of
from local.runtime.cloud_events import instant
from local.runtime.mns import QueueClient, QueueError
from local.terminal import options
from local.terminal.output import WrongUse, json_line, progress, raw_line, table, wants_json
from local.terminal.records import open_records, worker_settings
from shared.domain.create_instance.view import CheckOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local.dlq import DeadLetters, Letter
    from local.terminal.place import Place, Where
    from shared.domain.message.request import Delivery

COLUMNS = ("deadLetter", "sentAt", "requestId", "state", "instanceId", "says")
NONE = "no dead letters"


@click.group(
    epilog=options.examples(
        f"provisioner dlq list --endpoint {options.LOCAL_ENDPOINT}",
        "provisioner dlq show order-20261124-0001 --stack provisioner",
        "provisioner dlq replay order-20261124-0001 --stack provisioner",
        f"provisioner dlq replay --all --endpoint {options.LOCAL_ENDPOINT}",
    )
)
def dlq() -> None:
    """Dead letters: messages whose invocations failed for a day, kept for a person to look at."""


def _where(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where the dead letters and the records are; the command gets their `place`."""

    @wraps(command)
    def run(*, where: Where, store: str | None, data: Path | None, name: str | None, **rest: Any) -> None:
        place = where.place(os.environ, store, data)
        command(place=replace(place, dead_letters=name or place.dead_letters), **rest)

    for add in (
        options.as_json,
        click.option("--limit", type=click.IntRange(min=1), default=500, show_default=True, help="Look at so many."),
        click.option("--dead-letters", "name", help="Another queue than the place's own dead letters."),
        options.any_data,
        options.any_store,
        options.where,
    ):
        run = add(run)
    return run


@dlq.command(
    name="list",
    epilog=options.examples(
        f"provisioner dlq list --endpoint {options.LOCAL_ENDPOINT}", "provisioner dlq list --stack provisioner"
    ),
)
@_where
def list_(*, as_json: bool, place: Place, limit: int) -> None:
    """List dead letters and what became of their requests.

    They stay where they are.
    """
    with _dead_letter_queue(place, limit) as queue:
        rows = [row for letter in queue.letters for row in _rows(letter, queue.records)]
    if not rows:
        progress(NONE)
    elif wants_json(as_json):
        for row in rows:
            json_line(row)
    else:
        table(COLUMNS, ([row[name] for name in COLUMNS] for row in rows), title=f"{len(queue.letters)} dead letters")


@dlq.command(epilog=options.examples("provisioner dlq show order-20261124-0001 --stack provisioner"))
@click.argument("letter_id", metavar="ID")
@click.option("--reveal", is_flag=True, help="Show bodies as they are, passwords and user data included.")
@_where
def show(*, letter_id: str, reveal: bool, as_json: bool, place: Place, limit: int) -> None:
    """Show what is inside a dead letter. ID is its own id, or that of a message or request inside.

    Exit code 1 when there is no such dead letter.
    """
    with _dead_letter_queue(place, limit) as queue:
        rows = [
            {**row, "enveloped": letter.enveloped, "body": each.body if reveal else hidden(each.body)}
            for letter in queue.called(letter_id)
            for row, each in zip(_rows(letter, queue.records), letter.deliveries, strict=True)
        ]
    for row in rows:
        if wants_json(as_json):
            json_line(row)
        else:
            table(("field", "value"), row.items())
    sys.exit(0 if rows else 1)


@dlq.command(
    epilog=options.examples(
        "provisioner dlq replay order-20261124-0001 --stack provisioner",
        "provisioner dlq replay order-20261124-0001 --new-id --stack provisioner    (it failed; as a new request)",
        f"provisioner dlq replay --all --endpoint {options.LOCAL_ENDPOINT}",
    )
)
@click.argument("letter_ids", nargs=-1, metavar="[ID...]")
@click.option("--all", "everything", is_flag=True, help="Every dead letter.")
@click.option("--new-id", is_flag=True, help="Send the copy under a fresh request id, as a new request.")
@click.option("--queue", help="Where to, if not to the place's own request queue.")
@_where
def replay(
    *, letter_ids: tuple[str, ...], everything: bool, new_id: bool, queue: str | None, as_json: bool, place: Place,
    limit: int,
) -> None:  # fmt: skip
    """Send the messages of dead letters to the request queue again.

    A letter is removed only after that. Under its own id a message is safe to repeat: what is open goes on, what is
    finished has its outcome published again. --new-id makes a new request of it, the same one however often the replay
    is repeated; it is refused for a request that completed or is still open, because that would buy a second instance.

    Exit code 1 when anything was not sent.
    """
    if everything == bool(letter_ids):
        raise WrongUse("name dead letters by ID, or give --all; `provisioner dlq list` shows them")
    done = True
    with _dead_letter_queue(place, limit) as dead, QueueClient(place.access, queue or place.queue) as requests:
        found = {name: dead.called(name) for name in letter_ids}
        wanted = {letter.message.id: letter for letters in found.values() for letter in letters}
        if everything and not dead.letters:
            progress(NONE)
        for letter in dead.letters if everything else wanted.values():
            refusal = _refusal(letter, dead.records) if new_id else None
            bodies = [renamed(each) or "" if new_id else each.body for each in letter.deliveries]
            sent = None if refusal else dead.replay(letter, bodies, requests)
            done &= refusal is None
            for row in _replayed(letter, bodies, sent, refusal):
                _tell(row, for_program=wants_json(as_json))
    sys.exit(0 if done and all(found.values()) else 1)


def _refusal(letter: Letter, records: Records) -> str | None:
    """Say why a letter gets no fresh id, or None."""
    if any(renamed(delivery) is None for delivery in letter.deliveries):
        return "not sent: it has no request id to replace; replay it without --new-id"
    fates = [records.fate(delivery.body) for delivery in letter.deliveries]
    live = [fate.state for fate in fates if fate.live]
    return f"not sent: its request is {live[0]}, and a new one would buy a second instance" if live else None


def _rows(letter: Letter, records: Records) -> list[dict[str, Any]]:
    return [_row(letter, delivery, records) for delivery in letter.deliveries]


def _row(letter: Letter, delivery: Delivery, records: Records) -> dict[str, Any]:
    fate = records.fate(delivery.body)
    return {
        "deadLetter": letter.message.id,
        "messageId": delivery.message_id,
        "sentAt": instant(delivery.time),
        "requestId": request_id_of(delivery.body),
        "state": fate.state,
        "instanceId": fate.instance_id,
        "says": fate.says,
    }


def _replayed(
    letter: Letter, bodies: list[str], sent: list[str] | None, refusal: str | None
) -> Iterator[dict[str, Any]]:
    for number, (delivery, body) in enumerate(zip(letter.deliveries, bodies, strict=True)):
        yield {
            "deadLetter": letter.message.id,
            "requestId": request_id_of(delivery.body),
            "replayed": sent is not None,
            "sentAs": request_id_of(body) if sent else None,
            "messageId": sent[number] if sent else None,
            "says": refusal or "sent again",
        }


def _tell(row: dict[str, Any], *, for_program: bool) -> None:
    if for_program:
        json_line(row)
    else:
        raw_line(f"{row['deadLetter']}  {row['requestId'] or '-'}  {row['says']}  {row['sentAs'] or ''}".rstrip())


@contextmanager
def _dead_letter_queue(place: Place, limit: int) -> Iterator[DeadLetters]:
    """Hold up to `limit` dead letters for the length of the block; failures of the queue are WrongUse."""
    try:
        with ExitStack() as stack:
            queue = stack.enter_context(QueueClient(place.access, place.dead_letters))
            records = stack.enter_context(_records(place))
            yield stack.enter_context(hold(queue, records, limit))
    except QueueError as error:
        raise WrongUse(f"{error}; --dead-letters names another queue") from None


@contextmanager
def _records(place: Place) -> Iterator[Records]:
    """Open the records; without access to them go on and say so."""
    with ExitStack() as stack:
        try:
            settings, _ = worker_settings(place)
            records = Records(stack.enter_context(open_records(place)), settings.check_options, progress)
        except WrongUse as error:
            progress(f"nothing can be said of their requests: {error.format_message()}")
            records = Records(None, CheckOptions(), progress)
        yield records
