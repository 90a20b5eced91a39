"""What the worker adds to the SDK calls it makes: CPU of the queue function over that of the calls alone.

Bare calls are made both ways, in the same turns: parameters in the query, as the SDK does by itself, and in the body,
as the worker sends them. The worker is compared with the first, what anybody would write.

Both run on one CPU: the deployed function has half of one. On several, the interpreter's lock and data travel between
them, which costs both sides an amount that says nothing about either.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

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
        turns = run(_turns, environment(url, path), url)
    ratio = statistics.median((whole - query) / query for query, _, whole in turns)
    query = statistics.median(query for query, _, _ in turns) / MESSAGES
    body = statistics.median(body for _, body, _ in turns) / MESSAGES
    how = f"both on one CPU, SQLite, warm, {MESSAGES} messages, median of {TURNS}"
    return [
        Figure(f"own work per message: CPU over the bare SDK calls' ({how})", round(ratio, 2), 0.45),
        Figure(f"bare SDK call, parameters in the query: CPU in µs, {WORKERS} threads ({how})", round(query * 1e6)),
        Figure(f"bare SDK call, parameters in the body: CPU in µs, {WORKERS} threads ({how})", round(body * 1e6)),
    ]


def _turns(url: str) -> list[tuple[float, float, float]]:
    from functions import provision

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    provision.initializer(context())
    from alibabacloud_ecs20140526.client import Client

    from shared.adapters.ecs.client import FormClient

    calls = (_bare(Client, url), _bare(FormClient, url))
    with ThreadPoolExecutor(WORKERS) as pool:
        turns = []
        for turn in range(TURNS + 1):
            bare = []
            for place, call in enumerate(calls):
                names = [f"bare-{place}-{turn}-{number}" for number in range(MESSAGES)]
                bare.append(_cpu(lambda call=call, names=names: list(pool.map(call, names))))  # type: ignore[misc] # a default of a lambda has no type
            event = batch(f"turn-{turn}", MESSAGES)
            turns.append((*bare, _cpu(lambda event=event: provision.handler(event, context()))))  # type: ignore[misc] # a default of a lambda has no type
        return turns[1:]  # type: ignore[return-value] # the first turn opens connections; mypy counts no elements


def _bare(kind: Any, url: str) -> Callable[[str], object]:
    """Return a call of the SDK as anybody would write it, with the same parameters, token and tag."""
    from alibabacloud_ecs20140526 import models
    from alibabacloud_tea_openapi.utils_models import Config
    from darabonba.runtime import RuntimeOptions

    client = kind(
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
