"""How commands speak: machine output on stdout, everything else on stderr, errors with what to do next."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console
    from rich.text import Text

WRONG_USE = 2


class WrongUse(click.ClickException):
    """The command cannot do its work; the text says why and what to do. Exit code 2."""

    exit_code = WRONG_USE


def wants_json(given: bool) -> bool:  # noqa: FBT001 - a flag of the command line, handed through
    """Tell whether stdout is for a program: asked for, or no terminal."""
    return given or not sys.stdout.isatty()


def json_line(value: Any) -> None:
    """Write one JSON line to stdout, at once."""
    raw_line(json.dumps(value, separators=(",", ":"), default=str))


def raw_line(text: str) -> None:
    """Write one line to stdout, at once."""
    click.echo(text)
    sys.stdout.flush()


def printable(text: str) -> str:
    """Return text from elsewhere as one line that a terminal shows and does not obey."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def progress(text: str) -> None:
    """Tell a person, on stderr, what is going on."""
    click.echo(text, err=True)


def console() -> Console:
    """Return the terminal that tables are drawn on."""
    from rich.console import Console  # noqa: PLC0415 - only people need it

    return Console()


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Draw a table on the terminal; where it is too narrow for that, a block of lines for each row.

    Lines are broken between words only: codes, ids and names of parameters stay whole and can be copied.
    """
    from rich.table import Table  # noqa: PLC0415 - the same

    terminal = console()
    cells = [["-" if cell is None else str(cell) for cell in row] for row in rows]
    widths = column_widths([columns, *cells], terminal.width - 3 * len(columns) - 1)
    if widths is None:
        _blocks(columns, cells, title)
        return
    drawn = Table(title=title, title_justify="left")
    for name, width in zip(columns, widths, strict=True):
        drawn.add_column(name, width=width)
    for row in cells:
        drawn.add_row(*map(_plain, row))
    terminal.print(drawn)


def column_widths(rows: Sequence[Sequence[str]], most: int) -> list[int] | None:
    """Return how wide each column is to be, `most` characters in all; None where a word would have to be broken."""
    columns = list(zip(*rows, strict=True))
    least = [max(len(word) for cell in column for word in [*cell.split(), ""]) for column in columns]
    widths = [max(map(len, column)) for column in columns]
    if sum(least) > most:
        return None
    while (excess := sum(widths) - most) > 0:
        # The column that can give most gives, down to its longest word.
        widest = max(range(len(widths)), key=lambda number: widths[number] - least[number])
        widths[widest] -= min(excess, widths[widest] - least[widest])
    return widths


def _blocks(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str | None) -> None:
    if title:
        raw_line(title)
    indent = max(map(len, columns)) + 2
    for row in rows:
        for name, cell in zip(columns, row, strict=True):
            if cell:
                raw_line(f"{name:<{indent}}{cell}")
        raw_line("")


def _plain(text: str) -> Text:
    """Return text in which nothing is markup."""
    from rich.text import Text  # noqa: PLC0415 - the same

    return Text(text)
