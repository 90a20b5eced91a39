"""Commands, in processes of their own or, where nothing of a process matters, in this one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from click.testing import CliRunner

from local.cli import main
from local.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

COMMAND = [sys.executable, "-m", "local.cli"]
OWN_ACCOUNT = ("PROVISIONER_", "ALIBABA_", "FC_")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(OWN_ACCOUNT)}


def command(
    *arguments: str, stdin: str = "", environ: dict[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, without the caller's own account in its environment."""
    environment = CLEAN | (environ or {})
    return subprocess.run(
        [*COMMAND, *arguments], input=stdin, env=environment, cwd=cwd, capture_output=True, text=True, timeout=90,
        check=False,
    )  # fmt: skip


def inside(*arguments: str, environ: dict[str, str] | None = None) -> Result:
    """Run a command in this process, without the caller's own account in its environment."""
    without = dict.fromkeys((name for name in os.environ if name.startswith(OWN_ACCOUNT)), None)
    return CliRunner().invoke(main, arguments, env={**without, **(environ or {})})


def json_lines(text: str) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(log: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """Run a command that serves; yield the line it says it is ready with, and stop it politely."""
    with log.open("a", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [*COMMAND, *arguments], env=CLEAN, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
        )  # fmt: skip
        with stopping(process) as ready:
            yield ready


@contextmanager
def stopping(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """Yield the line a process says it is ready with, and stop it politely: it has to end well."""
    with process:
        try:
            yield json.loads(_stdout(process).readline())
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


def _stdout(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout
