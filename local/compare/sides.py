"""The sides of a comparison: the worker, and the function that one would write first, fed by the same trigger."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from local import defaults
from local.project import NAIVE
from local.runtime.function import Function
from local.runtime.instance import Place
from local.runtime.queue_trigger import QueueTrigger
from local.runtime.worker import working

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.runtime.worker import WorkerConfig

POLL_SECONDS = "0.5"
"""How often the naive function asks for a status: here an instance runs after seconds, not after a minute."""
TIMEOUT_SECONDS = 600.0
"""The time limit of a function that waits for its instances."""
JOIN_SECONDS = 5.0
WORKER = "this worker"


@dataclass(frozen=True, slots=True)
class Side:
    """A side by its name; the handler is the naive function's, None for the worker."""

    name: str
    handler: str | None = None

    @contextmanager
    def running(self, config: WorkerConfig) -> Iterator[Function]:
        """Run it and yield the function that takes the messages, warm."""
        if self.handler is None:
            with working(config) as worker:
                worker.warm_up()
                yield worker.provision
        else:
            with _feeding(_naive(self.handler, config), config) as function:
                yield function


SIDES = (
    Side("the obvious function", "function.handler"),
    Side("its token the request id", "function.handler_with_request_id"),
    Side(WORKER),
)


def _naive(handler: str, config: WorkerConfig) -> Function:
    """Return the naive function; what the template says of the worker's goes for it, too, but for its time limit."""
    specification = replace(
        config.deployment.function("provision"), name="naive", handler=handler, initializer=None,
        timeout=TIMEOUT_SECONDS, environment={},
    )  # fmt: skip
    endpoint = str(config.access.endpoint)
    environment = {
        "MNS_ENDPOINT": endpoint, "ECS_ENDPOINT": endpoint, "TOPIC": defaults.TOPIC, "POLL_SECONDS": POLL_SECONDS,
        **config.access.variables(),
    }  # fmt: skip
    return Function(specification, Place(NAIVE, environment, config.log))


@contextmanager
def _feeding(function: Function, config: WorkerConfig) -> Iterator[Function]:
    """Start the function and feed it from the queue until the block is left."""
    stopping = threading.Event()
    trigger = QueueTrigger(function, config.deployment.queue_trigger(), config.access, stopping)
    thread = threading.Thread(target=trigger.run, name="queue-trigger", daemon=True)
    function.warm_up()
    thread.start()
    try:
        yield function
    finally:
        stopping.set()
        function.close()
        thread.join(JOIN_SECONDS)
