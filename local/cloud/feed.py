"""`GET /_local/events`: what happens, as server-sent events, for as long as somebody listens.

Each event is one JSON object with the parts that changed since the last one, and the number of the change as its id.
Every two seconds an event `time` tells the cloud's time.
A listener that comes back with `Last-Event-ID` is told what it missed; of another run's number nothing is known, so it
is told everything, with `"reset": true`.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from local.cloud.cloud import Cloud
    from local.cloud.http import HttpRequest
    from local.trace.trace import Changes

PATH = "/_local/events"
BEAT_SECONDS = 0.2
WORD_BEATS = 10
"""After so many beats the listener is told the cloud's time, so that it can tell silence from an end."""
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def respond(current: Callable[[], Cloud], request: HttpRequest) -> StreamingResponse:
    """Return the endless answer."""
    cursor = request.headers.get("last-event-id", "")
    return StreamingResponse(_events(current, cursor), media_type="text/event-stream", headers=HEADERS)


async def _events(current: Callable[[], Cloud], cursor: str) -> AsyncIterator[str]:
    run, _, number = cursor.partition("-")
    since = int(number) if number.isdigit() else 0
    beats = 0
    while True:
        run, reset, changes = _changes(current(), run, since)
        since = changes.version
        if changes.data or reset:
            data = json.dumps(changes.data | ({"reset": True} if reset else {}), separators=(",", ":"))
            yield f"id: {run}-{since}\ndata: {data}\n\n"
        if beats % WORD_BEATS == 0:
            yield f'event: time\ndata: {{"now": {current().clock.now():.3f}}}\n\n'
        beats += 1
        await asyncio.sleep(0 if changes.more else BEAT_SECONDS)


def _changes(cloud: Cloud, run: str, since: int) -> tuple[str, bool, Changes]:
    with cloud.lock:
        cloud.look()
        trace = cloud.recorder.trace
        known = run == trace.run and since <= trace.version
        return trace.run, not known, trace.changes(since if known else 0)
