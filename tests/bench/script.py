"""The worker against the script people write: create all, then ask for each instance every second until it runs.

The script is a good one: it makes its calls in as many threads as the worker does. Both have the same cloud, new for
each, with the same latencies, and both start every instance and wait until it is Running.
"""

from __future__ import annotations

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from local import defaults
from tests.bench.cloud import cloud_process, slow_down
from tests.bench.figure import Aim, Figure
from tests.bench.worker import PARAMETERS, batch, context, database, environment, run, started

INSTANCES = 200
BATCH = WORKERS = 20
"""The largest batch of template.yml, which the guide sets once the trigger is seen to call synchronously."""
ANSWER_SECONDS = 0.05
LONGEST_SECONDS = 80.0


@dataclass(frozen=True, slots=True)
class Job:
    """What it took to have all instances running: seconds, calls by action."""

    seconds: float
    calls: dict[str, int]

    @property
    def status_calls(self) -> int:
        """Calls that ask how instances are."""
        return self.calls.get("ecs.DescribeInstanceStatus", 0) + self.calls.get("ecs.DescribeInstances", 0)


def measure() -> list[Figure]:
    """Return both ratios."""
    slow = partial(slow_down, seconds=ANSWER_SECONDS)
    with cloud_process(slow) as url, database() as path:
        script = Job(run(_script, environment(url, path), url), _state(url)["calls"])
    with cloud_process(slow) as url, database() as path:
        worker = _work(url, environment(url, path))
    how = f"SQLite, warm, {INSTANCES} instances, 50 ms an answer, once"
    name = "against a script"
    return [
        Figure(f"{name}: its status calls over the worker's ({how})",
               round(script.status_calls / worker.status_calls, 1), 15, Aim.AT_LEAST),
        Figure(f"{name}: the worker's wall time over its ({how})", round(worker.seconds / script.seconds, 2), 1),
        Figure(f"{name}: its wall time in s ({how})", round(script.seconds, 1)),
        Figure(f"{name}: its calls ({how})", sum(script.calls.values())),
        Figure(f"{name}: the worker's calls, to ECS and MNS ({how})", sum(worker.calls.values())),
    ]  # fmt: skip


def _script(url: str) -> float:
    from alibabacloud_ecs20140526 import models
    from alibabacloud_ecs20140526.client import Client
    from alibabacloud_tea_openapi.utils_models import Config

    keys = {"access_key_id": defaults.ACCESS_KEY_ID, "access_key_secret": defaults.ACCESS_KEY_SECRET}
    client = Client(Config(**keys, region_id=defaults.REGION, endpoint=url.removeprefix("http://"), protocol="http"))

    def create(_: int) -> str:
        return str(client.create_instance(models.CreateInstanceRequest().from_map(PARAMETERS)).body.instance_id)

    def look(instance_id: str) -> str:
        request = models.DescribeInstanceStatusRequest(region_id=defaults.REGION, instance_id=[instance_id])
        (found,) = client.describe_instance_status(request).body.instance_statuses.instance_status
        if found.status == "Stopped":
            client.start_instance(models.StartInstanceRequest(instance_id=instance_id))
        return str(found.status)

    began = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting = list(pool.map(create, range(INSTANCES)))
        while waiting:
            asked_at = time.perf_counter()
            statuses = list(pool.map(look, waiting))
            waiting = [each for each, status in zip(waiting, statuses, strict=True) if status != "Running"]
            time.sleep(max(0.0, asked_at + 1 - time.perf_counter()) if waiting else 0.0)
    return time.perf_counter() - began


def _work(url: str, environ: dict[str, str]) -> Job:
    """Feed the queue function, while a run of the timer function is on, until all outcomes are there."""
    with started(_poll, environ), started(_provision, environ) as provisioned:
        began = provisioned()
        give_up_at = time.monotonic() + LONGEST_SECONDS
        while len((state := _state(url))["mns"]["topics"][defaults.TOPIC]) < INSTANCES:
            if time.monotonic() > give_up_at:
                raise RuntimeError(f"no {INSTANCES} outcomes within {LONGEST_SECONDS} s")
            time.sleep(0.1)
        return Job(time.monotonic() - began, state["calls"])


def _provision() -> float:
    from functions import provision

    provision.initializer(context())
    began = time.monotonic()
    for number in range(INSTANCES // BATCH):
        provision.handler(batch(f"batch-{number}", BATCH), context())
    return began


def _poll() -> None:
    from functions import poll

    poll.initializer(context())
    while json.loads(poll.handler(b"{}", context()))["reason"] == "idle":  # as long as there has been no work
        time.sleep(0.2)


def _state(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/_local/state", timeout=10) as answer:
        state: dict[str, Any] = json.load(answer)
        return state
