"""Puts a package together: a folder of files, its bytecode, and the zip with the same bytes for the same files."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local.package.bytecode import compile_tree
from local.package.requirements import locked_for
from local.package.selection import handlers_on_top, own_files, wanted
from local.package.wheels import download, files_installed, files_of_wheels
from local.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePosixPath

    from local.package.target import Target

LOCK = ROOT / "requirements" / "runtime.txt"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can say."""
MODE = 0o100644 << 16
LIMIT_BYTES = 25_000_000


@dataclass(frozen=True, slots=True)
class Built:
    """A finished zip. `parts` are its largest parts: compressed bytes by the name at its top."""

    path: Path
    size: int
    sha256: str
    parts: list[tuple[str, int]]


def build(output: Path, target: Target, python: str | None, *, installed: bool = False, root: Path = ROOT) -> Built:
    """Build a zip for a target, with bytecode when there is a Python to make it; raise DownloadFailed.

    `installed` takes the dependencies from what this Python has installed instead of downloading wheels. `root` holds
    the worker's own folders.
    """
    locked = locked_for(target, LOCK)
    with tempfile.TemporaryDirectory(prefix="provisioner-package-") as scratch:
        wheels, tree = Path(scratch) / "wheels", Path(scratch) / "tree"
        wheels.mkdir()
        files = files_installed(locked) if installed else files_of_wheels(download(locked, target, wheels))
        lay_out(tree, ((path, content) for path, content in files if wanted(path)))
        lay_out(tree, handlers_on_top(own_files(root)))
        if python:
            compile_tree(tree, python)
        write_zip(tree, output)
    content = output.read_bytes()
    return Built(output, len(content), hashlib.sha256(content).hexdigest(), largest_parts(output))


def lay_out(folder: Path, files: Iterable[tuple[PurePosixPath, bytes]]) -> None:
    """Write files below a folder."""
    for path, content in files:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def write_zip(folder: Path, output: Path) -> None:
    """Zip a folder: names in order, no times, one mode."""
    output.parent.mkdir(parents=True, exist_ok=True)
    files = sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(output, "w") as archive:
        for name, path in files:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = MODE
            entry.create_system = 3
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def largest_parts(path: Path, count: int = 10) -> list[tuple[str, int]]:
    """Return the top-level names that take most of a zip."""
    sizes: Counter[str] = Counter()
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            sizes[entry.filename.split("/", 1)[0]] += entry.compress_size
    return sizes.most_common(count)
