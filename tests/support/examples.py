"""The examples, run as docs/integrate.md says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import pytest

from local import defaults
from local.project import ROOT
from tests.support.processes import CLEAN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.place import Place

NODE = shutil.which("node")
MODULES = ROOT / "tests/functional/node/node_modules"
without_node = pytest.mark.skipif(
    NODE is None or not MODULES.is_dir(),
    reason="Node.js or its SDKs are not here: npm ci --prefix tests/functional/node",
)
PYTHON = pytest.param([sys.executable], "python", "py", id="python")
NODE_JS = pytest.param([str(NODE)], "node", "js", id="node", marks=without_node)
LANGUAGES = pytest.mark.parametrize(("interpreter", "folder", "ending"), [PYTHON, NODE_JS])


class Language:
    """Runs the examples of one language as docs/integrate.md says."""

    def __init__(self, place: Place, interpreter: list[str], folder: str, ending: str) -> None:
        self._command = interpreter
        self._folder, self._ending = ROOT / "examples" / folder, ending
        self.place = place
        self.environ = CLEAN | {
            "MNS_ENDPOINT": place.url,
            "ACCOUNT": defaults.ACCOUNT_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": defaults.ACCESS_KEY_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": defaults.ACCESS_KEY_SECRET,
            "HANDLED": str(place.folder / f"handled-{folder}"),
            "NODE_PATH": str(MODULES),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def command(self, script: str, *arguments: str) -> list[str]:
        """Return the command line of a script."""
        return [*self._command, str(self._folder / f"{script}.{self._ending}"), *arguments]

    def run(self, script: str, *arguments: str, **environ: str) -> list[str]:
        """Run a script to its end and return the lines it prints."""
        done = subprocess.run(
            self.command(script, *arguments), env=self.environ | environ, cwd=self.place.folder, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    @contextmanager
    def serving(self, script: str, errors: IO[str]) -> Iterator[tuple[str, IO[str]]]:
        """Run a script that listens; yield its URL and what it prints after it."""
        command = self.command(script, "0")
        with subprocess.Popen(
            command, env=self.environ, cwd=self.place.folder, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process:
            assert process.stdout is not None
            try:
                yield process.stdout.readline().rpartition(" ")[2].strip(), process.stdout
            finally:
                process.terminate()
