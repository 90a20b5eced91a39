"""`provisioner enqueue`: put messages into the request queue, and follow them to their outcomes."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from local.numbering import MOST, numbered, request_id_of
from local.project import sample_or_path
from local.runtime.mns import QueueClient, QueueError
from local.runtime.outcome_inbox import own_inbox
from local.samples import times_of
from local.terminal import options
from local.terminal.messages import bodies, read_text
from local.terminal.outcomes import outcomes, summary
from local.terminal.output import WrongUse, json_line, progress, raw_line, wants_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from local.runtime.access import Access
    from local.terminal.place import Where

FAILED = 1


@dataclass(frozen=True, slots=True)
class Sending:
    """One message to be sent: where it stands, and the id of its request as far as it can be read."""

    place: str
    body: str

    @property
    def request_id(self) -> str | None:
        """The request id in it."""
        return request_id_of(self.body)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one outcome answers: a request, however often it was sent. Other content is something else asked for."""

    name: str
    body: str


@click.command(
    epilog=options.examples(
        "provisioner enqueue events/messages/plain.json --endpoint http://127.0.0.1:4566",
        "provisioner enqueue events/messages/plain.json --count 20 --wait --endpoint http://127.0.0.1:4566",
        "provisioner new | provisioner enqueue - --wait --endpoint http://127.0.0.1:4566",
        "provisioner enqueue requests.jsonl --stack provisioner --profile production",
    )
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=options.FILE)
@options.where
@click.option("--queue", help="Another queue than the place's own request queue.")
@click.option("--topic", help="Where --wait hears outcomes, if not at the place's own topic.")
@click.option("--count", type=click.IntRange(1, MOST), help="Send each message so often, as requests x-001, x-002 ...")
@click.option("--wait", is_flag=True, help="Follow every request to its outcome; exit 1 when one failed.")
@click.option("--timeout", type=options.Finite(min=0), default=900.0, show_default=True, help="Of --wait, seconds.")
@options.as_json
def enqueue(  # noqa: PLR0913 - one for each option
    *, files: tuple[str, ...], where: Where, queue: str | None, topic: str | None, count: int | None,
    wait: bool, timeout: float, as_json: bool,
) -> None:  # fmt: skip
    """Send every message of FILE... and print where it stands, its request id and its message id.

    A file holds one JSON object, or one message a line (JSON lines); - is standard input. What is no JSON is sent as
    it is, with a warning: the worker answers it with a refusal. Check beforehand with `provisioner validate`. The
    sample that shows a repeat is sent twice.

    --wait listens with a queue of its own, subscribed to the topic before anything is sent and removed at the end:
    it takes nobody's outcomes. Every request has one outcome, however often it was sent or its outcome was published.
    """
    sendings = [sending for name in files for sending in _sendings(name, count)]
    place = where.place(os.environ)
    access, queue = place.access, queue or place.queue
    for_program = wants_json(as_json)
    try:
        if not wait:
            _send_all(access, queue, sendings, for_program=for_program)
            return
        with own_inbox(access, topic or place.topic) as inbox:
            sent = _send_all(access, queue, sendings, for_program=for_program)
            good = _follow(inbox, sent, timeout, for_program=for_program)
    except QueueError as error:
        raise WrongUse(f"{error}; --queue and --topic name other ones") from None
    if not good:
        sys.exit(FAILED)


def _sendings(name: str, count: int | None) -> Iterator[Sending]:
    for line, body in bodies(name, read_text(name)):
        place = f"{name}:{line}"
        if count is not None:
            yield from (Sending(place, each) for each in _numbered(body, place, count))
        else:
            yield from [Sending(place, body)] * (times_of(sample_or_path(name)) if name != "-" else 1)


def _numbered(body: str, place: str, count: int) -> list[str]:
    try:
        return list(numbered(body, count))
    except ValueError as error:
        raise WrongUse(f"--count: {place}: {error}") from None


def _send_all(access: Access, queue: str, sendings: list[Sending], *, for_program: bool) -> dict[str, Asked]:
    """Send; return what each message asks for, by its id."""
    sent: dict[str, Asked] = {}
    with QueueClient(access, queue) as client:
        for sending in sendings:
            message_id = client.send(sending.body)
            sent[message_id] = Asked(sending.request_id or message_id, sending.body)
            if for_program:
                file, _, line = sending.place.rpartition(":")
                told = {"file": file, "line": int(line), "requestId": sending.request_id, "messageId": message_id}
                json_line(told)
            else:
                raw_line(f"{sending.place}  {sending.request_id or '-'}  {message_id}")
    return sent


def _follow(inbox: QueueClient, sent: dict[str, Asked], timeout: float, *, for_program: bool) -> bool:
    """Print the outcome of everything that was asked for, once each; tell whether all came and none failed."""
    began = time.monotonic()
    missing = dict.fromkeys(sent.values())
    total, failures, seen = len(missing), 0, set()
    for body in outcomes(inbox, None, timeout, until=lambda: not missing):
        outcome = json.loads(body)
        asked = sent.get(outcome["data"]["messageId"]) or _of_request(outcome["subject"], missing)
        if outcome["id"] in seen or asked not in missing:
            continue
        seen.add(outcome["id"])
        del missing[asked]
        failures += outcome["type"].endswith(".failed")
        raw_line(body if for_program else summary(body))
    if missing:
        names = ", ".join(asked.name for asked in missing)
        progress(f"no outcome in {timeout:g} s for {names}; `provisioner status ID` shows where one is")
    done = total - len(missing) - failures
    took = time.monotonic() - began
    progress(f"{done} completed, {failures} failed, {len(missing)} without an outcome, in {took:.1f} s")
    return not missing and not failures


def _of_request(request_id: str, missing: Iterable[Asked]) -> Asked | None:
    """Return what is asked for under an id, of an outcome that names an earlier message of the same request."""
    return next((asked for asked in missing if asked.name == request_id), None)
