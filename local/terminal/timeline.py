"""The timeline of one request, drawn on a terminal."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

STYLES = {
    "queued": "dim", "delivered": "dim", "creating": "cyan", "pending": "cyan", "starting": "cyan",
    "releasing": "yellow", "completed": "green", "failed": "red", "refused": "magenta",
}  # fmt: skip
"""The colour of each state."""
BAD = frozenset({"error", "refused", "buried", "unacknowledged", "gone"})
FACTS = ("instance", "instanceStatus", "type", "zone", "disposition")
SECONDS = 2.0


def from_cloud(endpoint: str, request_id: str) -> dict[str, Any] | None:
    """Return what a local cloud saw of a request; None when it knows nothing of it or does not answer."""
    url = f"{endpoint.rstrip('/')}/_local/requests/{quote(request_id, safe='')}"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - the endpoint is a person's own
            found: dict[str, Any] = json.load(answer)
            return found
    except (OSError, ValueError, urllib.error.HTTPError):
        return None


def draw(request_id: str, state: str, steps: Sequence[dict[str, Any]], facts: dict[str, Any]) -> RenderableType:
    """Return the timeline: a line a step, with what an error means below it. Times are UTC."""
    title = Text.assemble((request_id, "bold"), "  ", (state, STYLES.get(state, "")))
    known = "  ".join(str(facts[name]) for name in FACTS if facts.get(name))
    grid = Table.grid(padding=(0, 1))
    for column in ("dim", "dim", "", "bold"):
        grid.add_column(style=column, no_wrap=True)
    grid.add_column(overflow="fold")
    began = steps[0]["at"] if steps else 0.0
    for step in steps:
        dot = Text("●", "red" if is_bad(step) else "green" if step["kind"] == "published" else "cyan")
        when = datetime.fromtimestamp(step["at"], timezone.utc).strftime("%H:%M:%S")
        grid.add_row(when, f"{step['at'] - began:+7.2f} s", dot, step["title"], Text(step["text"]))
        if step.get("error") and step["kind"] != "published":
            grid.add_row("", "", Text("│", "dim"), "", explained(step["error"]))
    return Group(title, Text(known, "dim"), grid) if known else Group(title, grid)


def is_bad(step: dict[str, Any]) -> bool:
    """Tell whether a step is one that nobody wants."""
    return step["kind"] in BAD or (step["kind"] in {"published", "ended"} and "error" in step)


def explained(error: dict[str, Any]) -> Text:
    """Return what an error means and what to do."""
    return Text.assemble((f"{error['category']}, try again: {error['retry']}. ", "dim"), (error["remedy"], "italic"))
