"""Bytecode for the target: without it a cold start compiles 1,800 modules, because /code cannot be written.

`unchecked-hash`, because unzipping changes the times that ordinary bytecode is checked against.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.package.target import Target

CODE_ROOT = "/code"
"""Where Function Compute mounts the package; file names in tracebacks begin so."""


def find_python(target: Target) -> str | None:
    """Return an interpreter of the target's version on this machine: this one, on PATH, or kept by pyenv."""
    return next((path for path in _candidates(target.version) if _version(path) == target.version), None)


def compile_tree(folder: Path, python: str) -> None:
    """Compile every module below the folder; a module that does not compile is left as source."""
    command = [python, "-s", "-S", "-m", "compileall", "-q", "-s", str(folder), "-p", CODE_ROOT]
    command += ["--invalidation-mode", "unchecked-hash", str(folder)]
    # A fixed hash seed: the order of sets ends up in the bytes.
    environment = {"PYTHONHASHSEED": "0", "PATH": os.environ.get("PATH", "")}
    subprocess.run(command, env=environment, check=False, capture_output=True)  # noqa: S603 - a Python we found


def _candidates(version: str) -> Iterator[str]:
    yield sys.executable
    found = shutil.which(f"python{version}")
    if found:
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from (str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python{version}")))


def _version(python: str) -> str | None:
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-I", "-c", question], capture_output=True, text=True, check=True, timeout=10)  # noqa: S603 - the same
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
