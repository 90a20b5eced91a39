"""All requests on a terminal, live: how many stand where, the queues, the latest requests, what went wrong."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from local.terminal.timeline import STYLES, explained, is_bad

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from local.cloud.cloud import Cloud
    from local.trace.request_trace import RequestTrace
    from local.trace.trace import Trace

LATEST = 12
TROUBLES = 4
REFRESH_PER_SECOND = 4


def board(cloud: Cloud) -> RenderableType:
    """Return everything as it stands."""
    with cloud.lock:
        cloud.look()
        trace = cloud.recorder.trace
        return Group(summary(trace), latest(trace), troubles(trace))


def summary(trace: Trace) -> Table:
    """Return the figures: requests by state, messages by queue, instances by status, calls a second."""
    states = Counter(request.state for request in trace.requests.values())
    told = [(f"{states[state]} {state}", style) for state, style in STYLES.items() if states[state]]
    queues = [
        f"{name.removeprefix('provision-')} {counts['visible']}+{counts['inFlight'] + counts['delayed']}"
        for name, counts in (trace.part("queues") or {}).items()
    ]
    instances = [
        f"{number} {status}" for status, number in (trace.part("instances") or {"counts": {}})["counts"].items()
    ]
    calls = (trace.part("calls") or {"seconds": [0]})["seconds"][-1]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    grid.add_row(
        "requests", Text(", ").join(Text(words, style) for words, style in told) if told else Text("none yet", "dim")
    )
    grid.add_row("queues", Text(", ".join(queues)) + Text("  (waiting + taken or delayed)", "dim"))
    grid.add_row("instances", Text(", ".join(instances) or "none"))
    grid.add_row("calls", f"{calls} a second")
    return grid


def latest(trace: Trace) -> RenderableType:
    """Return the requests that changed last, each with its last step."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), expand=True)
    table.add_column("request", no_wrap=True, max_width=32)
    table.add_column("state", min_width=9, no_wrap=True)
    table.add_column("calls", justify="right", no_wrap=True)
    table.add_column("s", min_width=5, justify="right", no_wrap=True)
    table.add_column("last", no_wrap=True, overflow="ellipsis", ratio=1)
    for request in islice(reversed(trace.requests.values()), LATEST):
        seconds = f"{request.changed_at - request.first_at:.1f}"
        table.add_row(Text(request.key), state_of(request), str(request.attempts), seconds, Text(last_step(request)))
    return table if trace.requests else Text("")


def troubles(trace: Trace) -> RenderableType:
    """Return the latest requests that failed or were refused: the code, and what to do."""
    bad = (request for request in reversed(trace.requests.values()) if request.facts.get("outcomeError"))
    return Group(*lines_of(islice(bad, TROUBLES)))


def lines_of(requests: Iterable[RequestTrace]) -> list[Text]:
    """Return a line of each about what went wrong."""
    return [
        Text.assemble((request.key, "bold"), " ", (error["code"], "red"), " ", explained(error))
        for request in requests
        if (error := error_of(request)) is not None
    ]


def error_of(request: RequestTrace) -> dict[str, Any] | None:
    """Return the error of a request's outcome."""
    return request.facts.get("outcomeError")


def state_of(request: RequestTrace) -> Text:
    """Return the state in its colour."""
    return Text(request.state, STYLES.get(request.state, ""))


def last_step(request: RequestTrace) -> str:
    """Return the last thing that happened, in words."""
    step = request.steps[-1]
    return step.text if is_bad(step.to_json()) else f"{step.to_json()['title']}: {step.text}"
