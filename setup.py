"""The one thing that pyproject.toml cannot say: files from the top of the project that travel inside the package.

`template.yml`, `events/` and `examples/naive/` stand near the top of the project, where people look for them. An
installed command reads its own copies, in `local/files`; a checkout, or an editable installation of one, reads the
originals (`local.project`).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

TOP = Path(__file__).parent


class BuildWithFiles(build_py):
    """Builds the packages, and puts the copies in."""

    def run(self) -> None:
        """Build; what an earlier build left of the copies is removed first."""
        super().run()
        if self.editable_mode:
            return
        files = Path(self.build_lib) / "local" / "files"
        shutil.rmtree(files, ignore_errors=True)
        for name in ("events", "examples/naive"):
            shutil.copytree(TOP / name, files / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(TOP / "template.yml", files)


setup(cmdclass={"build_py": BuildWithFiles})
