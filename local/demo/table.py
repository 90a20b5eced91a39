"""The demo's table, drawn live on a terminal: one line a message, so that it fits small windows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from local.terminal.board import REFRESH_PER_SECOND, lines_of, state_of, summary
from local.terminal.output import console

if TYPE_CHECKING:
    from rich.console import RenderableType

    from local.cloud.cloud import Cloud
    from local.demo.demonstration import Demonstration, Progress
    from local.trace.request_trace import RequestTrace
    from local.trace.trace import Trace

WAITING = "waiting"
SHOWS = "what it shows"
COLUMNS = {"message": 9, SHOWS: 12, "state": 9, "": 12, "s": 5}
"""The titles, and how many characters each column has at the least."""


def follow(demonstration: Demonstration, cloud: Cloud, seconds: float) -> None:
    """Draw the table again and again until all outcomes are there or the time is up."""
    with Live(
        get_renderable=lambda: draw(demonstration, cloud), console=console(), refresh_per_second=REFRESH_PER_SECOND
    ):
        for _ in demonstration.outcomes(seconds):
            pass


def draw(demonstration: Demonstration, cloud: Cloud) -> RenderableType:
    """Return everything as it stands: the figures, a line a message, what to do about what failed."""
    with cloud.lock:
        cloud.look()
        trace = cloud.recorder.trace
        requests = [request_of(row, trace) for row in demonstration.rows]
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for title, width in COLUMNS.items():
            # Codes and addresses stay whole: what is too wide for the window is taken from the descriptions.
            table.add_column(title, min_width=width, no_wrap=title != SHOWS)
        for row, request in zip(demonstration.rows, requests, strict=True):
            table.add_row(*cells(row, request))
        return Group(summary(trace), table, *lines_of(request for request in requests if request))


def request_of(row: Progress, trace: Trace) -> RequestTrace | None:
    """Return what is known of a message's request."""
    return trace.requests.get(trace.key_of(row.message_ids[0]))


def cells(row: Progress, request: RequestTrace | None) -> tuple[Text, ...]:
    """Return one message's line: until its outcome is there, what happened last."""
    seconds = time.monotonic() - row.sent_at if row.seconds is None else row.seconds
    kind, detail = describe(row)
    if row.outcome is None and request is not None:
        state, detail = state_of(request), request.steps[-1].to_json()["title"]
    else:
        state = Text(kind, "green" if row.good else "red" if row.problems else "dim")
    return Text(row.sample.name), Text(row.sample.shows), state, Text(detail), Text(f"{seconds:4.1f}")


def describe(row: Progress) -> tuple[str, str]:
    """Return an outcome's kind, and what a person wants to know of it."""
    outcome = row.outcome
    if outcome is None:
        return WAITING, ""
    kind = outcome["type"].rsplit(".", 1)[-1]
    data = outcome["data"]
    if kind == "failed":
        return kind, data["error"]["code"]
    instance = data["instance"]
    address = instance["publicIpAddress"] or next(iter(instance["privateIpAddresses"]), "")
    return kind, f"{instance['status']} {address}"
