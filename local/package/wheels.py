"""Where the dependencies' files come from: wheels that pip downloads, or what this Python has installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from local.package.requirements import Locked
    from local.package.target import Target


class DownloadFailed(Exception):
    """pip could not get the wheels; the text is what it said last."""


def download(locked: Sequence[Locked], target: Target, folder: Path) -> list[Path]:
    """Download one wheel for each distribution, checked against its hashes, from the index pip is set up for."""
    requirements = folder / "requirements.txt"
    requirements.write_text("\n".join(item.line for item in locked) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--requirement", str(requirements), "--dest", str(folder), *target.pip_options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        raise DownloadFailed("\n".join(done.stderr.strip().splitlines()[-3:]))
    return sorted(folder.glob("*.whl"))


def files_of_wheels(wheels: Iterable[Path]) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield every file of the wheels under its path below site-packages; scripts and data files are left out."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                path = PurePosixPath(name)
                if path.parts[0].endswith(".data"):
                    if path.parts[1] not in ("purelib", "platlib"):
                        continue
                    path = PurePosixPath(*path.parts[2:])
                if not name.endswith("/"):
                    yield path, archive.read(name)


def files_installed(locked: Iterable[Locked]) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield the files this Python has installed for the same distributions."""
    for item in locked:
        for file in distribution(item.name).files or ():
            path = PurePosixPath(file)
            located = Path(str(file.locate()))
            if ".." not in path.parts and located.is_file():
                yield path, located.read_bytes()
