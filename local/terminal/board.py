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
    from local.trace.request_trace import Journey
    from local.trace.trace import Story

LATEST = 12
TROUBLES = 4
REFRESH_PER_SECOND = 4


def board(cloud: Cloud) -> RenderableType:
    """Return everything as it stands."""
    with cloud.lock:
        cloud.look()
        story = cloud.witness.story
        return Group(summary(story), latest(story), troubles(story))


def summary(story: Story) -> Table:
    """Return the figures: requests by state, messages by queue, instances by status, calls a second."""
    states = Counter(journey.state for journey in story.journeys.values())
    told = [(f"{states[state]} {state}", style) for state, style in STYLES.items() if states[state]]
    queues = [
        f"{name.removeprefix('provision-')} {counts['visible']}+{counts['inFlight'] + counts['delayed']}"
        for name, counts in (story.part("queues") or {}).items()
    ]
    instances = [
        f"{number} {status}" for status, number in (story.part("instances") or {"counts": {}})["counts"].items()
    ]
    calls = (story.part("calls") or {"seconds": [0]})["seconds"][-1]
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


def latest(story: Story) -> RenderableType:
    """Return the requests that changed last, each with its last step."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), expand=True)
    table.add_column("request", no_wrap=True, max_width=32)
    table.add_column("state", min_width=9, no_wrap=True)
    table.add_column("calls", justify="right", no_wrap=True)
    table.add_column("s", min_width=5, justify="right", no_wrap=True)
    table.add_column("last", no_wrap=True, overflow="ellipsis", ratio=1)
    for journey in islice(reversed(story.journeys.values()), LATEST):
        seconds = f"{journey.changed_at - journey.first_at:.1f}"
        table.add_row(Text(journey.key), state_of(journey), str(journey.attempts), seconds, Text(last_step(journey)))
    return table if story.journeys else Text("")


def troubles(story: Story) -> RenderableType:
    """Return the latest requests that failed or were refused: the code, and what to do."""
    bad = (journey for journey in reversed(story.journeys.values()) if journey.facts.get("outcomeError"))
    return Group(*lines_of(islice(bad, TROUBLES)))


def lines_of(journeys: Iterable[Journey]) -> list[Text]:
    """Return a line of each about what went wrong."""
    return [
        Text.assemble((journey.key, "bold"), " ", (error["code"], "red"), " ", explained(error))
        for journey in journeys
        if (error := error_of(journey)) is not None
    ]


def error_of(journey: Journey) -> dict[str, Any] | None:
    """Return the error of a request's outcome."""
    return journey.facts.get("outcomeError")


def state_of(journey: Journey) -> Text:
    """Return the state in its colour."""
    return Text(journey.state, STYLES.get(journey.state, ""))


def last_step(journey: Journey) -> str:
    """Return the last thing that happened, in words."""
    step = journey.steps[-1]
    return step.text if is_bad(step.to_json()) else f"{step.to_json()['title']}: {step.text}"
