"""The functions' output on its way: passed on as it is, and its JSON lines told to the local cloud as well.

The cloud shows them with what it sees itself (`POST /_local/log`). The worker is never held up for that: lines wait in
a short list, and what the cloud does not take is dropped.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import threading
from collections import deque
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

WAITING_LINES = 5000
LINES_A_CALL = 500
CALL_SECONDS = 2.0
PAUSE_SECONDS = 0.1
BEAT_SECONDS = 2.0
JOIN_SECONDS = 3.0


@contextmanager
def told(log: IO[str] | int, endpoint: str | None) -> Iterator[IO[str] | int]:
    """Yield the file the functions are to write to; without a local cloud it is `log` itself."""
    if endpoint is None:
        yield log
        return
    reader, writer = os.pipe()
    lines = _Lines(endpoint)
    copying = threading.Thread(target=_copy, args=(reader, log, lines), name="function-log", daemon=True)
    copying.start()
    try:
        yield writer
    finally:
        os.close(writer)
        copying.join(JOIN_SECONDS)
        lines.close()


def _copy(reader: int, log: IO[str] | int, lines: _Lines) -> None:
    """Pass everything on until the last writer is gone."""
    target = log if isinstance(log, int) else log.fileno()
    with open(reader, "rb") as source:
        for line in source:
            with contextlib.suppress(OSError):
                os.write(target, line)
            if line.startswith(b"{"):
                lines.add(line)


class _Lines:
    """Lines that wait to be told, and the thread that tells them."""

    def __init__(self, endpoint: str) -> None:
        self._address = urlsplit(endpoint)
        self._waiting: deque[bytes] = deque(maxlen=WAITING_LINES)
        self._news = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="function-log-sender", daemon=True)
        self._thread.start()

    def add(self, line: bytes) -> None:
        """Let a line be told soon."""
        self._waiting.append(line)
        self._news.set()

    def close(self) -> None:
        """Tell what waits, once, and end."""
        self._closing.set()
        self._news.set()
        self._thread.join(JOIN_SECONDS)

    def _run(self) -> None:
        while not self._closing.is_set():
            heard = self._news.wait(BEAT_SECONDS)
            self._news.clear()
            if not heard:
                self._tell([])
            while self._waiting:
                self._tell([self._waiting.popleft() for _ in range(min(len(self._waiting), LINES_A_CALL))])
            # A moment's lines go together.
            self._closing.wait(PAUSE_SECONDS)

    def _tell(self, lines: list[bytes]) -> None:
        """Post lines over a connection of their own: one that was kept may have died since, and its lines with it.

        No lines say that the worker is still there.
        """
        connection = http.client.HTTPConnection(
            str(self._address.hostname), self._address.port, timeout=CALL_SECONDS
        )  # fmt: skip
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("POST", "/_local/log", b"".join(lines), {"Connection": "close"})
            connection.getresponse().read()
