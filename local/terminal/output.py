"""How commands speak: machine output on stdout, everything else on stderr, errors with what to do next."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

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


def progress(text: str) -> None:
    """Tell a person, on stderr, what is going on."""
    click.echo(text, err=True)


def console() -> Console:
    """Return the terminal that tables are drawn on."""
    from rich.console import Console  # noqa: PLC0415 - only people need it

    return Console()


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> None:
    """Draw a table on the terminal."""
    from rich.table import Table  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    drawn = Table(*columns, title=title, title_justify="left")
    for row in rows:
        drawn.add_row(*(Text("-" if cell is None else str(cell), overflow="fold") for cell in row))
    console().print(drawn)
