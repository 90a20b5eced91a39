"""`provisioner listen`: follow outcomes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from local.runtime.mns import QueueClient, QueueError
from local.terminal import options
from local.terminal.outcomes import outcomes, summary
from local.terminal.output import WrongUse, progress, raw_line, wants_json

if TYPE_CHECKING:
    from local.terminal.place import Where


@click.command(
    epilog=options.examples(
        "provisioner listen --endpoint http://127.0.0.1:4566",
        "provisioner listen --count 1 --timeout 60 --stack provisioner",
    )
)
@click.option("--count", type=click.IntRange(min=1), help="End after so many outcomes.")
@click.option("--timeout", type=options.Finite(min=0), help="End after so many seconds.")
@options.where
@click.option("--inbox", help="Another queue that is subscribed to the outcome topic than the place's own inbox.")
@options.as_json
def listen(*, count: int | None, timeout: float | None, where: Where, inbox: str | None, as_json: bool) -> None:
    """Print outcomes as they arrive in the inbox queue, and take them out of it.

    Exit code 1 when --timeout ends before --count outcomes came.
    """
    for_program = wants_json(as_json)
    place = where.place(os.environ)
    inbox = inbox or place.inbox
    if count is None and timeout is None:
        progress(f"listening to {inbox}; Ctrl-C ends it")
    seen = 0
    try:
        with QueueClient(place.access, inbox) as client:
            for body in outcomes(client, count, timeout):
                raw_line(body if for_program else summary(body))
                seen += 1
    except QueueError as error:
        raise WrongUse(f"{error}; --inbox names another queue") from None
    if count is not None and seen < count:
        progress(f"{seen} of {count} outcomes came in time; `provisioner status REQUEST_ID` shows where one is")
        sys.exit(1)
