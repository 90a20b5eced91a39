"""The README's lines, as a reader types them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from local.project import ROOT
from tests.support.processes import CLEAN, free_port, stopping

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

pytestmark = pytest.mark.slow
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = "4566"
NOT_RUN = {"make test"}
"""What runs this test itself."""
SERVES = re.compile(r"provisioner (up|cloud|run)\b")


def lines() -> list[str]:
    """Return every command of the README, comments off."""
    found = [line for block in BLOCK.findall((ROOT / "README.md").read_text()) for line in block.splitlines()]
    commands = [line.removeprefix("$ ").partition("  #")[0].strip() for line in found if line.startswith("$ ")]
    return [command for command in commands if command.partition(" #")[0].strip() not in NOT_RUN]


def checkout(folder: Path) -> Path:
    """Return a folder that looks like a checkout after `make setup`, with nothing in it that runs left behind."""
    for name in ("Makefile", "events", "requirements", "pyproject.toml", "template.yml"):
        (folder / name).symlink_to(ROOT / name)
    command = folder / ".venv/bin/provisioner"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m local.cli "$@"\n')
    command.chmod(0o755)
    (folder / ".venv/.ready").touch()
    return folder


def test_line_by_line_twice(tmp_path: Path) -> None:
    """Every line does what it says and ends with 0, from the first to the last, and again in the same folder.

    What serves runs until the end of the round. The port is a free one: another program may have the README's.
    """
    folder = checkout(tmp_path)
    assert len(lines()) >= 8
    for _ in range(2):
        port = str(free_port())
        with ExitStack() as running:
            for line in lines():
                text = line.replace(f":{PORT}", f":{port}")
                if SERVES.search(text):
                    running.enter_context(_serving(f"{text} --port {port}", folder))
                    continue
                done = subprocess.run(  # noqa: S602 - the README's own lines
                    text, shell=True, cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=120, check=False
                )  # fmt: skip
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
                assert "Traceback" not in done.stderr
    assert os.listdir(folder / ".provisioner")  # noqa: PTH208 - names are enough


def _serving(line: str, folder: Path) -> AbstractContextManager[dict[str, Any]]:
    process = subprocess.Popen(  # noqa: S602 - the same
        f"exec {line}", shell=True, cwd=folder, env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )  # fmt: skip
    return stopping(process)
