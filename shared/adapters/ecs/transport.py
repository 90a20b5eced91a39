"""How the ECS SDK's requests leave this machine: at most once each, to the host they were made for, and nowhere else.

The SDK (darabonba-core 1.0.9) takes a session of `requests` for each host from `DaraCore._get_session`. Ours is put in
that place, for five reasons:

- A session of its own follows redirects: a second request, security token and body included, to a host that the
  answer chose. Ours follows none, and its adapter tries nothing again, which is what makes `never_left` true.
- An answer with an error status and a body that is no JSON object (a gateway's HTML) is a parse error to the SDK, which
  forgets the status. Ours tells it with an exception that the SDK lets through: `ForeignAnswer`.
- A session of its own reads an answer to its end, whenever that comes, and a few KB may unpack to gigabytes. Ours
  reads for so long and so much.
- The SDK keeps a session for each host for ever. Ours is one for all hosts, with a bounded number of them connected.
- The SDK looks for a session without a lock: of the first calls of a cold instance each made one, and read the
  certificate store, 50 ms of CPU every time.
"""

from __future__ import annotations

import json
from functools import partial, wraps
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest, Response, Session
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError
from urllib3.util.retry import Retry

from shared.adapters.whole_answer import EndlessAnswer, read_whole

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter

HOSTS = 32
"""How many hosts connections are kept to; the one unused for longest makes room."""

LONGEST_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer, unpacked; a page of 100 instances has a twentieth of that."""

_ERROR = 400


class ForeignAnswer(Exception):
    """An error status with a body that is not the API's: something in between answered."""

    def __init__(self, status: int) -> None:
        super().__init__(f"an answer with status {status} that is no JSON object")
        self.status = status


class OneRequest(Session):
    """A session that sends every request once: no redirect is followed, and no answer is endless."""

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Send, and read the answer; `timeout` is what connecting and answering may take, in seconds.

        Raises ForeignAnswer, EndlessAnswer, or what `requests` and `urllib3` raise.
        """
        until = monotonic() + sum(options["timeout"])
        response = super().send(request, **(options | {"allow_redirects": False, "stream": True}))
        failed = response.status_code >= _ERROR
        try:
            body = read_whole(partial(response.raw.read1, decode_content=True), LONGEST_ANSWER, until)
        except (EndlessAnswer, HTTPError):
            response.close()
            if failed:
                raise ForeignAnswer(response.status_code) from None
            raise
        response._content, response._content_consumed = body, True  # type: ignore[attr-defined] # noqa: SLF001 - where `requests` keeps what it has read
        if failed and not _is_object(body):
            raise ForeignAnswer(response.status_code)
        return response


def take_over_sessions(core: Any) -> bool:
    """Let the SDK's core use our sessions; False when it does already."""
    find = core._get_session  # noqa: SLF001 - there is no public place
    if hasattr(find, "__wrapped__"):
        return False
    lock = Lock()
    sessions: dict[tuple[Any, ...], Session] = {}

    @wraps(find)
    def session(
        session_key: str,
        protocol: str,
        tls_min_version: Any = None,
        verify: Any = True,  # noqa: FBT002 - the SDK's own signature
        pool_size: int | None = None,
    ) -> Session:
        """Return the session for these options; `session_key` names the host, and all hosts share one."""
        del session_key
        key = (protocol.lower(), tls_min_version, verify, pool_size)
        with lock:
            if key not in sessions:
                sessions[key] = _session(core.get_adapter(protocol, tls_min_version, pool_size=pool_size), pool_size)
            return sessions[key]

    core._get_session = staticmethod(session)  # noqa: SLF001
    return True


def _session(adapter: HTTPAdapter, pool_size: int | None) -> Session:
    adapter.max_retries = Retry(0, read=False)
    adapter.init_poolmanager(HOSTS, pool_size or HOSTS)  # the SDK's own number of hosts is 10
    session = OneRequest()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def never_left(error: BaseException) -> bool:
    """Tell from an exception's type whether its request provably never left: no address, or no connection was made.

    Everything that comes after the connection, TLS included, may have reached the service; so may what went through a
    proxy, whose errors are of other types.
    """
    if isinstance(error, ConnectTimeout):
        return True
    inner = error.args[0] if type(error) is RequestsConnectionError and error.args else None
    return isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError)


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False
