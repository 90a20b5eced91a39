"""Whether a worker that lives long grows: one process of each function, real handlers over the local cloud."""

from __future__ import annotations

import base64
import json
import statistics
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from local.runtime.access import Access
from local.runtime.environment import environment_for
from local.runtime.instance import FunctionInstance, Place
from local.runtime.timer import timer_event
from local.runtime.worker import WorkerConfig
from tests.bench.cloud import cloud_process
from tests.soak.processes import POOLED_FILES, PROC, Holdings
from tests.soak.size import SIZE
from tests.support.place import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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
POOLED_THREADS = 25
"""The most of a process at any time: the twenty of a batch, and its own."""
SETTINGS = {
    "PROVISIONER_CALLS_PER_SECOND": "10000", "PROVISIONER_POLL_SECONDS": "5", "PROVISIONER_CALL_SECONDS": "30",
}  # fmt: skip
"""Nothing waits for its turn, and a call that a busy machine holds up is none that failed."""


@pytest.mark.parametrize("store", ["sqlite", "tablestore"])
def test_a_worker_does_not_grow(store: str, tmp_path: Path) -> None:
    """Memory by its slope after the warm-up, threads and file descriptors stay as they are, in both functions."""
    held: list[tuple[Holdings, Holdings]] = []
    with cloud_process(hurry) as url, (tmp_path / "functions.log").open("w") as log:
        config = WorkerConfig(access=Access.local(url), store=store, data=tmp_path / "data", log=log, environ=SETTINGS)
        with closing(instance(config, "provision")) as queue, closing(instance(config, "poll")) as timer, firing(timer):
            for number in range(SIZE.messages // BATCH):
                answer = queue.invoke(batch(number), f"batch-{number}")
                assert answer.succeeded, answer.payload
                held.append((Holdings.of(queue.pid), Holdings.of(timer.pid)))
    (tmp_path / "held.csv").write_text("".join(f"{a.memory},{b.memory},{a.files},{b.files}\n" for a, b in held))
    settled = held[int(len(held) * WARM_UP) :]
    found = [growth(each) for each in zip(*settled, strict=True)]
    print(store, SIZE.messages, "queue and timer:", found)  # noqa: T201 - the measured figures, shown by -rP
    assert max(each.memory for each in found) <= NOISE_BYTES + BYTES_A_MESSAGE * len(settled) * BATCH
    both = [each for pair in settled for each in pair]
    assert max(each.threads for each in both) <= POOLED_THREADS
    assert max(each.files for each in both) <= POOLED_FILES
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


@contextmanager
def firing(timer: FunctionInstance) -> Iterator[None]:
    """Fire the timer until the block is left, one run after the other; each has to succeed."""
    over = threading.Event()

    def fire() -> list[bytes]:
        answers = []
        while not over.is_set():
            answers.append(timer.invoke(timer_event(), "timer"))
        return [answer.payload for answer in answers if not answer.succeeded]

    with ThreadPoolExecutor(1) as pool:
        firing = pool.submit(fire)
        try:
            yield
        finally:
            over.set()
        assert firing.result() == []


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
        **PARAMETERS, "InstanceName": name, "Password": f"Z9+{name}",
        "UserData": base64.b64encode(f"#!/bin/sh\necho {name}\n".encode()).decode(),
    }  # fmt: skip
    return json.dumps({"requestId": f"growth-{name}", "parameters": parameters, **more})


def growth(held: Sequence[Holdings]) -> Holdings:
    """Return what came from first to last: memory by a straight line through all, the rest by the most of each half."""
    slope = statistics.linear_regression(range(len(held)), [each.memory for each in held]).slope
    first, last = held[: len(held) // 2], held[len(held) // 2 :]
    return Holdings(
        round(slope * len(held)),
        max(each.threads for each in last) - max(each.threads for each in first),
        max(each.files for each in last) - max(each.files for each in first),
    )
