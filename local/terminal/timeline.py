"""The timeline of one request, drawn on a terminal."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

STYLES = {
    "queued": "dim", "delivered": "dim", "waiting": "yellow", "creating": "cyan", "pending": "cyan", "starting": "cyan",
    "releasing": "yellow", "completed": "green", "failed": "red", "refused": "magenta",
}  # fmt: skip
"""The colour of each state."""
BAD = frozenset({"error", "refused", "buried", "unacknowledged", "gone"})
FACTS = ("instance", "instanceStatus", "type", "zone", "disposition")
SECONDS = 2.0
BEFORE_TITLE = 22
"""Characters of a line before its title: time, distance, dot, and what separates them."""


def from_cloud(endpoint: str, request_id: str) -> dict[str, Any] | None:
    """Return what a local cloud saw of a request; None when it knows nothing of it or does not answer."""
    url = f"{endpoint.rstrip('/')}/_local/requests/{quote(request_id, safe='')}"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - the endpoint is a person's own
            found: dict[str, Any] = json.load(answer)
            return found
    except (OSError, ValueError, urllib.error.HTTPError):
        return None


def show(
    terminal: Console, request_id: str, state: str, steps: Sequence[dict[str, Any]], facts: dict[str, Any]
) -> None:
    """Draw the timeline: a line a step, with what an error means below it. Times are UTC.

    Where the terminal is too narrow for columns, lines run on: no id and no code is broken or left out.
    """
    title = Text.assemble((request_id, "bold"), "  ", (state, STYLES.get(state, "")))
    known = "  ".join(str(facts[name]) for name in FACTS if facts.get(name))
    terminal.print(title, *([Text(known, "dim")] if known else []), sep="\n", soft_wrap=True)
    words = [word for step in steps for word in step["text"].split()]
    least = BEFORE_TITLE + max((len(step["title"]) for step in steps), default=0) + 2 + max(map(len, words), default=0)
    if least > terminal.width:
        for step in steps:
            terminal.print(f"{_clock(step)}  {step['title']}: {step['text']}", soft_wrap=True, markup=False)
            if _needs_words(step):
                terminal.print(explained(step["error"]), soft_wrap=True)
    else:
        terminal.print(_columns(steps))


def _columns(steps: Sequence[dict[str, Any]]) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    for column in ("dim", "dim", "", "bold"):
        grid.add_column(style=column, no_wrap=True)
    grid.add_column(overflow="fold")
    began = steps[0]["at"] if steps else 0.0
    for step in steps:
        dot = Text("●", "red" if is_bad(step) else "green" if step["kind"] == "published" else "cyan")
        grid.add_row(_clock(step), f"{step['at'] - began:+7.2f} s", dot, step["title"], Text(step["text"]))
        if _needs_words(step):
            grid.add_row("", "", Text("│", "dim"), "", explained(step["error"]))
    return grid


def _clock(step: dict[str, Any]) -> str:
    return datetime.fromtimestamp(step["at"], timezone.utc).strftime("%H:%M:%S")


def _needs_words(step: dict[str, Any]) -> bool:
    return bool(step.get("error")) and step["kind"] != "published"


def is_bad(step: dict[str, Any]) -> bool:
    """Tell whether a step is one that nobody wants."""
    return step["kind"] in BAD or (step["kind"] in {"published", "ended"} and "error" in step)


def explained(error: dict[str, Any]) -> Text:
    """Return what an error means and what to do."""
    return Text.assemble((f"{error['category']}, try again: {error['retry']}. ", "dim"), (error["remedy"], "italic"))
