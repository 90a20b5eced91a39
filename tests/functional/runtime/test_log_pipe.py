"""The functions' output on its way to the log and to the local cloud."""

from __future__ import annotations

import json
import os
import time
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
