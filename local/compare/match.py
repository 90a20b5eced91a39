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
LIMIT_SECONDS = 45.0
LOOK_SECONDS = 0.02
QUIET_SECONDS = 0.25
"""A process that is to die does so once no further CreateInstance came for so long: whatever its batch was to create is
created then, so that what is lost does not depend on the moment."""


@dataclass(slots=True)
class Match:
    """A side and what befalls it. `seconds` are those from the first message to the last outcome so far."""

    side: Side
    scenario: Scenario
    cloud: Cloud = field(init=False)
    seconds: float = 0.0
    over: bool = False

    def __post_init__(self) -> None:
        self.cloud = new_cloud(SPEED, ACCOUNT)

    def play(self, folder: Path, log: IO[str], store: str, ready: threading.Barrier) -> None:
        """Run to the end; `ready` lets all sides begin at once."""
        with serving(self.cloud) as url:
            config = WorkerConfig(access=Access.local(url), store=store, data=folder, log=log, environ={})
            with self.side.running(config) as function:
                ready.wait()
                self._send()
                threading.Thread(target=self._kill, args=(function,), name="killer", daemon=True).start()
                self._wait()
        self.over = True

    def losses(self) -> Losses:
        """Count what is lost as it stands."""
        return losses(self.cloud.state(), self.scenario.asked)

    def _send(self) -> None:
        """Set the faults and send all messages, in one step: the batches are the same in every run."""
        with self.cloud.lock:
            self.cloud.faults.add(list(self.scenario.faults))
            for body in self.scenario.bodies:
                self.cloud.mns.enqueue(defaults.QUEUE, body)

    def _wait(self) -> None:
        """Wait until every request has an outcome and the queue is empty, or the time is up."""
        began, seen = time.monotonic(), 0
        while (now := time.monotonic()) < began + LIMIT_SECONDS:
            state = self.cloud.state()
            published = len(state["mns"]["topics"][defaults.TOPIC])
            if published > seen:
                seen, self.seconds = published, now - began
            if not (any(state["mns"]["queues"][defaults.QUEUE].values()) or self.losses().unanswered):
                return
            time.sleep(LOOK_SECONDS)

    def _kill(self, function: Function) -> None:
        """Kill the function's processes while the first CreateInstance of each victim is under way."""
        left = set(self.scenario.killed)
        while left and not self.over:
            struck = left - self._held()
            if struck and self._calls_are_quiet():
                left -= struck
                for pid in function.pids:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(LOOK_SECONDS)

    def _held(self) -> set[str]:
        """Return the victims whose call has not come yet: their fault still waits."""
        with self.cloud.lock:
            return {fault.request_id for fault in self.cloud.faults.pending if fault.effect == "delay"}

    def _calls_are_quiet(self) -> bool:
        calls = self.cloud.calls["ecs.CreateInstance"]
        time.sleep(QUIET_SECONDS)
        return self.cloud.calls["ecs.CreateInstance"] == calls
