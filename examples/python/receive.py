"""Take outcomes out of an inbox: python receive.py [COUNT]. Each consumer has an inbox of its own."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import clients
import outcomes
from mns.mns_exception import MNSExceptionBase

if TYPE_CHECKING:
    from mns.queue import Message, Queue

BATCH = 16
WAIT_SECONDS = 20


def main(count: int | None) -> None:
    """Handle outcomes until so many new ones were handled, or for ever."""
    inbox = clients.account().get_queue(clients.INBOX)
    # The topic puts outcomes in as they are, no base64. With the SDK's default the first would be an exception.
    inbox.set_encoding(False)
    left = count
    while left is None or left > 0:
        for message in take(inbox, BATCH if left is None else min(left, BATCH)):
            try:
                is_new = outcomes.handle_once(message.message_body)
            except Exception as error:  # noqa: BLE001 - one outcome that fails must not stop the others
                # Not deleted: it is visible again after the queue's VisibilityTimeout.
                print(f"{message.message_id} comes again: {type(error).__name__}: {error}", file=sys.stderr)
                continue
            inbox.delete_message(message.receipt_handle)
            left = None if left is None else left - is_new


def take(inbox: Queue, limit: int) -> list[Message]:
    """Wait for messages; an empty list when none came in time."""
    try:
        return list(inbox.batch_receive_message(limit, WAIT_SECONDS))
    except MNSExceptionBase as error:
        if error.type == "MessageNotExist":
            return []
        raise


def positive(text: str) -> int:
    """Read a count; ValueError for what is none."""
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=positive, metavar="COUNT", help="without it, for ever")
    clients.run(main, parser.parse_args().count)
