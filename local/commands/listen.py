"""`provisioner listen`: follow outcomes."""

from __future__ import annotations

import json
import math
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from local import defaults
from local.runtime.mns import BATCH_LIMIT, QueueClient, QueueError, decode
from local.terminal import options
from local.terminal.output import WrongUse, progress, raw_line, wants_json

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_WAIT_SECONDS = 10


@click.command(
    epilog=options.examples(
        "provisioner listen --endpoint http://127.0.0.1:4566", "provisioner listen --count 1 --timeout 60"
    )
)
@click.option("--count", type=click.IntRange(min=1), help="End after so many outcomes.")
@click.option("--timeout", type=click.FloatRange(min=0), help="End after so many seconds.")
@options.endpoint
@click.option(
    "--inbox", default=defaults.INBOX, show_default=True, help="The queue that is subscribed to the outcome topic."
)
@options.as_json
def listen(*, count: int | None, timeout: float | None, endpoint: str | None, inbox: str, as_json: bool) -> None:
    """Print outcomes as they arrive in the inbox queue, and take them out of it.

    Exit code 1 when --timeout ends before --count outcomes came.
    """
    for_program = wants_json(as_json)
    if count is None and timeout is None:
        progress(f"listening to {inbox}; Ctrl-C ends it")
    seen = 0
    try:
        with QueueClient(options.access_to(endpoint), inbox) as client:
            for body in outcomes(client, count, timeout):
                raw_line(body if for_program else summary(body))
                seen += 1
    except QueueError as error:
        raise WrongUse(str(error)) from None
    except KeyboardInterrupt:
        return
    if count is not None and seen < count:
        progress(f"{seen} of {count} outcomes came in time; `provisioner status REQUEST_ID` shows where one is")
        sys.exit(1)


def outcomes(client: QueueClient, count: int | None, timeout: float | None) -> Iterator[str]:
    """Yield outcomes and delete each once it has been dealt with, until enough came or the time is up."""
    ends_at = math.inf if timeout is None else time.monotonic() + timeout
    left = math.inf if count is None else count
    while left > 0 and (seconds := ends_at - time.monotonic()) > 0:
        wait = math.ceil(min(seconds, LONGEST_WAIT_SECONDS))
        for message in client.receive(int(min(left, BATCH_LIMIT)), wait):
            yield decode(message.body)
            client.delete([message])
            left -= 1


def summary(body: str) -> str:
    """Return one line for a person."""
    try:
        return _line(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError):
        return body


def _line(outcome: dict[str, Any]) -> str:
    data = outcome["data"]
    kind = outcome["type"].rsplit(".", 1)[-1]
    instance = data.get("instance")
    if kind == "completed":
        told = f"{instance['instanceId']} {instance['status']}" if instance else "dry run passed"
    else:
        kept = f"; instance {instance['instanceId']} {instance['disposition']}" if instance else ""
        told = f"{data['error']['code']} at {data['stage']}{kept}. {data['error']['remedy']}"
    return f"{data['finishedAt']}  {kind:<9}  {outcome['subject']}  {told}"
