"""From an instance being ready to its outcome on the topic, while a run of the timer function is on.

The cloud is in this process, which so knows both moments; the worker is in one of its own.
"""

from __future__ import annotations

import json
import random
import time

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.server import running
from tests.bench.cloud import ecs, mns, slow_down
from tests.bench.figure import Figure
from tests.bench.seeding import instance_id, seed_cloud, seed_store
from tests.bench.worker import context, database, environment, started

REQUESTS = 300
READY_WITHIN_SECONDS = 30.0
FIRST_SECONDS = 3.0
ANSWER_SECONDS = 0.05
SEED = 20261124
LONGEST_SECONDS = 60.0


def measure() -> list[Figure]:
    """Return median and 99th percentile in seconds."""
    cloud = Cloud(provisioned=True)
    slow_down(cloud, ANSWER_SECONDS)
    seed_cloud(cloud, REQUESTS)
    with running(cloud) as url, database() as path:
        seed_store(path, REQUESTS)
        _let_them_get_ready(cloud)
        with started(_poll, environment(url, path)):
            latencies = sorted(_latencies(cloud))
    how = f"SQLite, {REQUESTS} requests, 50 ms an answer, once"
    median, high = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
    return [
        Figure(f"outcome latency: median in s ({how})", round(median, 2), 1.5),
        Figure(f"outcome latency: 99th percentile in s ({how})", round(high, 2), 4),
    ]


def _let_them_get_ready(cloud: Cloud) -> None:
    """Have every instance Stopped at a moment of its own; the worker starts it, and then it is Running: ready."""
    chance = random.Random(SEED)  # noqa: S311 - a schedule, no secret
    now = cloud.clock.now() + FIRST_SECONDS
    for instance in ecs(cloud).account.instances.values():
        instance.stopped_at = now + chance.uniform(0, READY_WITHIN_SECONDS)


def _poll() -> str:
    from functions import poll

    poll.initializer(context())
    return str(poll.handler(b"{}", context()))


def _latencies(cloud: Cloud) -> list[float]:
    give_up_at = time.monotonic() + LONGEST_SECONDS
    inbox = mns(cloud).account.queues[defaults.INBOX]
    while len(inbox.messages) < REQUESTS and time.monotonic() < give_up_at:
        time.sleep(0.2)
    with cloud.lock:
        arrived = {json.loads(message.body)["subject"]: message.enqueued_at for message in inbox.messages.values()}
        if len(arrived) < REQUESTS:
            raise RuntimeError(f"only {len(arrived)} of {REQUESTS} outcomes came within {LONGEST_SECONDS} s")
        ready = ecs(cloud).account.instances
        return [arrived[f"pending-{number}"] - ready[instance_id(number)].running_at for number in range(REQUESTS)]
