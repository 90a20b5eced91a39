"""A server that answers what a test wrote down: for the answers a network makes up and the local cloud never gives."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Script:
    """Raw answers to give, one per request, and the requests that came.

    `b""` ends the connection without an answer; None keeps the client waiting.
    """

    url: str
    answers: deque[bytes | None] = field(default_factory=deque)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    opened: list[socket.socket] = field(default_factory=list)

    def answer(self, status: int, body: str = "", *, content_type: str = "application/json", **headers: str) -> None:
        """Add an HTTP answer to the script."""
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.answers.append("\r\n".join([*lines, "", body]).encode())

    def close_idle(self) -> None:
        """Close the connections from the server's side, as it does with those that are idle for long."""
        for connection in self.opened:
            with suppress(OSError):  # one that the client has closed
                connection.shutdown(socket.SHUT_RDWR)
        self.opened.clear()


@contextmanager
def scripted() -> Iterator[Script]:
    """Serve a script on a loopback port until the context ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        script = Script(f"http://127.0.0.1:{listener.getsockname()[1]}")
        over = threading.Event()
        threading.Thread(target=_accept, args=(listener, script, over), daemon=True).start()
        try:
            yield script
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)  # wakes up accept
            script.close_idle()


def _accept(listener: socket.socket, script: Script, over: threading.Event) -> None:
    while not over.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        script.connections += 1
        script.opened.append(connection)
        threading.Thread(target=_converse, args=(connection, script, over), daemon=True).start()


def _converse(connection: socket.socket, script: Script, over: threading.Event) -> None:
    with connection, connection.makefile("rb") as reader:
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = reader.readline()
                if not line:
                    return
                head += line
            size = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            script.requests.append(head + reader.read(int(size[1]) if size else 0))
            answer = script.answers.popleft() if script.answers else b""
            while answer is None and not over.is_set():
                time.sleep(0.02)
            if not answer:
                return
            connection.sendall(answer)
