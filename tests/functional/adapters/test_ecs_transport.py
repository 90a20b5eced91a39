"""What leaves, how often, and where to: the ECS adapter below the SDK."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from darabonba.core import DaraCore
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout, ProxyError, ReadTimeout, SSLError
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError
from urllib3.util.retry import Retry

from shared.adapters.ecs.client import Ecs
from shared.adapters.ecs.transport import HOSTS, never_left
from shared.domain.errors.catalogue import classify
from shared.ports import ApiFailure
from shared.settings import Credentials
from tests.support.scripted_server import scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requests import Session

    from shared.domain.errors.model import ApiError

KEYS = Credentials("key-id", "very-secret-key", "sts-token")
REGION = "cn-hangzhou"
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends a reset."""


def failure(endpoint: str | None, *, region: str = REGION, connections: int = 20) -> ApiError:
    """Create, expect a failure and return what it says."""
    ecs = Ecs(KEYS, call_seconds=0.9, endpoint=endpoint, connections=connections)
    with pytest.raises(ApiFailure) as caught:
        ecs.create({"RegionId": region, "InstanceType": "t"})
    return caught.value.error


@contextmanager
def resetting(times: int = 1, answer: bytes = b"") -> Iterator[tuple[str, list[bytes]]]:
    """Answer and reset so many connections once their request is there, then refuse all others."""
    requests: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(2)
    port = listener.getsockname()[1]

    def serve() -> None:
        for number in range(times):
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                return
            requests.append(connection.recv(65536))
            if number == times - 1:
                listener.close()
            connection.sendall(answer)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}", requests
    finally:
        thread.join(5)
        listener.close()


@contextmanager
def full() -> Iterator[str]:
    """Listen without room for another connection: whoever connects waits in vain."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003 - the standard library's own signature
            each.connect_ex(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for each in waiting:
                each.close()


@contextmanager
def dripping(status: int) -> Iterator[str]:
    """Begin an answer and add a byte to it now and then, without end."""
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 100000\r\n\r\n{" % status)
            while not over.wait(0.05):
                connection.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join(5)


def nobody() -> str:
    """Return a URL at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_refused_connection_never_left() -> None:
    """Where no connection was made, nothing was sent."""
    error = failure(nobody())
    assert (error.http_status, error.sent) == (None, False)


def test_a_connection_that_is_not_answered_never_left() -> None:
    """A connection that does not come about in time carried nothing."""
    with full() as url:
        error = failure(url)
    assert error.message.startswith("ConnectTimeout: ")
    assert (error.http_status, error.sent) == (None, False)


@pytest.mark.parametrize(("status", "known"), [(200, None), (403, 403)])
def test_an_answer_that_never_ends_is_left(status: int, known: int | None) -> None:
    """A call is over in its time, however slowly its answer comes; the status of a refusal is known by then."""
    with dripping(status) as url:
        began = time.monotonic()
        error = failure(url)
    assert (error.http_status, error.sent) == (known, True)
    assert time.monotonic() - began < 2


def test_a_name_without_an_address_never_left() -> None:
    """A host without an address was not reached; `invalid` is a name that no resolver asks anybody about."""
    error = failure("https://ecs.invalid")
    assert (error.http_status, error.sent) == (None, False)


def test_a_reset_is_unknown() -> None:
    """A connection that ends after the request may have done its work."""
    with resetting() as (url, requests):
        error = failure(url)
    assert (error.http_status, error.sent, len(requests)) == (None, True, 1)


def test_a_closed_connection_is_unknown() -> None:
    """So may one that is closed without an answer, and one that stays silent."""
    with scripted() as script:
        script.answers.extend((b"", None))
        assert [failure(script.url).sent for _ in range(2)] == [True, True]
        assert len(script.requests) == 2


def test_a_failed_handshake_is_unknown() -> None:
    """TLS comes after the connection: its errors are not told from later ones."""
    for answer, kind in ((b"", "ConnectionError: "), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "SSLError: ")):
        with resetting(answer=answer) as (url, _):
            error = failure(url.replace("http://", "https://"))
        assert error.message.startswith(kind)
        assert (error.http_status, error.sent) == (None, True)


UNSENT = MaxRetryError(None, "/", NewConnectionError(None, "refused"))  # type: ignore[arg-type] # neither is looked at
TYPES = {
    "connection refused": (RequestsConnectionError(UNSENT), True),
    "connect time-out": (ConnectTimeout(UNSENT), True),
    "reset": (RequestsConnectionError(ProtocolError("reset")), False),
    "read time-out": (ReadTimeout("late"), False),
    "TLS": (SSLError(UNSENT), False),
    "a proxy's": (ProxyError(UNSENT), False),
    "words that lie": (RequestsConnectionError("Failed to establish a new connection: Connection refused"), False),
    "tried more than once": (RequestsConnectionError(MaxRetryError(None, "/", ProtocolError("reset"))), False),  # type: ignore[arg-type]
    "any other": (ConnectionRefusedError(111, "Connection refused"), False),
}


@pytest.mark.parametrize(("error", "unsent"), TYPES.values(), ids=TYPES)
def test_judged_by_type(error: Exception, *, unsent: bool) -> None:
    """The exception's type decides, never its words."""
    assert never_left(error) is unsent


def reset_then_refused(connections: int) -> tuple[bool, int]:
    """Reset the first attempt, refuse any other; return `sent`, and how many attempts came through."""
    with resetting() as (url, requests):
        return failure(url, connections=connections).sent, len(requests)


def test_no_second_attempt_hides_a_first() -> None:
    """Reset once and refused from then on: the request did leave."""
    assert reset_then_refused(20) == (True, 1)


def with_a_retry(connections: int) -> Session:
    """Return the session for so many connections, its adapter made to try once more by itself."""
    session = DaraCore._get_session("any", "http", pool_size=connections)  # noqa: SLF001 - the SDK shows it nowhere else
    session.get_adapter("http://").max_retries = Retry(1, allowed_methods=None)
    return session


def test_a_hidden_retry_would_be_noticed() -> None:
    """Control: with one retry in the transport the same server makes a request that left look as if it had not."""
    with_a_retry(7)
    assert reset_then_refused(7) == (False, 1)


def test_a_hidden_retry_would_be_counted() -> None:
    """Control: a transport that tries again is seen by the server, which an unpatched one asks once."""
    with_a_retry(9)
    for connections, expected in ((9, 2), (20, 1)):
        with resetting(2) as (url, requests):
            failure(url, connections=connections)
        assert len(requests) == expected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """An answer names no host that keys are sent to, and makes no second request."""
    with scripted() as script, scripted() as other:
        script.answer(status, "", Location=f"{other.url}/")
        error = failure(script.url)
        assert (error.http_status, error.sent) == (None, True)
        assert (len(script.requests), other.connections) == (1, 0)


CALLS: dict[str, Callable[[Ecs, str], object]] = {
    "create": lambda ecs, region: ecs.create({"RegionId": region}),
    "statuses": lambda ecs, region: ecs.statuses(region, ["i-1"]),
    "describe": lambda ecs, region: ecs.describe(region, ["i-1"]),
    "find_by_tag": lambda ecs, region: ecs.find_by_tag(region, "k", "v"),
    "tagged": lambda ecs, region: ecs.tagged(region, "k"),
    "start": lambda ecs, region: ecs.start(region, "i-1"),
    "allocate_address": lambda ecs, region: ecs.allocate_address(region, "i-1"),
    "delete": lambda ecs, region: ecs.delete(region, "i-1"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("region", ["evil.example.com/x", "x@host:1/", "host#", "169.254.1.1/", "oss-cn-hangzhou", ""])
def test_no_call_for_what_is_no_region(call: Callable[[Ecs, str], object], region: str) -> None:
    """Whatever an old record holds, no call is made for it; the refusal is definite, and the API's own."""
    with scripted() as script:
        for endpoint in (script.url, None):
            with pytest.raises(ApiFailure) as caught:
                call(Ecs(KEYS, call_seconds=1, endpoint=endpoint), region)
            error = caught.value.error
            assert (error.http_status, error.code) == (404, "InvalidRegionId.NotFound")
            assert (classify(error).category, classify(error).unknown) == ("not_found", False)
        assert script.connections == 0


def test_a_record_without_a_region() -> None:
    """Parameters that lack a region are refused in the same way."""
    with pytest.raises(ApiFailure) as caught:
        Ecs(KEYS, call_seconds=1).create({})
    assert caught.value.error.code == "InvalidRegionId.NotFound"


def test_clients_are_bounded() -> None:
    """However many regions messages name, no more than a few clients and hosts are kept, and one session."""
    with scripted() as script:
        ecs = Ecs(KEYS, call_seconds=1, endpoint=script.url, connections=11)
        for number in range(3 * HOSTS):
            script.answer(403, '{"Code": "Forbidden"}')
            with pytest.raises(ApiFailure):
                ecs.start(f"cn-nowhere-{number}", "i-1")
        assert script.connections == 1
    assert ecs._client.cache_info().currsize == HOSTS  # noqa: SLF001 - what is kept shows nowhere else
    session = DaraCore._get_session("any", "http", pool_size=11)  # noqa: SLF001
    adapter = session.get_adapter("http://")
    for number in range(3 * HOSTS):
        adapter.poolmanager.connection_from_host(f"ecs.cn-nowhere-{number}.aliyuncs.com")  # type: ignore[attr-defined]
    assert len(adapter.poolmanager.pools) == HOSTS  # type: ignore[attr-defined]
