"""Whether a worker that lives long grows: one process of each function, real handlers over the local cloud."""

from __future__ import annotations

import base64
import json
import statistics
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from local.runtime.access import Access
from local.runtime.environment import environment_for
from local.runtime.instance import FunctionInstance, Place
from local.runtime.timer import timer_event
from local.runtime.worker import WorkerConfig
from tests.bench.cloud import cloud_process
from tests.soak.processes import PROC, Holdings
from tests.soak.size import SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from local.cloud.cloud import Cloud

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not (PROC / "self" / "task").exists(), reason="reads what processes hold in /proc"),
]
BATCH = 20
SPEED = 100.0
WARM_UP = 0.2
"""The part of the messages after which a process has what it keeps: connections, statements, caches."""
NOISE_BYTES, BYTES_A_MESSAGE = 3 * 1024 * 1024, 40
"""What may come in all, and with each message; 40 bytes are less than the shortest thing that could be kept of one."""
QUICK = {"PROVISIONER_CALLS_PER_SECOND": "10000", "PROVISIONER_POLL_SECONDS": "5"}


@pytest.mark.parametrize("store", ["sqlite", "tablestore"])
def test_a_worker_does_not_grow(store: str, tmp_path: Path) -> None:
    """Memory by its slope after the warm-up, threads and file descriptors stay as they are, in both functions."""
    with cloud_process(hurry) as url, (tmp_path / "functions.log").open("w") as log:
        config = WorkerConfig(access=Access.local(url), store=store, data=tmp_path / "data", log=log, environ=QUICK)
        over = threading.Event()
        with closing(instance(config, "provision")) as queue, closing(instance(config, "poll")) as timer:
            running = threading.Thread(target=keep_polling, args=(timer, over))
            running.start()
            try:
                held = [(Holdings.of(queue.pid), Holdings.of(timer.pid)) for _ in fed(queue, SIZE.messages // BATCH)]
            finally:
                over.set()
                running.join()
            assert queue.alive
            assert timer.alive
    (tmp_path / "held.csv").write_text("".join(f"{a.memory},{b.memory},{a.files},{b.files}\n" for a, b in held))
    settled = held[int(len(held) * WARM_UP) :]
    found = {name: growth(each) for name, each in zip(("queue", "timer"), zip(*settled, strict=True), strict=True)}
    print(store, SIZE.messages, found)  # noqa: T201 - the measured figures, shown by -rP
    for memory, threads, files, _ in found.values():
        assert memory <= NOISE_BYTES + BYTES_A_MESSAGE * len(settled) * BATCH
        assert (threads, files) <= (0, 0)
    assert '"unexpected"' not in (tmp_path / "functions.log").read_text()


def hurry(cloud: Cloud) -> None:
    """Let instances be ready soon."""
    cloud.config.speed = SPEED


def instance(config: WorkerConfig, name: str) -> FunctionInstance:
    """Start one process of a function."""
    specification = config.deployment.function(name)
    environment = environment_for(specification, config.environ or {}, config.access, config.store, config.data)
    started = FunctionInstance(specification, Place(config.code, environment, config.log), "start")
    assert started.failure is None
    return started


def keep_polling(timer: FunctionInstance, over: threading.Event) -> None:
    """Fire the timer, one run after the other."""
    while not over.is_set():
        assert timer.invoke(timer_event(), "timer").succeeded


def fed(queue: FunctionInstance, batches: int) -> Any:
    """Hand over so many batches; yield after each."""
    for number in range(batches):
        answer = queue.invoke(batch(number), f"batch-{number}")
        assert answer.succeeded, answer.payload
        yield number


def batch(number: int) -> bytes:
    """Return a trigger event: half of it new requests, each with secrets of its own, the rest copies and refused."""
    bodies = [message(f"{number}-{place}") for place in range(BATCH // 2)]
    bodies += [message(f"{max(0, number - age)}-{age}") for age in range(BATCH // 4)]
    bodies += [message(f"{number}-{place}", start="yes") for place in range(BATCH - len(bodies))]
    return json.dumps([
        {
            "id": f"M-{number}-{place}", "type": "mns:Queue:SendMessage", "time": "2026-11-24T00:00:00Z",
            "data": {"messageId": f"M-{number}-{place}", "messageBody": body},
        }
        for place, body in enumerate(bodies)
    ]).encode()  # fmt: skip


def message(name: str, **more: Any) -> str:
    """Return one message."""
    parameters = {
        "RegionId": "cn-hangzhou", "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd", "InstanceType": "ecs.g6.large",
        "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3", "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz", "InstanceName": name,
        "Password": f"Z9+{name}", "UserData": base64.b64encode(f"#!/bin/sh\necho {name}\n".encode()).decode(),
    }  # fmt: skip
    return json.dumps({"requestId": f"growth-{name}", "parameters": parameters, **more})


def growth(held: Sequence[Holdings]) -> tuple[int, int, int, int]:
    """Return how many bytes, threads and files were added from first to last, by a straight line through all; the size.

    Threads and files are compared as the most that the first and the last half held.
    """
    memory = [each.memory for each in held]
    slope = statistics.linear_regression(range(len(held)), memory).slope
    half = len(held) // 2
    first, last = held[:half], held[half:]
    return (
        round(slope * len(held)),
        max(each.threads for each in last) - max(each.threads for each in first),
        max(each.files for each in last) - max(each.files for each in first),
        memory[-1],
    )
