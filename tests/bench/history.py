"""Whether a round pays for what was ever done: its time over a store with a million finished records, and with none."""

from __future__ import annotations

import statistics
from functools import partial
from typing import TYPE_CHECKING

from tests.bench.cloud import cloud_process
from tests.bench.figure import Figure
from tests.bench.rounds import make_rounds
from tests.bench.seeding import seed_cloud, seed_history, seed_store
from tests.bench.worker import database, environment, run

if TYPE_CHECKING:
    from pathlib import Path

PENDING = 1_000
FINISHED = 1_000_000
TURNS = 9


def measure() -> list[Figure]:
    """Return the ratio of median round times; the rounds over both stores are made in turn."""
    with cloud_process(partial(seed_cloud, count=PENDING)) as url, database() as young, database() as old:
        seed_history(old, FINISHED)
        for path in (young, old):
            seed_store(path, PENDING)
        turns = [(_round_time(url, young), _round_time(url, old)) for _ in range(TURNS)]
    ratio = statistics.median(late for _, late in turns) / statistics.median(early for early, _ in turns)
    name = f"growth with history: round time with {FINISHED:,} finished requests over none"
    return [Figure(f"{name} (SQLite, warm, {PENDING} pending, median of {TURNS})", round(ratio, 2), 1.2)]


def _round_time(url: str, path: Path) -> float:
    return run(make_rounds, environment(url, path), 2)[1].wall  # the first one opens connections
