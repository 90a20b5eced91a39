"""What limits cost a message: CPU of the queue function on SQLite, and the store's calls on Tablestore."""

from __future__ import annotations

import json
import os
import statistics
import time
import urllib.request
from typing import TYPE_CHECKING

from shared.bootstrap import open_store
from shared.ports import StoredPolicy
from shared.settings import Settings, read_credentials
from tests.bench.cloud import cloud_process
from tests.bench.figure import Figure
from tests.bench.worker import batch, context, database, environment, run

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 20
"""As many as threads work side by side, all at the same buckets."""
TURNS = 15
LIMITS: dict[str, dict[str, int]] = {
    "no policy": {}, "a policy with one limit": {"open": 10_000},
    "a policy with two limits": {"open": 10_000, "perHour": 10_000},
}  # fmt: skip


def measure() -> list[Figure]:
    """Return CPU a message, and calls of the store a message, for each kind of policy."""
    return [*_cpu(), *_calls()]


def _cpu() -> Iterator[Figure]:
    for name, limits in LIMITS.items():
        with cloud_process() as url, database() as path:
            environ = environment(url, path)
            _set(environ, limits)
            seconds = statistics.median(run(_turns, environ))
        how = f"{name}, SQLite, one CPU, warm, batches of {BATCH}, median of {TURNS}"
        yield Figure(f"CPU of the queue function in µs a message ({how})", round(seconds / BATCH * 1e6))


def _turns() -> list[float]:
    from functions import provision

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    provision.initializer(context())
    spent = []
    for turn in range(TURNS + 1):
        event = batch(f"turn-{turn}", BATCH)
        began = time.process_time()
        provision.handler(event, context())
        spent.append(time.process_time() - began)
    return spent[1:]


def _calls() -> Iterator[Figure]:
    """Count what one batch asks of Tablestore, once the process is warm."""
    for name, limits in LIMITS.items():
        with cloud_process() as url:
            environ = environment(url)
            _set(environ, limits)
            counts = run(_batch_counts, environ, url)
        for call, target in (("PutRow", None), ("UpdateRow", len(limits)), ("GetRow", None)):
            made = counts.get(f"ots.{call}", 0) / BATCH
            where = f"{name}, Tablestore, warm, one batch of {BATCH}"
            yield Figure(f"{call} a message ({where})", round(made, 2), target)


def _batch_counts(url: str) -> dict[str, int]:
    from functions import provision

    provision.initializer(context())
    provision.handler(batch("warm", 1), context())
    before = _counted(url)
    provision.handler(batch("batch", BATCH), context())
    return {name: count - before.get(name, 0) for name, count in _counted(url).items()}


def _counted(url: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{url}/_local/state") as answer:
        found: dict[str, int] = json.load(answer)["calls"]
        return found


def _set(environ: dict[str, str], limits: dict[str, int]) -> None:
    if not limits:
        return
    store = open_store(Settings.from_environment(environ), read_credentials(None, environ))
    try:
        store.put_policy(StoredPolicy(1, json.dumps({"limits": limits}), time.time()))
    finally:
        store.close()
