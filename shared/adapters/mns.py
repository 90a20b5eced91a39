"""The Queue and Outcomes ports through the MNS SDK.

What the SDK does that its documents do not say, and what is done about it here:

- An Account is one `http.client` connection and not thread-safe: idle ones wait in a pool, and each call has its own.
- Over https it sets no time-out: it is set on the connection.
- It reads an answer to its end, however slowly and how much comes: here for as long as a call may take, and not more
  than an answer can be.
- When the connection breaks before an answer, it sends once more by itself. A connection that the server closed while
  it was idle would look like that, so such a one is opened anew first; the rest is why both ports promise
  "at least once" only.
- Texts of its exceptions hold whole answers, and those may repeat the message with its password.
- The status of a refusal gets lost on the way to `Queue` and `Topic`; one floor below it is still there.
"""

from __future__ import annotations

import re
from collections import deque
from contextlib import contextmanager
from functools import partial
from http.client import HTTPResponse
from time import monotonic
from typing import TYPE_CHECKING, Any

from mns.account import Account
from mns.mns_request import (
    PublishMessageRequest,
    PublishMessageResponse,
    SendMessageRequest,
    SendMessageResponse,
)
from urllib3.util import wait_for_read

from shared.adapters.whole_answer import read_whole
from shared.domain.redact import redact
from shared.ports import PublishFailed, SendFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.settings import Credentials

LONGEST_DELAY = 604_800
_CLIENT_ERRORS = range(400, 500)
_LONGEST_TEXT = 300
_LONGEST_ANSWER = 1024 * 1024
_LONGEST_BODY = 65_536
"""Bytes of a body that a queue takes, in base64 or not."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class BoundedResponse(HTTPResponse):
    """A response whose whole body is read within `seconds` from its begin, or not at all."""

    def __init__(self, *arguments: Any, seconds: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._until = monotonic() + seconds

    def read(self, amt: int | None = None) -> bytes:
        """Read; raise EndlessAnswer."""
        if amt is not None:
            return super().read(amt)
        body = read_whole(self.read1, _LONGEST_ANSWER, self._until)
        return body + super().read()  # which ends it, and tells when something is missing


class Mns:
    """One endpoint's connections, for any number of threads."""

    def __init__(self, endpoint: str, credentials: Credentials, *, call_seconds: float) -> None:
        self._endpoint = endpoint
        self._credentials = credentials
        self._call_seconds = call_seconds
        self._idle: deque[Any] = deque()

    @contextmanager
    def client(self) -> Iterator[Any]:
        """Lend the SDK's low-level client to one thread."""
        try:
            client = self._idle.pop()
        except IndexError:
            client = self._connect()
        socket = client.http.conn.sock
        if socket is not None and wait_for_read(socket, timeout=0):  # an idle one has nothing to say but that it ends
            client.close_connection()
        try:
            yield client
        finally:
            self._idle.append(client)

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close_connection()

    def explain(self, error: Exception, body: str) -> tuple[str, str]:
        """Say what an SDK exception means, and its code, in words without secrets, and without any of the body's."""
        secrets = (*self._credentials.secrets, body)
        said = redact(str(getattr(error, "message", error)), secrets, limit=_LONGEST_TEXT)
        code = redact(str(getattr(error, "type", "")), secrets)
        code = code if _CODE.fullmatch(code) else ""
        return f"{type(error).__name__} {code}: {said}", code

    def _connect(self) -> Any:
        keys = self._credentials
        client = Account(self._endpoint, keys.access_key_id, keys.access_key_secret, keys.security_token).mns_client
        client.set_connection_timeout(self._call_seconds)  # for http only
        client.http.conn.timeout = self._call_seconds
        client.http.conn.response_class = partial(BoundedResponse, seconds=self._call_seconds)
        return client


class MnsQueue:
    """The Queue port. Bodies travel in base64, as the SDK sends them; the trigger hands them on as they are.

    A body that would be too long in base64 travels as it is: every body that came fits, with what we add to it.
    """

    def __init__(self, mns: Mns, name: str) -> None:
        self._mns = mns
        self._name = name

    def send(self, body: str, delay_seconds: int) -> str:
        """Send a body and return the message's id; raise SendFailed."""
        delay = min(max(delay_seconds, 0), LONGEST_DELAY)
        text, encoded = _travelling(body)
        request = SendMessageRequest(self._name, text, delay, base64encode=encoded)
        answer = SendMessageResponse()
        try:
            with self._mns.client() as client:
                client.send_message(request, answer)
        except Exception as error:  # noqa: BLE001 - the SDK raises whatever its parsers raise
            text, code = self._mns.explain(error, body)
            failure = SendFailed(text, code=code)
        else:
            return str(answer.message_id)
        raise failure  # out here, so that the SDK's exception is not its context


class MnsOutcomes:
    """The Outcomes port."""

    def __init__(self, mns: Mns, topic: str) -> None:
        self._mns = mns
        self._topic = topic

    def publish(self, body: str, tag: str) -> None:
        """Publish ASCII text under a message tag; raise PublishFailed."""
        if not body.isascii():
            raise ValueError("an outcome is ASCII: XML cannot carry everything else")
        answer = PublishMessageResponse()
        try:
            with self._mns.client() as client:
                client.publish_message(PublishMessageRequest(self._topic, body, tag, message_group_id=""), answer)
        except Exception as error:  # noqa: BLE001 - the SDK raises whatever its parsers raise
            refused = answer.status in _CLIENT_ERRORS
            text, code = self._mns.explain(error, body)
            failure = PublishFailed(text, refused=refused, code=code)
        else:
            return
        raise failure  # out here, so that the SDK's exception is not its context


def _travelling(body: str) -> tuple[str, bool]:
    """Return a body as the queue takes it, and whether that is in base64.

    What is too long either way, or has what XML cannot carry, ends there: it is no message, and refused all the same.
    """
    if -(-len(body.encode()) // 3) * 4 <= _LONGEST_BODY:
        return body, True
    unsayable = _NOT_XML.search(body)
    text = body[: unsayable.start()] if unsayable else body
    return text.encode()[:_LONGEST_BODY].decode(errors="ignore"), False
