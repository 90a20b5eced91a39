"""A local cloud in a process of its own, so that its work is not counted with what is measured."""

from __future__ import annotations

import multiprocessing
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.cloud.cloud import Cloud
from local.cloud.server import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from local.cloud.ecs.protocol import Ecs
    from local.cloud.mns.protocol import Mns

ENDLESS = 10**9


@contextmanager
def cloud_process(prepare: Callable[[Cloud], object] | None = None) -> Iterator[str]:
    """Run a provisioned cloud and yield its URL. `prepare` (a module's function) is called with it there, first."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, prepare), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join(10)


def slow_down(cloud: Cloud, seconds: float) -> None:
    """Let every ECS call take so long."""
    delay = {"service": "ecs", "effect": "delay", "delaySeconds": seconds, "times": ENDLESS}
    cloud.faults.add([{**delay, "action": action} for action in ecs(cloud).actions()])


def ecs(cloud: Cloud) -> Ecs:
    """Return the cloud's ECS."""
    return cloud.ecs


def mns(cloud: Cloud) -> Mns:
    """Return the cloud's queues and topics."""
    return cloud.mns


def _serve(connection: Connection, prepare: Callable[[Cloud], object] | None) -> None:
    cloud = Cloud(provisioned=True)
    if prepare:
        prepare(cloud)
    with running(cloud) as url:
        connection.send(url)
        connection.recv()
