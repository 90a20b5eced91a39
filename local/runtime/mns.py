"""One MNS queue as a client sees it, through the real SDK. One object is one connection: use it from one thread."""

from __future__ import annotations

import base64
import binascii
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from urllib3.util import wait_for_read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.runtime.access import Access

ENDPOINT_SECONDS = 40
"""Longer than the longest wait for a message, which is 30 s."""
IDLE_SECONDS = 2.0
"""A connection that was not used for longer is not used again: a server that closes idle ones may do so while the call
is on its way, and then what became of the call is not known."""
BATCH_LIMIT = 16
"""How many messages one call may return (API reference of BatchReceiveMessage)."""


class QueueError(Exception):
    """The queue did not do what it was asked; the text says how and what to look at."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was handed out; `handle` names this handing-out. Times are epoch seconds."""

    id: str
    body: str
    handle: str
    enqueued_at: float
    hidden_until: float


def decode(body: str) -> str:
    """Return a body that is base64 of UTF-8 in plain, any other as it is.

    The Python SDK sends base64, others send what they are given; JSON is never valid base64.
    """
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, ValueError):
        return body


class QueueClient:
    """Sends to and takes from one queue until closed; every failure is a QueueError."""

    def __init__(self, access: Access, name: str, idle_seconds: float = IDLE_SECONDS) -> None:
        from mns.account import Account  # noqa: PLC0415 - the SDK loads when a queue is used

        self._name = name
        self._endpoint = access.mns_endpoint
        account = Account(
            access.mns_endpoint, access.access_key_id, access.access_key_secret, access.security_token
        )  # fmt: skip
        account.mns_client.set_connection_timeout(ENDPOINT_SECONDS)
        account.mns_client.http.conn.timeout = ENDPOINT_SECONDS  # the SDK sets none over https
        self._connection = account.mns_client
        self._queue = account.get_queue(name)
        self._idle_seconds = idle_seconds
        self._used_at = time.monotonic()

    def __enter__(self) -> QueueClient:  # noqa: PYI034 - `Self` is new in 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close_connection()

    def send(self, body: str) -> str:
        """Send a body (in base64, as the trigger expects) and return the message's id."""
        from mns.queue import Message as SdkMessage  # noqa: PLC0415 - the same

        self._queue.set_encoding(True)
        return str(self._call("send_message", SdkMessage(body)).message_id)

    def check(self) -> None:
        """Raise QueueError when the queue does not answer; nothing is taken out of it."""
        self._queue.set_encoding(False)  # what waits there may be plain
        self._call("peek_message")

    def receive(self, limit: int, wait_seconds: int) -> list[Message]:
        """Take up to `limit` messages, waiting so many whole seconds for the first; bodies come as they are stored."""
        self._queue.set_encoding(False)
        answers = self._call("batch_receive_message", min(limit, BATCH_LIMIT), wait_seconds) or []
        return [
            Message(
                item.message_id,
                _text(item.message_body),
                item.receipt_handle,
                int(item.enqueue_time) / 1000,
                int(item.next_visible_time) / 1000,
            )
            for item in answers
        ]

    def hide(self, message: Message, seconds: int) -> Message:
        """Keep a message from others for so long from now; return it with its new handle."""
        answer = self._call("change_message_visibility", message.handle, seconds)
        if answer is None:
            raise QueueError(f"queue {self._name}: message {message.id} is in other hands by now; try again")
        return replace(message, handle=answer.receipt_handle, hidden_until=int(answer.next_visible_time) / 1000)

    def give_back(self, message: Message) -> None:
        """Let others have a message soon; one that is no longer ours, or gone, is left alone."""
        self._call("change_message_visibility", message.handle, 1)

    def delete(self, messages: Sequence[Message]) -> None:
        """Acknowledge messages."""
        for start in range(0, len(messages), BATCH_LIMIT):
            part = messages[start : start + BATCH_LIMIT]
            self._call("batch_delete_message", [message.handle for message in part])

    def _call(self, method: str, *arguments: object) -> Any:
        from mns.mns_exception import MNSClientNetworkException, MNSExceptionBase  # noqa: PLC0415 - the same

        socket = self._connection.http.conn.sock
        is_idle = time.monotonic() - self._used_at > self._idle_seconds
        if socket is not None and (is_idle or wait_for_read(socket, timeout=0)):  # readable: the server closed it
            self._connection.close_connection()
        try:
            return getattr(self._queue, method)(*arguments)
        except MNSClientNetworkException as error:
            raise QueueError(f"the cloud at {self._endpoint} cannot be reached: {error.message}") from None
        except MNSExceptionBase as error:
            if error.type == "MessageNotExist":
                return None
            raise QueueError(f"queue {self._name} at {self._endpoint}: {error.type}: {error.message}") from None
        finally:
            self._used_at = time.monotonic()


def _text(body: str | bytes) -> str:
    return body.decode(errors="replace") if isinstance(body, bytes) else body
