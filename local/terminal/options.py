"""Options that several commands share, and what they turn into."""

from __future__ import annotations

import math
import os
import tempfile
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from local import defaults
from local.terminal.endpoint_url import EndpointUrl
from local.terminal.output import WrongUse
from local.terminal.place import Where

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., Any]")
FILE = click.Path(allow_dash=True, readable=False)
"""A file, or - for standard input. The shell completes it; whether it can be read is said where it is read."""
LOCAL_ENDPOINT = f"http://{defaults.HOST}:{defaults.PORT}"


class Finite(click.FloatRange):
    """A number within limits; `nan` and `inf`, which Python reads as numbers, are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number, or fail as click does."""
        found = float(super().convert(value, param, ctx))
        if not math.isfinite(found):
            self.fail(f"{value} is no number of this kind", param, ctx)
        return found


def examples(*lines: str) -> str:
    """Return the end of a command's help: examples, one a line (the backspace keeps click from filling them)."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def where(command: Command) -> Command:
    """Add --endpoint, --stack, --profile and --region; the command gets them as `where`."""

    @click.option(
        "--endpoint",
        type=EndpointUrl(),
        metavar="URL",
        help=f"A local cloud, such as {LOCAL_ENDPOINT} (or PROVISIONER_ENDPOINT).",
    )
    @click.option(
        "--stack", metavar="NAME", help="A deployment in the account, by its ROS stack (or PROVISIONER_STACK)."
    )
    @click.option("--profile", metavar="NAME", help="With --stack: whose keys, a profile of the aliyun CLI.")
    @click.option("--region", metavar="REGION", help="With --stack: the stack's region; the profile's by default.")
    @wraps(command)
    def run(*, endpoint: str | None, stack: str | None, profile: str | None, region: str | None, **rest: Any) -> Any:
        return command(where=Where.of(endpoint, stack, profile, region, os.environ), **rest)

    return cast("Command", run)


def store(command: Command) -> Command:
    """Add --store."""
    return click.option(
        "--store", type=click.Choice(["sqlite", "tablestore"]), default="sqlite", show_default=True,
        help="Where records are kept: a file in the data directory, or Tablestore.",
    )(command)  # fmt: skip


def any_store(command: Command) -> Command:
    """Add --store for commands that ask the local cloud, or the stack, where the records are."""
    return click.option(
        "--store", type=click.Choice(["sqlite", "tablestore"]),
        help="Where records are kept; by default where the place's worker keeps them.",
    )(command)  # fmt: skip


def any_data(command: Command) -> Command:
    """Add --data for the same commands."""
    return click.option(
        "--data", type=click.Path(path_type=Path),
        help="Directory of the SQLite store; by default the one of the place's worker.",
    )(command)  # fmt: skip


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
        "--speed", type=Finite(min=0, min_open=True), default=1.0, show_default=True,
        help="How many times faster than usual instances change state.",
    )(command)  # fmt: skip


def timer(command: Command) -> Command:
    """Add --timer."""
    return click.option(
        "--timer", type=Finite(min=1),
        help="Seconds between two starts of the timer function (60 on the platform); without it each run follows the "
        "last.",
    )(command)  # fmt: skip


def as_json(command: Command) -> Command:
    """Add --json."""
    return click.option(
        "--json", "as_json", is_flag=True, help="JSON lines, as when standard output is no terminal."
    )(command)  # fmt: skip


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
