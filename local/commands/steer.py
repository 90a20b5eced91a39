"""`provisioner pause`, `resume` and `cancel`: the operators' acts, written to the worker's store."""

from __future__ import annotations

import getpass
import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from local.terminal import options
from local.terminal.moments import instant, told_pause
from local.terminal.output import WrongUse, json_line, progress, wants_json
from local.terminal.records import open_records, worker_settings
from shared.adapters.system import SystemClock
from shared.domain.lifecycle.events import CancelAsked
from shared.domain.lifecycle.record import State
from shared.domain.message.envelope import REQUEST_ID
from shared.domain.policy.control import Pause
from shared.usecases.steer import MAX_BY, MAX_REASON, TAKEN_BACK, CancelEnd, say
from shared.usecases.steer import cancel as take_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any, TypeVar

    from local.terminal.place import Place, Where
    from shared.domain.lifecycle.record import Record
    from shared.ports import Store
    from shared.usecases.steer import Cancelled

    Command = TypeVar("Command", bound=Callable[..., Any])

NO = 1


def _text(most: int) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    def check(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
        if value is not None and not (value.strip() and len(value) <= most and value.isprintable()):
            raise click.BadParameter(f"must be one line of 1 to {most} characters")
        return value

    return check


def _id(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(REQUEST_ID, value):
        raise click.BadParameter("a request id is 1 to 64 characters of A-Z a-z 0-9 . _ : -")
    return value


def _by(command: Command) -> Command:
    return click.option(
        "--by", callback=_text(MAX_BY), metavar="WHO",
        help="Who says so; by default the identity of the keys, locally the user's name.",
    )(command)  # fmt: skip


@click.command(epilog=options.examples('provisioner pause --reason "the bill" --stack provisioner'))
@click.option("--reason", required=True, callback=_text(MAX_REASON), metavar="TEXT", help="Why; everybody is told.")
@_by
@options.where
@options.any_store
@options.any_data
@options.as_json
def pause(*, reason: str, by: str | None, where: Where, store: str | None, data: Path | None, as_json: bool) -> None:
    """Buy nothing more until `resume`: within 30 seconds no call of CreateInstance begins.

    What is under way is finished: instances that exist are started, released and told of. Messages are accepted and
    wait; those whose time is over before the pause is fail with PolicyPaused. Exit code 1 when it is paused already.
    """
    _say(True, reason, by, where.place(os.environ, store, data), as_json=as_json)  # noqa: FBT003 - `active`


@click.command(epilog=options.examples("provisioner resume --stack provisioner"))
@click.option("--reason", callback=_text(MAX_REASON), metavar="TEXT", help="Why.")
@_by
@options.where
@options.any_store
@options.any_data
@options.as_json
def resume(
    *, reason: str | None, by: str | None, where: Where, store: str | None, data: Path | None, as_json: bool
) -> None:
    """End a pause: who waits tries again with its next copy, within five minutes. Exit code 1 when none is on."""
    _say(False, reason or "", by, where.place(os.environ, store, data), as_json=as_json)  # noqa: FBT003 - `active`


def _say(active: bool, reason: str, by: str | None, place: Place, *, as_json: bool) -> None:  # noqa: FBT001 - a word has it
    word = Pause(active, _who(by, place), reason, SystemClock().now())
    with _records(place, create=True) as records:
        already = say(records, word)
        stands = already or word
    if wants_json(as_json):
        json_line({"changed": already is None, "paused": told_pause(stands) if stands.active else None})
    if already is not None:
        progress(f"already paused by {stands.by}: {stands.reason}" if active else "nothing is paused")
        sys.exit(NO)
    progress("paused: no call begins after 30 seconds from now" if active else "resumed")


@click.command(epilog=options.examples("provisioner cancel order-20261124-0001 --stack provisioner"))
@click.argument("request_id", callback=_id)
@click.option("--reason", default="no reason given", callback=_text(MAX_REASON), metavar="TEXT", help="Why.")
@_by
@options.where
@options.any_store
@options.any_data
@options.as_json
def cancel(
    *, request_id: str, reason: str, by: str | None, where: Where, store: str | None, data: Path | None, as_json: bool
) -> None:
    """Take a request back: nothing is bought, or its instance is released, whatever onFailure says.

    Its outcome says `Cancelled`, by whom and why. An instance that cannot be released (PrePaid, deletion protection, a
    disk that stays) is left alone, and the command says so. Exit code 1 when nothing was taken back.
    """
    place = where.place(os.environ, store, data)
    timings = worker_settings(place)[0].timings
    with _records(place) as records:
        asked = CancelAsked(_who(by, place), reason)
        done = take_back(records, SystemClock(), timings, request_id, asked)
    record = done.record
    if wants_json(as_json):
        json_line({
            "requestId": request_id, "result": done.end.value, "state": record.state.value if record else None,
            "instanceId": record.instance_id if record else None,
            "keptBecause": record.kept_because if record and done.end is CancelEnd.KEPT else None,
        })  # fmt: skip
    progress(_words(request_id, done))
    sys.exit(0 if done.end in TAKEN_BACK else NO)


def _words(request_id: str, done: Cancelled) -> str:
    record = done.record
    if record is None:
        return f"nothing is recorded of {request_id}; a message that was not taken yet can still become it"
    return {
        CancelEnd.CANCELLED: f"{request_id} is cancelled; nothing was bought",
        CancelEnd.SETTLING: f"{request_id} is being cancelled: a call is under way or in doubt, and what it made is "
        "released as soon as that is known (a few minutes at most)",
        CancelEnd.RELEASING: f"{record.instance_id} of {request_id} is being released",
        CancelEnd.KEPT: f"the instance of {request_id} cannot be released: {record.kept_because}; nothing was changed",
        CancelEnd.ENDED: _ended(record),
    }[done.end]


def _ended(record: Record) -> str:
    """Say how a request has ended, and of a completed one that its instance is its owner's by now."""
    stays = record.state is State.COMPLETED and record.instance_id
    left = f"; {record.instance_id} is not touched: release it in ECS" if stays else ""
    return f"{record.request_id} has ended: {record.state.value} at {instant(record.finished_at)}{left}"


@contextmanager
def _records(place: Place, *, create: bool = False) -> Iterator[Store]:
    with open_records(place, create=create) as records:
        if records is None:
            raise WrongUse(f"there are no records in {place.data}; name the worker's --data or --store")
        yield records


def _who(by: str | None, place: Place) -> str:
    return (by or place.access.identity or getpass.getuser())[:MAX_BY]
