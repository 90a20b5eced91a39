"""The worker on this machine: both functions, each in processes of its own, and the triggers that feed them."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

from local.project import ROOT, TEMPLATE
from local.runtime.environment import environment_for
from local.runtime.function import Function
from local.runtime.instance import Place
from local.runtime.log_pipe import told
from local.runtime.queue_trigger import QueueTrigger
from local.runtime.specification import Deployment
from local.runtime.timer import Timer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from local.runtime.access import Access
    from local.runtime.queue_trigger import Strategy


class WorkerBroken(Exception):
    """A function cannot be loaded, or its initializer failed; the text is its error object."""


JOIN_SECONDS = 5.0
STANDARD_ERROR = 2
SYNCHRONOUS_BATCH = 20
"""The template's default is for a platform that may call asynchronously; the local trigger is known not to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """Where a worker runs: which cloud, which store, whose code and environment, where its logs go."""

    access: Access
    store: str
    data: Path
    log: IO[str] | int = STANDARD_ERROR
    code: Path = ROOT
    environ: Mapping[str, str] | None = None
    runtime: str | None = None

    @property
    def deployment(self) -> Deployment:
        """The template, worked out for this cloud's region and account."""
        parameters = {
            "ALIYUN::Region": self.access.region,
            "ALIYUN::TenantId": self.access.account_id,
            "BatchSize": SYNCHRONOUS_BATCH,
        }
        return Deployment(TEMPLATE, parameters | ({"Runtime": self.runtime} if self.runtime else {}))

    def function(self, name: str) -> Function:
        """Return one function; raise TemplateError or VariablesMissing."""
        specification = self.deployment.function(name)
        environ = os.environ if self.environ is None else self.environ
        environment = environment_for(specification, environ, self.access, self.store, self.data)
        return Function(specification, Place(self.code, environment, self.log))


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that is running."""

    provision: Function
    poll: Function
    stopping: threading.Event

    def warm_up(self) -> None:
        """Wait until the queue function has an instance that is ready; raise WorkerBroken when it cannot start."""
        answer = self.provision.warm_up()
        if answer is not None:
            raise WorkerBroken(f"{self.provision.specification.handler} does not start: {answer.payload.decode()}")


@contextmanager
def working(config: WorkerConfig, *, strategy: Strategy | None = None, period: float | None = None) -> Iterator[Worker]:
    """Run both functions with their triggers until the block is left.

    `strategy` replaces the template's retry strategy. `period` is the timer's; without it each run follows the last.
    """
    with told(config.log, config.access.endpoint) as log:
        yield from _working(replace(config, log=log), strategy, period)


def _working(config: WorkerConfig, strategy: Strategy | None, period: float | None) -> Iterator[Worker]:
    stopping = threading.Event()
    worker = Worker(config.function("provision"), config.function("poll"), stopping)
    trigger = QueueTrigger(worker.provision, config.deployment.queue_trigger(), config.access, stopping, strategy)
    timer = Timer(worker.poll, stopping, period)
    threads = [
        threading.Thread(target=trigger.run, name="queue-trigger", daemon=True),
        threading.Thread(target=timer.run, name="timer", daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield worker
    finally:
        stopping.set()
        worker.poll.close()
        threads[0].join(JOIN_SECONDS)
        worker.provision.close()
        for thread in threads:
            thread.join(JOIN_SECONDS)
