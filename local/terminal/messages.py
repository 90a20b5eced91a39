"""Files of messages, as commands take them."""

from __future__ import annotations

import json
import sys

from local.project import sample_or_path
from local.terminal.output import WrongUse, progress


def read_text(name: str) -> str:
    """Return a file's text, standard input's for -; WrongUse when it cannot be read."""
    try:
        return sys.stdin.read() if name == "-" else sample_or_path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"{name} cannot be read: {error.strerror}; samples are in events/messages") from None
    except UnicodeDecodeError:
        raise WrongUse(f"{name} is no UTF-8 text; a message is JSON in UTF-8") from None


def bodies(name: str, text: str) -> list[tuple[int, str]]:
    """Split a file into messages, each with its line: one JSON value, or one a line when the first line is JSON.

    What is no JSON is a message, too: the worker refuses it, and a warning says so.
    """
    if is_json(text):
        return [(1, text)]
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise WrongUse(f"{name} holds no message; give it one JSON object, or one a line")
    if not is_json(lines[0][1]):
        lines = [(1, text)]
    for number, line in lines:
        if not is_json(line):
            progress(f"warning: {name}:{number} is no JSON; sent as it is, and it will be refused")
    return lines


def is_json(text: str) -> bool:
    """Tell whether a text is JSON by itself."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
