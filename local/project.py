"""Where the project's own files are: in a checkout at its top, in an installed wheel inside the package."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds `functions` and `shared`: a checkout's top, or site-packages."""
_COPIES = Path(__file__).with_name("files")
INSTALLED = _COPIES.is_dir()
"""Whether this is an installed wheel: it carries copies (setup.py), and nothing that only developers need."""
_FILES = _COPIES if INSTALLED else ROOT
TEMPLATE = _FILES / "template.yml"
EVENTS = _FILES / "events"
NAIVE = _FILES / "examples" / "naive"
"""The function that the demo compares the worker with."""


def sample_or_path(name: str) -> Path:
    """Return the path of a file that a person named.

    Where no such file exists, `events/...` is this project's own sample of that name: the examples of the help and of
    the documents then work from any folder.
    """
    path = Path(name)
    if path.exists() or path.parts[:1] != (EVENTS.name,) or ".." in path.parts:
        return path
    sample = EVENTS.joinpath(*path.parts[1:])
    return sample if sample.exists() else path
