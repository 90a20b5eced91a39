"""`provisioner enqueue`: put messages into the request queue."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from local import defaults
from local.runtime.mns import QueueClient, QueueError
from local.terminal import options
from local.terminal.output import WrongUse, json_line, progress, raw_line, wants_json


@click.command(
    epilog=options.examples(
        "provisioner enqueue events/messages/plain.json --endpoint http://127.0.0.1:4566",
        "provisioner enqueue requests.jsonl",
    )
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@options.endpoint
@click.option("--queue", default=defaults.QUEUE, envvar="PROVISIONER_QUEUE", show_default=True, help="The queue.")
@options.as_json
def enqueue(*, files: tuple[str, ...], endpoint: str | None, queue: str, as_json: bool) -> None:
    """Send every message of FILE... and print the message ids.

    A file holds one JSON object, or one message a line (JSON lines); - is standard input. What is no JSON is sent as
    it is, with a warning: the worker answers it with a refusal. Check beforehand with `provisioner validate`.
    """
    messages = [(name, body) for name in files for body in bodies(name, read_text(name))]
    access = options.access_to(endpoint)
    try:
        with QueueClient(access, queue) as client:
            for name, body in messages:
                _tell(client.send(body), name, for_program=wants_json(as_json))
    except QueueError as error:
        raise WrongUse(str(error)) from None


def _tell(message_id: str, name: str, *, for_program: bool) -> None:
    if for_program:
        json_line({"file": name, "messageId": message_id})
    else:
        raw_line(f"{message_id}  {name}")


def read_text(name: str) -> str:
    """Return a file's text; WrongUse when it cannot be read."""
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"{name} cannot be read: {error.strerror}; samples are in events/messages") from None
    except UnicodeDecodeError:
        raise WrongUse(f"{name} is no UTF-8 text; a message is JSON in UTF-8") from None


def bodies(name: str, text: str) -> list[str]:
    """Split a file into messages: one JSON value, or a line each when the first line is JSON by itself."""
    if _is_json(text):
        return [text]
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise WrongUse(f"{name} holds no message; give it one JSON object, or one a line")
    if not _is_json(lines[0]):
        lines = [text]
    for number, line in enumerate(lines, 1):
        if not _is_json(line):
            progress(f"warning: {name}:{number} is no JSON; sent as it is, and it will be refused")
    return lines


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
