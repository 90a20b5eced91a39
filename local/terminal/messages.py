"""Files of messages, as commands take them."""

from __future__ import annotations

import io
import sys

from local.project import sample_or_path
from local.terminal.output import WrongUse, progress
from shared.domain.message.json import NotJson, read_json


def read_text(name: str) -> str:
    """Return a file's text, standard input's for -; WrongUse when it cannot be read."""
    try:
        return text_of(sys.stdin.buffer.read() if name == "-" else sample_or_path(name).read_bytes())
    except OSError as error:
        raise WrongUse(f"{name} cannot be read: {error.strerror}; samples are in events/messages") from None
    except UnicodeDecodeError:
        raise WrongUse(f"{name} is no UTF-8 text; a message is JSON in UTF-8") from None


def text_of(content: bytes) -> str:
    """Decode a file or a line of one; UnicodeDecodeError when it is no UTF-8.

    A byte order mark is the editor's, not the message's: it is taken off.
    """
    return content.decode("utf-8-sig")


def bodies(name: str, text: str) -> list[tuple[int, str]]:
    """Split a file into messages, each with its line: one JSON value, or one a line when the first line is JSON.

    What is no JSON is a message, too: the worker refuses it, and a warning says so.
    """
    if is_json(text):
        return [(1, text)]
    lines = [(number, line) for number, line in enumerate(io.StringIO(text, newline=None), 1) if line.strip()]
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
        read_json(text)
    except NotJson:
        return False
    return True
