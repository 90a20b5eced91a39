"""Send requests: python send.py FILE... (one JSON message each). Sending one again under its requestId buys nothing."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import clients
from mns.queue import Message


def main(files: list[str]) -> None:
    """Send every file and print the id of its message."""
    queue = clients.account().get_queue(clients.QUEUE)
    # The SDK's default, said here because it matters: the body travels in base64, and the queue's trigger decodes it.
    queue.set_encoding(True)
    for name in files:
        try:
            message = json.loads(Path(name).read_text(encoding="utf-8"))
            request_id = message["requestId"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            sys.exit(f"{name} is no message: {type(error).__name__}: {error}")
        sent = queue.send_message(Message(json.dumps(message)))
        print(f"{request_id} sent as {sent.message_id}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE")
    clients.run(main, parser.parse_args().files)
