"""Which files are deployed."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

HANDLERS = "functions"
"""Its files go to the package's top, because the documents show handlers as `file.function` only."""
OWN_FOLDERS = (HANDLERS, "shared")
OWN_SUFFIXES = frozenset({".py", ".json"})

UNWANTED_FOLDERS = frozenset({"__pycache__", "tests", "test", "SelfTest", "include"})
UNWANTED_SUFFIXES = frozenset({".pyc", ".pyi", ".pyx", ".pxd", ".c", ".h", ".cpp", ".typed", ".exe", ".pth"})
"""What only developers, type checkers and compilers read."""
UNWANTED_PARTS = (
    "tablestore/ots_sdk/ots_sdk.so",
    "tablestore/native/",
)
"""The store SDK's native codec, 13.7 MB: it is switched off (`enable_native=False`), and the SDK loads without it."""
KEPT_METADATA = ("METADATA", "WHEEL", "LICENSE", "NOTICE", "COPYING", "AUTHORS")
"""Of a distribution's own description: which version this is, for which platform, under which licence."""


def wanted(path: PurePosixPath) -> bool:
    """Tell whether a dependency's file is deployed."""
    if path.parts[0].endswith(".dist-info"):
        return path.name.upper().startswith(KEPT_METADATA)
    return not (
        UNWANTED_FOLDERS.intersection(path.parts[:-1])
        or path.suffix in UNWANTED_SUFFIXES
        or str(path).startswith(UNWANTED_PARTS)
    )


def own_files(root: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield the worker's own files."""
    for folder in OWN_FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in OWN_SUFFIXES and file.is_file():
                yield PurePosixPath(file.relative_to(root).as_posix()), file.read_bytes()


def handlers_on_top(files: Iterable[tuple[PurePosixPath, bytes]]) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield a checkout's files where the package has them: the handlers' own at its top, without their folder."""
    for path, content in files:
        if path.parts[0] != HANDLERS:
            yield path, content
        elif path.name != "__init__.py":
            yield path.relative_to(HANDLERS), content
