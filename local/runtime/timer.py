"""Plays the timer trigger: calls a function again and again, whether or not its last run has ended."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import TYPE_CHECKING

from local.runtime.cloud_events import instant

if TYPE_CHECKING:
    from local.runtime.function import Function

NAME = "every-minute"
PAUSE_SECONDS = 0.5


def timer_event() -> bytes:
    """Return the bytes a handler receives."""
    return json.dumps({"triggerTime": instant(time.time()), "triggerName": NAME, "payload": ""}).encode()


class Timer:
    """Fires one function until `stopping` is set.

    With `period` it keeps to the clock, as the platform does: runs overlap when one takes longer. Without, a run begins
    shortly after the last one's end, so that nothing waits for the next minute.
    """

    def __init__(self, function: Function, stopping: threading.Event, period: float | None = None) -> None:
        self._function = function
        self._stopping = stopping
        self._period = period

    def run(self) -> None:
        """Fire until stopped."""
        if self._period is None:
            while not self._stopping.is_set():
                self._fire()
                self._stopping.wait(PAUSE_SECONDS)
            return
        while not self._stopping.is_set():
            threading.Thread(target=self._fire, name="timer-run", daemon=True).start()
            self._stopping.wait(self._period)

    def _fire(self) -> None:
        answer = self._function.invoke(timer_event())
        if not answer.succeeded and not self._stopping.is_set():
            sys.stderr.write(f"timer: {answer.error_type} after {answer.seconds:.1f} s\n")
