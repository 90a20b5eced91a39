"""One side in one scenario: a cloud of its own, the messages, the faults, the kills, until it is quiet."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local import defaults
from local.compare.losses import losses
from local.compare.scenario import ACCOUNT
from local.runtime.access import Access
from local.runtime.worker import WorkerConfig
from local.terminal.running import new_cloud, serving

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from local.cloud.cloud import Cloud
    from local.compare.losses import Losses
    from local.compare.scenario import Scenario
    from local.compare.sides import Side
    from local.runtime.function import Function

SPEED = 2.0
LIMIT_SECONDS = 180.0
"""On a machine with nothing else to do everything is over within fifty; a side that is not has no result."""
LOOK_SECONDS = 0.02
QUIET_SECONDS = 0.25
"""A process that is to die does so once no further CreateInstance came for so long: whatever its batch was to create is
created then, so that what is lost does not depend on the moment."""


@dataclass(slots=True)
class Match:
    """A side and what befalls it.

    `seconds` are those from the first message to the last outcome so far; `over` says that nothing more will happen.
    Whoever sets `stopping` gives up.
    """

    side: Side
    scenario: Scenario
    cloud: Cloud = field(init=False)
    seconds: float = 0.0
    over: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.cloud = new_cloud(SPEED, ACCOUNT)

    def play(self, folder: Path, log: IO[str], store: str, ready: threading.Barrier) -> None:
        """Run to the end; `ready` lets all sides begin at once."""
        with serving(self.cloud) as url:
            config = WorkerConfig(access=Access.local(url), store=store, data=folder, log=log, environ={})
            with self.side.running(config) as function:
                ready.wait()
                self._send()
                if self.scenario.killed:
                    threading.Thread(target=self._kill, args=(function,), name="killer", daemon=True).start()
                self.over = self._wait()

    def losses(self) -> Losses:
        """Count what is lost as it stands."""
        return losses(self.cloud.state(), self.scenario.asked)

    def _send(self) -> None:
        """Set the faults and send all messages, in one step: the batches are the same in every run."""
        with self.cloud.lock:
            self.cloud.faults.add(list(self.scenario.faults))
            for body in self.scenario.bodies:
                self.cloud.mns.enqueue(defaults.QUEUE, body)

    def _wait(self) -> bool:
        """Wait until every request has an outcome and the queue is empty; return whether that came in time."""
        began, seen = time.monotonic(), 0
        while (now := time.monotonic()) < began + LIMIT_SECONDS and not self.stopping.is_set():
            state = self.cloud.state()
            published = len(state["mns"]["topics"][defaults.TOPIC])
            if published > seen:
                seen, self.seconds = published, now - began
            if not (any(state["mns"]["queues"][defaults.QUEUE].values()) or self.losses().unanswered):
                return True
            time.sleep(LOOK_SECONDS)
        return False

    def _kill(self, function: Function) -> None:
        """Kill the function's processes while the victim's first CreateInstance is under way."""
        while not (self._held() and self._calls_are_quiet()):
            if self.stopping.wait(LOOK_SECONDS):
                return
        for pid in function.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _held(self) -> bool:
        """Tell whether the victim's call has come: its fault waits no longer."""
        with self.cloud.lock:
            return all(fault.effect != "delay" for fault in self.cloud.faults.pending)

    def _calls_are_quiet(self) -> bool:
        calls = self.cloud.calls["ecs.CreateInstance"]
        time.sleep(QUIET_SECONDS)
        return self.cloud.calls["ecs.CreateInstance"] == calls
