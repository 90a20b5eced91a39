"""The demo's table, drawn live on a terminal: one line a message, so that it fits small windows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich import box
from rich.live import Live
from rich.table import Table
from rich.text import Text

from local.commands.output import console

if TYPE_CHECKING:
    from local.demonstration import Demonstration, Progress

WAITING = "waiting"
COLUMNS = {"message": 9, "what it shows": 12, "outcome": 9, "": 12, "s": 5}
"""The titles, and how many characters each column has at the least."""


def follow(demonstration: Demonstration, seconds: float) -> None:
    """Draw the table again with every outcome until all are there or the time is up."""
    with Live(draw(demonstration), console=console(), auto_refresh=False) as live:
        for _ in demonstration.outcomes(seconds):
            live.update(draw(demonstration), refresh=True)


def draw(demonstration: Demonstration) -> Table:
    """Return the table as it stands."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for title, width in COLUMNS.items():
        table.add_column(title, min_width=width, no_wrap=True)
    for row in demonstration.rows:
        style = "green" if row.good else "red" if row.problems else "dim"
        seconds = time.monotonic() - row.sent_at if row.seconds is None else row.seconds
        kind, detail = describe(row)
        table.add_row(Text(row.sample.name), Text(row.sample.shows), Text(kind, style), Text(detail), f"{seconds:4.1f}")
    return table


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
