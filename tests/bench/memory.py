"""Whether a round keeps what it reads: memory of a process that makes one over much open work, and over little."""

from __future__ import annotations

import resource
from functools import partial

from tests.bench.cloud import cloud_process
from tests.bench.figure import Figure
from tests.bench.rounds import make_rounds
from tests.bench.seeding import seed_cloud, seed_store
from tests.bench.worker import database, environment, run

FEW, MANY = 5_000, 50_000


def measure() -> list[Figure]:
    """Return the ratio of the highest resident sizes."""
    few, many = (_highest(count) for count in (FEW, MANY))
    how = "SQLite, fresh process, once"
    return [
        Figure(f"memory: highest at {MANY:,} pending over {FEW:,} ({how})", round(many / few, 2), 1.5),
        Figure(f"memory: highest in MB at {MANY:,} pending ({how})", round(many / 1024)),
    ]


def _highest(count: int) -> int:
    with cloud_process(partial(seed_cloud, count=count)) as url, database() as path:
        seed_store(path, count)
        return run(_one_round, environment(url, path), count)


def _one_round(count: int) -> int:
    (made,) = make_rounds(1)
    if made.looked != count:
        raise RuntimeError(f"the round looked at {made.looked} of {count}")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
