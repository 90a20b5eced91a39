"""Options that several commands share, and what they turn into."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from local import defaults
from local.runtime.access import Access, AccessMissing
from local.terminal.output import WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., Any]")
LOCAL_ENDPOINT = f"http://{defaults.HOST}:{defaults.PORT}"


def examples(*lines: str) -> str:
    """Return the end of a command's help: examples, one a line (the backspace keeps click from filling them)."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def endpoint(command: Command) -> Command:
    """Add --endpoint: the local cloud's, or the account's own cloud when it is left out."""
    return click.option(
        "--endpoint", envvar="PROVISIONER_ENDPOINT", metavar="URL",
        help=f"Local cloud, such as {LOCAL_ENDPOINT} (or PROVISIONER_ENDPOINT); without it the account's credentials "
        "in ALIBABA_CLOUD_ACCESS_KEY_ID and so on are used.",
    )(command)  # fmt: skip


def store(command: Command) -> Command:
    """Add --store."""
    return click.option(
        "--store", type=click.Choice(["sqlite", "tablestore"]), default="sqlite", show_default=True,
        help="Where records are kept: a file in the data directory, or Tablestore.",
    )(command)  # fmt: skip


def any_store(command: Command) -> Command:
    """Add --store for commands that go where the endpoint leads; `store_for` fills it in."""
    return click.option(
        "--store", type=click.Choice(["sqlite", "tablestore"]),
        help="Where records are kept; by default a file in the data directory with --endpoint, Tablestore without.",
    )(command)  # fmt: skip


def store_for(endpoint: str | None, store: str | None) -> str:
    """Return the store a command looks into."""
    return store or ("sqlite" if endpoint else "tablestore")


def data(command: Command) -> Command:
    """Add --data."""
    return click.option(
        "--data", type=click.Path(path_type=Path), default=Path(defaults.DATA), show_default=True,
        help="Directory of the SQLite store.",
    )(command)  # fmt: skip


def port(command: Command) -> Command:
    """Add --port."""
    return click.option(
        "--port", type=click.IntRange(0, 65535), default=defaults.PORT, show_default=True,
        help="Port on 127.0.0.1; 0 is any free one.",
    )(command)  # fmt: skip


def speed(command: Command) -> Command:
    """Add --speed."""
    return click.option(
        "--speed", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True,
        help="How many times faster than usual instances change state.",
    )(command)  # fmt: skip


def timer(command: Command) -> Command:
    """Add --timer."""
    return click.option(
        "--timer", type=click.FloatRange(min=1),
        help="Seconds between two starts of the timer function (60 on the platform); without it each run follows the "
        "last.",
    )(command)  # fmt: skip


def as_json(command: Command) -> Command:
    """Add --json."""
    return click.option(
        "--json", "as_json", is_flag=True, help="JSON lines, as when standard output is no terminal."
    )(command)  # fmt: skip


def access_to(endpoint: str | None) -> Access:
    """Return the access to the local cloud, or to the account's; WrongUse names every variable that is missing."""
    try:
        return Access.from_environment(os.environ, endpoint)
    except AccessMissing as error:
        raise WrongUse(str(error)) from None


def prepare_directory(path: Path) -> Path:
    """Make a directory that can be written; WrongUse when that is impossible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise WrongUse(
            f"data directory {path} cannot be written: {error.strerror}; choose another one with --data"
        ) from None
    return path
