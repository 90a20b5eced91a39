"""The functions' output on its way to the log and to the local cloud."""

from __future__ import annotations

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from local import defaults
from local.runtime.log_pipe import told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.place import Place

LINE = json.dumps({"event": "message", "request_id": "order-1", "end": "created", "accepted_at": 5, "state": "pending"})


def write(file: object, text: str) -> None:
    """Write as a function's process does."""
    assert isinstance(file, int)
    os.write(file, text.encode())


def test_lines_reach_log_and_cloud(place: Place, tmp_path: Path) -> None:
    """Everything is in the log, byte for byte; the cloud is told the JSON lines, the last ones before the end too."""
    place.cloud.recorder.sent(defaults.QUEUE, "M1", '{"requestId": "order-1"}', 1.0, 0)
    text = f"START of something\n{LINE}\n  a traceback\nno end of line"
    with (tmp_path / "out.log").open("w") as log, told(log, place.url) as file:
        write(file, text)
    assert (tmp_path / "out.log").read_text() == text
    request = place.cloud.recorder.trace.requests["order-1"]
    assert (request.state, request.knows("claimed")) == ("pending", True)


class Forgetful(BaseHTTPRequestHandler):
    """Takes lines, and closes each connection after its answer without a word, as a server does that was idle."""

    protocol_version = "HTTP/1.1"
    taken: list[bytes] = []  # noqa: RUF012 - one server a test run

    def do_POST(self) -> None:
        self.taken += self.rfile.read(int(self.headers["content-length"])).splitlines()
        self.send_response(204)
        self.end_headers()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_no_line_is_lost_after_an_idle_spell(tmp_path: Path) -> None:
    """The lines that come after the server closed a quiet connection are told like those before."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Forgetful) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        with (tmp_path / "out.log").open("w") as log, told(log, url) as file:
            for number in range(3):
                write(file, f'{{"event": "{number}"}}\n')
                until = time.monotonic() + 5
                while len(Forgetful.taken) < number and time.monotonic() < until:
                    time.sleep(0.01)
                time.sleep(0.3)
        server.shutdown()
    assert [json.loads(line)["event"] for line in Forgetful.taken] == ["0", "1", "2"]


def test_a_cloud_that_does_not_listen_holds_nothing_up(tmp_path: Path) -> None:
    """Where nobody takes the lines they are dropped: writing more than a pipe holds takes no time."""
    began = time.monotonic()
    with (tmp_path / "out.log").open("w") as log, told(log, "http://127.0.0.1:9") as file:
        for _ in range(2000):
            write(file, LINE + "\n")
    assert (tmp_path / "out.log").read_text().count("\n") == 2000
    assert time.monotonic() - began < 5


def test_the_accounts_own_cloud_is_told_nothing() -> None:
    """Without a local endpoint the log is what it was."""
    with told(2, None) as file:
        assert file == 2
