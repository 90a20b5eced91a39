"""One polling round over 10,000 instances that are all still Pending: its calls, and its CPU for each."""

from __future__ import annotations

import math
import os
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial

from tests.bench.cloud import cloud_process
from tests.bench.figure import Aim, Figure
from tests.bench.seeding import REGIONS, region_of, seed_cloud, seed_store
from tests.bench.worker import context, database, environment, run

PENDING = 10_000
TURNS = 5
PAGE = 50


def measure() -> list[Figure]:
    """Return the calls of one round, and the median CPU of several."""
    regions = len(REGIONS)
    with cloud_process(partial(seed_cloud, count=PENDING, regions=regions)) as url, database() as path:
        seed_store(path, PENDING, regions)
        rounds = run(make_rounds, environment(url, path), TURNS + 1)[1:]  # the first one opens connections
    each = Counter(region_of(number, regions) for number in range(PENDING))
    exactly = sum(math.ceil(count / PAGE) for count in each.values())
    per_instance = statistics.median(made.cpu for made in rounds) / PENDING * 1e6
    how = f"SQLite, warm, {PENDING} pending"
    return [
        Figure(f"calls per round: DescribeInstanceStatus ({how}, {regions} regions)", rounds[-1].status_calls, exactly,
               Aim.EXACTLY),
        Figure(f"round per pending instance: CPU in µs ({how}, median of {TURNS})", round(per_instance, 1), 80),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """One round: wall time and CPU in seconds, status calls, entries looked at."""

    wall: float
    cpu: float
    status_calls: int
    looked: int


def make_rounds(count: int) -> list[Made]:
    """Make rounds with the timer function's own ports, in a process that has its environment."""
    from functions import poll
    from shared.invocation import begin
    from shared.usecases.context import Run
    from shared.usecases.scan import scan

    poll.initializer(context())
    made = []
    for _ in range(count):
        invocation = begin(context(), os.environ)
        settings = invocation.settings
        run = Run(invocation.ports, settings.timings, invocation.ends_at)
        wall, cpu = time.perf_counter(), time.process_time()
        report = scan(run, settings.workers)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        made.append(Made(wall, cpu, report.status_calls, report.looked))
    return made
