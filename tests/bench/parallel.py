"""How well a batch uses its workers: wall time against what waiting for the API alone would take."""

from __future__ import annotations

import statistics
import time
from functools import partial

from tests.bench.cloud import cloud_process, slow_down
from tests.bench.figure import Figure
from tests.bench.worker import batch, context, database, environment, run

MESSAGES = 100
WORKERS = 20
ANSWER_SECONDS = 0.05
TURNS = 5
IDEAL_SECONDS = MESSAGES / WORKERS * ANSWER_SECONDS


def measure() -> list[Figure]:
    """Return the median of batches, each over the ideal."""
    with cloud_process(partial(slow_down, seconds=ANSWER_SECONDS)) as url, database() as path:
        walls = run(_walls, environment(url, path))
    name = f"batch in parallel: wall time over the ideal {IDEAL_SECONDS * 1000:.0f} ms"
    how = f"SQLite, warm, {MESSAGES} messages, 50 ms an answer, {WORKERS} workers, median of {TURNS}"
    return [Figure(f"{name} ({how})", round(statistics.median(walls) / IDEAL_SECONDS, 2), 1.3)]


def _walls() -> list[float]:
    from functions import provision

    provision.initializer(context())
    walls = []
    for turn in range(TURNS + 1):
        event = batch(f"turn-{turn}", MESSAGES)
        began = time.perf_counter()
        provision.handler(event, context())
        walls.append(time.perf_counter() - began)
    return walls[1:]  # the first turn opens connections
