"""What the worker adds to the SDK calls it makes: CPU of the queue function over that of the calls alone."""

from __future__ import annotations

import hashlib
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from local import defaults
from tests.bench.cloud import cloud_process
from tests.bench.figure import Figure
from tests.bench.worker import PARAMETERS, batch, context, database, environment, run

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGES = 100
TURNS = 25
WORKERS = 20


def measure() -> list[Figure]:
    """Return the median of pairs: calls alone, then the function with as many messages."""
    with cloud_process() as url, database() as path:
        pairs = run(_pairs, environment(url, path), url)
    ratio = statistics.median((whole - bare) / bare for bare, whole in pairs)
    bare = statistics.median(bare for bare, _ in pairs) / MESSAGES
    how = f"SQLite, warm, {MESSAGES} messages, median of {TURNS}"
    return [
        Figure(f"own work per message: CPU over the bare SDK calls' ({how})", round(ratio, 2), 0.4),
        Figure(f"bare SDK call: CPU in µs, {WORKERS} threads ({how})", round(bare * 1e6)),
    ]


def _pairs(url: str) -> list[tuple[float, float]]:
    from functions import provision

    provision.initializer(context())
    call = _bare(url)
    with ThreadPoolExecutor(WORKERS) as pool:
        pairs = []
        for turn in range(TURNS + 1):
            names = [f"bare-{turn}-{number}" for number in range(MESSAGES)]
            bare = _cpu(lambda names=names: list(pool.map(call, names)))  # type: ignore[misc] # a default of a lambda has no type
            event = batch(f"turn-{turn}", MESSAGES)
            pairs.append((bare, _cpu(lambda event=event: provision.handler(event, context()))))  # type: ignore[misc] # a default of a lambda has no type
        return pairs[1:]  # the first turn opens connections


def _bare(url: str) -> Callable[[str], object]:
    """Return a call of the SDK as anybody would write it, with the same parameters, token and tag."""
    from alibabacloud_ecs20140526 import models
    from alibabacloud_ecs20140526.client import Client
    from alibabacloud_tea_openapi.utils_models import Config
    from darabonba.runtime import RuntimeOptions

    client = Client(
        Config(
            access_key_id=defaults.ACCESS_KEY_ID,
            access_key_secret=defaults.ACCESS_KEY_SECRET,
            region_id=defaults.REGION,
            endpoint=url.removeprefix("http://"),
            protocol="http",
        )
    )
    options = RuntimeOptions(connect_timeout=5000, read_timeout=10000, max_idle_conns=WORKERS)

    def call(name: str) -> object:
        tag = {"Key": defaults.REQUEST_TAG, "Value": f"bench/{name}"}
        token = hashlib.sha256(name.encode()).hexdigest()  # as long as the worker's: urllib3 works on every character
        request = models.CreateInstanceRequest().from_map({**PARAMETERS, "ClientToken": token, "Tag": [tag]})
        return client.create_instance_with_options(request, options)

    return call


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
