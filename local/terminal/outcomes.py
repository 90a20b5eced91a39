"""Outcomes as a command hears them, and one line of each for a person."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any

from local.runtime.mns import BATCH_LIMIT, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.runtime.mns import QueueClient

LONGEST_WAIT_SECONDS = 10


def outcomes(
    client: QueueClient, count: int | None, timeout: float | None, *, until: Callable[[], bool] = lambda: False
) -> Iterator[str]:
    """Yield outcomes and delete each once it has been dealt with: `count` of them, `timeout` seconds, or `until`."""
    ends_at = math.inf if timeout is None else time.monotonic() + timeout
    left = math.inf if count is None else count
    while left > 0 and not until() and (seconds := ends_at - time.monotonic()) > 0:
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
