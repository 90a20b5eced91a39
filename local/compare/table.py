"""The comparison as a table: on a terminal, and in Markdown for the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import RenderableType

    from local.compare.comparison import Result

LOSSES: dict[str, Callable[[Result], int]] = {
    "duplicates": lambda result: result.losses.duplicates,
    "orphans": lambda result: result.losses.orphans,
    "without an answer": lambda result: result.losses.unanswered,
    "wrong answers": lambda result: result.losses.wrong,
}
COSTS: dict[str, Callable[[Result], int]] = {
    "status calls": lambda result: result.losses.status_calls,
    "seconds": lambda result: round(result.seconds),
}
ROWS = {**LOSSES, **COSTS}
AT_THE_END = ("orphans", "without an answer")
"""While outcomes are still to come, what has none yet is no loss."""
COLUMN = 16
"""Every side's column, in characters: enough for its name in two lines."""


def draw(results: Sequence[Result], seed: int) -> RenderableType:
    """Return everything as it stands, for a terminal."""
    from rich import box  # noqa: PLC0415 - only people need it
    from rich.table import Table  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), title=f"{results[0].requests} requests, seed {seed}")
    table.add_column("")
    sides = list(dict.fromkeys(result.side for result in results))
    for side in sides:
        table.add_column(side, justify="right", width=COLUMN)
    for name in dict.fromkeys(result.scenario for result in results):
        shown = [result for result in results if result.scenario == name]
        answered = [Text(f"{each.answered} answered", "dim") for each in shown]
        done = all(each.over for each in shown)
        table.add_row(Text(name, "bold"), *([""] * len(shown) if done else answered))
        for label, number in ROWS.items():
            early = label in AT_THE_END and not done
            cells = [("" if early else _number(number(each), good=label in COSTS)) for each in shown]
            table.add_row(f"  {label}", *cells, end_section=label == "seconds")
    return table


def _number(value: int, *, good: bool) -> RenderableType:
    from rich.text import Text  # noqa: PLC0415 - only people need it

    return Text(str(value), "" if good else "bold red" if value else "green")


def markdown(results: Sequence[Result], words: Mapping[str, str]) -> str:
    """Return a table with a column for each side and a group of rows for each scenario; `words` translates."""

    def said(text: str) -> str:
        return words.get(text, text)

    sides = list(dict.fromkeys(result.side for result in results))
    lines = ["| | " + " | ".join(map(said, sides)) + " |", "| --- |" + " ---: |" * len(sides)]
    for name in dict.fromkeys(result.scenario for result in results):
        shown = [result for result in results if result.scenario == name]
        lines.append(f"| **{said(name)}** |" + " |" * len(sides))
        for label, row in ROWS.items():
            lines.append(f"| {said(label)} | " + " | ".join(str(row(each)) for each in shown) + " |")
    return "\n".join(lines) + "\n"


def causes(results: Sequence[Result], words: Mapping[str, str]) -> str:
    """Return a table with a row for each scenario: what each side lost, `0` for nothing at all."""
    sides = list(dict.fromkeys(result.side for result in results))
    lines = ["| | " + " | ".join(sides) + " |", "| --- |" + " --- |" * len(sides)]
    for name in dict.fromkeys(result.scenario for result in results):
        shown = [result for result in results if result.scenario == name]
        lines.append(f"| {words.get(name, name)} | " + " | ".join(map(_lost, shown)) + " |")
    return "\n".join(lines) + "\n"


def _lost(result: Result) -> str:
    found = [f"{row(result)} {label}" for label, row in LOSSES.items() if row(result)]
    return ", ".join(found) or "0"
