"""`provisioner logs`: a request's log lines."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from local.terminal import options
from local.terminal.account import no_stack, open_services, said, site_of
from local.terminal.output import WrongUse, json_line, printable, progress, raw_line, wants_json
from shared.domain.message.envelope import REQUEST_ID

if TYPE_CHECKING:
    from local.terminal.place import Where

NO = 1
HOUR = 3600
MOST = 1000
AHEAD_SECONDS = 900
"""How far the log store's clock may be ahead of this machine's; further off no service takes a signature."""
SHOWN_FIRST = ("time", "event", "level", "request_id", "message_id")


@click.command(
    epilog=options.examples(
        "provisioner logs order-20261124-0001 --stack provisioner",
        "provisioner logs order-20261124-0001 --stack provisioner --hours 720 --json",
    )
)
@click.argument("request_id")
@options.where
@click.option(
    "--hours",
    type=options.Finite(min=0, min_open=True),
    default=24.0,
    show_default=True,
    help="How far to look back.",
)
@options.as_json
def logs(*, request_id: str, where: Where, hours: float, as_json: bool) -> None:
    """Print what a deployment's functions logged about a request, oldest first; at most 1000 lines, the newest.

    A message id is taken, too: a refused message has no request. Lines are in the log store about a minute late. On
    one machine the worker's lines are on the standard output of `provisioner up`.

    Exit code 1 when there is none.
    """
    if not re.fullmatch(REQUEST_ID, request_id):
        raise WrongUse(f"{request_id!r} is no request id: up to 64 of A-Z a-z 0-9 . _ : -")
    access = where.account(os.environ)
    account = open_services(access)
    now = time.time()
    with said():
        stack = account.stacks.find(str(where.stack))
        if stack is None:
            raise WrongUse(no_stack(str(where.stack), access.region))
        query = f'message.request_id: "{request_id}" or message.message_id: "{request_id}"'
        found = site_of(account, stack, access).logs.search(query, now - hours * HOUR, now + AHEAD_SECONDS, MOST)
    # The index splits an id into words: lines that hold them in this order elsewhere are not meant.
    lines = [line for line in found if request_id in _ids(line)]
    for line in lines:
        if wants_json(as_json):
            json_line({"function": line.get("functionName"), **line["message"]})
        else:
            raw_line(as_text(line))
    if len(found) == MOST:
        progress(f"only the newest {MOST} lines were looked through; --hours looks back less far")
    if not lines:
        progress(
            f"no line about {request_id} within {hours:g} hours; --hours looks back further, `provisioner status "
            "ID` shows the record"
        )
        sys.exit(NO)


def as_text(line: dict[str, Any]) -> str:
    """Return a line of the log store for a person: on one line, whatever it holds."""
    message: dict[str, Any] = line["message"]
    rest = " ".join(f"{key}={value}" for key, value in message.items() if key not in SHOWN_FIRST)
    first = f"{message.get('time', '-')}  {line.get('functionName') or '-'}  {message.get('event', '-')}"
    return printable(f"{first}  {rest}")


def _ids(line: dict[str, Any]) -> tuple[Any, ...]:
    message = line.get("message")
    return (message.get("request_id"), message.get("message_id")) if isinstance(message, dict) else ()
