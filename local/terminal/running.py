"""What commands run until they are stopped: a local cloud, and a worker against one."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from local.runtime.environment import VariablesMissing
from local.runtime.mns import QueueClient, QueueError
from local.runtime.template import TemplateError
from local.runtime.worker import WorkerBroken, working
from local.terminal.local_cloud import tell_worker
from local.terminal.output import WrongUse, json_line, progress, wants_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from local.cloud.cloud import Cloud
    from local.runtime.worker import WorkerConfig


@contextmanager
def serving(cloud: Cloud, port: int = 0) -> Iterator[str]:
    """Run a local cloud and yield its endpoint; WrongUse when the port is taken. Port 0 is any free one."""
    from local.cloud.server import running  # noqa: PLC0415 - a server loads when one is wanted

    with ExitStack() as stack:
        try:
            url = stack.enter_context(running(cloud, port=port))
        except OSError as error:
            words = error.strerror or str(error)
            raise WrongUse(f"{words}; stop what is using it, or choose another port with --port") from None
        yield url


def new_cloud(speed: float, account: Mapping[str, Any]) -> Cloud:
    """Return a cloud with the deployment's queues, topic and tables, and nothing in them.

    `account` is its stock and quotas, as `POST /_local/config` takes them; a reset brings them back.
    """
    from local.cloud.cloud import Cloud  # noqa: PLC0415 - the same
    from local.cloud.config import Config  # noqa: PLC0415 - the same

    config = Config(speed=speed)
    config.update(account)
    return Cloud(config=config, provisioned=True)


def wait_until_stopped() -> None:
    """Wait for Ctrl-C or a polite kill."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
    progress("stopping")


def work(
    config: WorkerConfig,
    ready: dict[str, str],
    *,
    timer: float | None,
    as_json: bool,
    wait: Callable[[], None] = wait_until_stopped,
) -> None:
    """Run the worker until it is stopped, which is when `wait` returns; WrongUse when it cannot start."""
    try:
        with QueueClient(config.access, config.deployment.queue_trigger().queue) as queue:
            queue.check()
    except QueueError as error:
        raise WrongUse(f"{error}; start one with `provisioner cloud`, or correct --endpoint") from None
    if config.access.endpoint:
        tell_worker(config.access.endpoint, config.store, str(config.data.resolve()))
    try:
        with working(config, period=timer) as worker:
            worker.warm_up()
            progress(f"worker on {config.access.mns_endpoint}, records in {config.store}; Ctrl-C stops it")
            if wants_json(as_json):
                json_line({"event": "ready", **ready})
            wait()
    except (TemplateError, VariablesMissing, WorkerBroken) as error:
        raise WrongUse(str(error)) from None
