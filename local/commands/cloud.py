"""`provisioner cloud`: the local cloud alone."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from local import defaults
from local.terminal import options
from local.terminal.output import WrongUse, json_line, progress, wants_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.cloud.cloud import Cloud


@contextmanager
def serving(cloud: Cloud, port: int = 0) -> Iterator[str]:
    """Run a local cloud and yield its endpoint; WrongUse when the port is taken. Port 0 is any free one."""
    from local.cloud.server import running  # noqa: PLC0415 - a server loads when one is wanted

    with ExitStack() as stack:
        try:
            url = stack.enter_context(running(cloud, port=port))
        except OSError as error:
            raise WrongUse(f"{error}; stop what is using it, or choose another port with --port") from None
        yield url


def new_cloud(speed: float) -> Cloud:
    """Return a cloud with the deployment's queues, topic and tables, and nothing in them."""
    from local.cloud.cloud import Cloud  # noqa: PLC0415 - the same
    from local.cloud.config import Config  # noqa: PLC0415 - the same

    return Cloud(config=Config(speed=speed), provisioned=True)


def wait_until_stopped() -> None:
    """Wait for Ctrl-C or a polite kill."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
    progress("stopping")


@click.command(epilog=options.examples("provisioner cloud", "provisioner cloud --port 5000 --speed 10"))
@options.port
@options.speed
@options.as_json
def cloud(*, port: int, speed: float, as_json: bool) -> None:
    """Run the local cloud (ECS, MNS, Tablestore) until stopped.

    It forgets everything when it ends. Faults, stock and quotas: POST /_local/faults and /_local/config.
    """
    with serving(new_cloud(speed), port) as url:
        progress(f"local cloud on {url}, region {defaults.REGION}, key {defaults.ACCESS_KEY_ID}; Ctrl-C stops it")
        progress(f"worker: provisioner run --endpoint {url}")
        if wants_json(as_json):
            json_line({"event": "ready", "endpoint": url})
        wait_until_stopped()
