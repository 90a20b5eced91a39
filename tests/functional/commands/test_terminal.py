"""The commands on a terminal: the requests on their way, live."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import threading
import time
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from local.cloud.clock import DrivenClock
from local.cloud.cloud import Cloud
from local.project import ROOT
from local.terminal.board import board
from local.terminal.output import column_widths, table
from local.terminal.timeline import show
from local.trace.request_trace import meaning
from shared.domain.errors.model import ApiError
from tests.support.processes import CLEAN, COMMAND, command, free_port

if TYPE_CHECKING:
    from pathlib import Path

CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command that believes it is on a terminal, and what it has written."""

    def __init__(self, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        environment = CLEAN | {"TERM": "xterm-256color", "COLUMNS": "110", "LINES": "50"}
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self._written = b""
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        try:
            while data := os.read(self._ours, 65536):
                self._written += data
        except OSError:
            return

    @property
    def text(self) -> str:
        """What stands there, without colours."""
        return CONTROLS.sub("", self._written.decode(errors="replace"))

    def wait_for(self, words: str, seconds: float = 30.0) -> None:
        """Wait until something was written."""
        until = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < until, self.text[-2000:]
            time.sleep(0.05)

    def end(self, number: int | None = None) -> int:
        """End it, politely where it does not end by itself; return its exit code."""
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(30)
        self._thread.join(5)
        os.close(self._ours)
        return code


def terminal(width: int = 100) -> Console:
    """Return a terminal that remembers what it shows."""
    return Console(file=io.StringIO(), width=width, record=True)


def rendered(renderable: object) -> str:
    """Return what a terminal of 100 columns shows."""
    console = terminal()
    console.print(renderable)
    return console.export_text()


def test_board() -> None:
    """States, queues, the last step of each request, and of what failed the code with its remedy."""
    cloud = Cloud(DrivenClock(1000.0), provisioned=True)
    assert "none yet" in rendered(board(cloud))
    error = meaning(ApiError("CreateInstance", 403, "OperationDenied.NoStock", ""))
    cloud.recorder.sent("provision-requests", "M1", '{"requestId": "order-1"}', 1000.0, 0)
    cloud.recorder.trace.tell("order-1", 1002.0, "published", "failed", state="failed", error=error, outcomeError=error)
    text = rendered(board(cloud))
    for words in ("1 failed", "requests 0+0", "order-1", "OperationDenied.NoStock", "Offer further alternatives"):
        assert words in text


def test_timeline() -> None:
    """Every step has its time and distance; below an error stands what it means."""
    error = meaning(ApiError("CreateInstance", 403, "OperationDenied.NoStock", ""))
    steps = [
        {"at": 0.0, "kind": "called", "title": "Called", "text": "CreateInstance"},
        {"at": 1.5, "kind": "error", "title": "Error", "text": "CreateInstance: no", "error": error},
    ]
    shown = terminal()
    show(shown, "order-1", "creating", steps, {"instance": None})
    text = shown.export_text()
    assert "00:00:01   +1.50 s ● Error" in text
    assert "capacity, try again: alternative. Offer further" in text


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_nothing_of_a_timeline_is_lost(width: int) -> None:
    """Ids, codes and titles stand whole, however narrow the terminal; where they fit, no line is wider than it."""
    instance, code = "i-bp71b821930000000011", "InvalidSystemDiskCategory.ValueNotSupported"
    steps = [
        {"at": 0.0, "kind": "called", "title": "Start called", "text": "StartInstance"},
        {"at": 1.5, "kind": "error", "title": "Error", "text": f"CreateInstance: {code}"},
    ]
    shown = terminal(width)
    show(shown, "order-1", "creating", steps, {"instance": instance})
    text = shown.export_text()
    for whole in (instance, code, "Start called", "00:00:01"):
        assert whole in text
    if width >= 80:
        assert max(map(len, text.splitlines())) <= width


@pytest.mark.slow
def test_demo() -> None:
    """On a terminal `demo` draws states, queues, outcomes and remedies, and no JSON."""
    terminal = Terminal("demo")
    assert terminal.end() == 0
    for words in (
        "requests",
        "outcomes-inbox",
        "quota used up",
        "QuotaExceed.ElasticQuota",
        "Quota Center",
        "10 of 10",
    ):
        assert words in terminal.text
    assert '"specversion"' not in terminal.text


@pytest.mark.slow
def test_up_and_status(tmp_path: Path) -> None:
    """On a terminal `up` shows requests live and logs to a file; `status` draws a timeline, also without it."""
    port, data = str(free_port()), str(tmp_path)
    endpoint = f"http://127.0.0.1:{port}"
    terminal = Terminal("up", "--port", port, "--data", data, "--speed", "10")
    terminal.wait_for("none yet")
    command("enqueue", "events/messages/plain.json", "--endpoint", endpoint)
    terminal.wait_for("1 completed")
    seen = Terminal("status", "sample-plain", "--data", data, "--endpoint", endpoint)
    assert seen.end() == 0
    for words in ("sample-plain  completed", "Delivered", "Called", "Stopped", "Started", "Published"):
        assert words in seen.text
    assert terminal.end(signal.SIGINT) == 0
    assert '"event": "message"' in (tmp_path / "functions.log").read_text()
    assert '"event": "message"' not in terminal.text
    again = Terminal("up", "--port", port, "--data", data, "--keep")
    again.wait_for("worker on")
    kept = Terminal("status", "sample-plain", "--data", data, "--endpoint", endpoint)
    alone = Terminal("status", "sample-plain", "--data", data)
    for shown in (kept, alone):
        assert shown.end() == 0
        for words in ("Claimed", "Created", "Start called", "Published"):
            assert words in shown.text
    assert again.end(signal.SIGINT) == 0


ROWS = (
    ("status", "code", "remedy"),
    ("403", "InvalidSystemDiskCategory.ValueNotSupported", "Choose another category."),
)


@pytest.mark.parametrize("width", range(30, 140))
def test_columns_never_break_a_word(width: int) -> None:
    """Columns share what there is and no column is narrower than its longest word; None where that cannot be."""
    found = column_widths(ROWS, width)
    least = [6, len(ROWS[1][1]), 9]
    if found is None:
        assert sum(least) > width
    else:
        assert sum(found) <= width
        assert all(a >= b for a, b in zip(found, least, strict=True))


@pytest.mark.parametrize("width", [40, 60, 80, 99])
def test_codes_are_whole_in_narrow_windows(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every code of the catalogue stands whole on a line, however narrow the terminal."""
    monkeypatch.setenv("COLUMNS", str(width))
    out = io.StringIO()
    with redirect_stdout(out):
        table(ROWS[0], ROWS[1:] * 3)
    assert out.getvalue().count(ROWS[1][1]) == 3
