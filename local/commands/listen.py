"""`provisioner listen`: follow outcomes."""

from __future__ import annotations

import json
import math
import sys
import time
from typing import Any

import click

from local import defaults
from local.commands import options
from local.commands.output import WrongUse, progress, raw_line, wants_json
from local.runtime.mns import QueueClient, QueueError, decode

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
    client = QueueClient(options.access_to(endpoint), inbox)
    for_program = wants_json(as_json)
    ends_at = None if timeout is None else time.monotonic() + timeout
    seen = 0
    if count is None and timeout is None:
        progress(f"listening to {inbox}; Ctrl-C ends it")
    while count is None or seen < count:
        left = LONGEST_WAIT_SECONDS if ends_at is None else ends_at - time.monotonic()
        if left <= 0:
            break
        try:
            limit = 16 if count is None else count - seen
            messages = client.receive(limit, min(math.ceil(left), LONGEST_WAIT_SECONDS))
            for message in messages:
                body = decode(message.body)
                raw_line(body if for_program else summary(body))
                client.delete([message])
        except QueueError as error:
            raise WrongUse(str(error)) from None
        seen += len(messages)
    if count is not None and seen < count:
        progress(
            f"{seen} of {count} outcomes came in {timeout:g} s; `provisioner status REQUEST_ID` shows where one is"
        )
        sys.exit(1)


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
