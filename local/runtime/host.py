"""One function instance: the program that runs in a process of its own and calls the handler.

`local.runtime.instance` starts it as `python -I -u host.py FD` and talks to it over that file descriptor. It uses the
standard library only, because the deployed package has to run where nothing else is installed.

What it imitates (Function Compute 3.0, Python): code is imported from its own folder, where the handlers' files are at
the top (in a checkout they have a folder of their own); the handler string is split at its last dot; the root logger is
set up before the code is imported; an Exception becomes an error object and **the event goes to the log**; SystemExit
ends the process; anything that is no str or bytes is dumped as JSON.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any

HANDLERS = "functions"
"""The folder of the handlers' files in a checkout; a package has none."""
OLD_RUNTIMES = ("python3.9", "python3.10")
"""Runtimes whose context object carries credentials and service."""


def context_for(start: dict[str, Any], request_id: str) -> SimpleNamespace:
    """Return the context object of the runtime the template names."""
    context = SimpleNamespace(
        request_id=request_id,
        function=SimpleNamespace(**start["function"]),
        region=start["region"],
        account_id=start["account_id"],
        retry_count=0,
        tracing=SimpleNamespace(span_context=None, jaeger_endpoint=None, span_baggages={}),
    )
    if start["runtime"] in OLD_RUNTIMES:
        context.credentials = SimpleNamespace(
            access_key_id=os.environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
            access_key_secret=os.environ.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
            security_token=os.environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
        )
        context.service = SimpleNamespace(name="", log_project="", log_store="", qualifier="LATEST", version_id="")
    return context


def resolve(handler: str) -> Any:
    """Import the module part of a handler string and return the attribute after its last dot."""
    module, _, name = handler.rpartition(".")
    return getattr(importlib.import_module(module.replace("/", ".")), name)


def error_answer(error: Exception) -> bytes:
    """Return the error object a caller of the platform sees."""
    frames = traceback.format_tb(error.__traceback__)
    answer = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": frames}
    return json.dumps(answer).encode()


def set_up_logging() -> None:
    """Give the root logger its one handler; a later `logging.basicConfig` then does nothing."""
    handler = logging.StreamHandler(sys.stdout)
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ [%(levelname)s] %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)


def answer_to(handler: Any, event: bytes, context: SimpleNamespace) -> tuple[bool, bytes]:
    """Call the handler; return whether it succeeded, and the bytes its caller gets."""
    try:
        value = handler(event, context)
        if isinstance(value, str):
            value = value.encode()
        return True, value if isinstance(value, bytes) else json.dumps(value).encode()
    except Exception as error:  # noqa: BLE001 - the platform turns every Exception into an answer
        sys.stderr.write(f"{context.request_id} [ERROR] handler failed: {traceback.format_exc()}")
        sys.stderr.write(f"{context.request_id} [ERROR] event: {event.decode(errors='replace')}\n")
        return False, error_answer(error)


def main(descriptor: int) -> None:
    """Load the function, say whether that worked, and answer requests until the other end hangs up."""
    channel = Connection(descriptor)
    start = json.loads(channel.recv_bytes())
    sys.path[:0] = [start["code"], os.path.join(start["code"], HANDLERS)]  # noqa: PTH118 - strings for the import system
    set_up_logging()
    try:
        handler = resolve(start["handler"])
        if start["initializer"]:
            resolve(start["initializer"])(context_for(start, start["request_id"]))
    except Exception as error:  # noqa: BLE001 - the same
        sys.stderr.write(traceback.format_exc())
        channel.send_bytes(b"error")
        channel.send_bytes(error_answer(error))
        return
    channel.send_bytes(b"ready")
    while True:
        request_id = channel.recv_bytes().decode()
        event = channel.recv_bytes()
        succeeded, payload = answer_to(handler, event, context_for(start, request_id))
        channel.send_bytes(b"ok" if succeeded else b"error")
        channel.send_bytes(payload)


if __name__ == "__main__":
    # The other end hung up: before it sent anything, or with something unread, or while an answer was on its way.
    with suppress(EOFError, ConnectionError):
        main(int(sys.argv[1]))
