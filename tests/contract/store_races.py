"""Racing at one store: what each racer does, and how threads and processes are sent off together."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from store_records import NOW, after, claimed

from shared.ports import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from store_backends import Backend

    from shared.ports import Store

RACERS = 4
ROUNDS = 25


def claim_all(racer: int, store: Store) -> list[str]:
    """Claim every id; return those that were won."""
    ids = [f"order-{number}" for number in range(ROUNDS)]
    return [name for name in ids if store.claim(claimed(name, caller=f"caller-{racer}")) is None]


def raise_version(racer: int, store: Store) -> int:
    """Raise the version of one record until ROUNDS updates are done; return how many conflicted."""
    done = conflicts = 0
    while done < ROUNDS:
        record = store.get("order-0")
        assert record is not None
        try:
            store.update(after(record, tries=record.tries + 1, caller=f"caller-{racer}"))
            done += 1
        except Conflict:
            conflicts += 1
    return conflicts


def take_lease(racer: int, store: Store) -> list[int]:
    """Try to take the lease once in every period; return the periods in which it was ours."""
    return [n for n in range(ROUNDS) if store.take_lease("poll", f"racer-{racer}", NOW + n * 30, 30) is not None]


def by_threads(backend: Backend, job: Callable[[int, Store], Any]) -> list[Any]:
    """Let RACERS threads do a job on one handle, starting together."""
    store, start = backend.open(), threading.Barrier(RACERS)

    def run(racer: int) -> Any:  # noqa: ANN401 - whatever the job returns
        start.wait()
        return job(racer, store)

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def by_processes(backend: Backend, job: Callable[[int, Store], Any]) -> list[Any]:
    """Let RACERS processes do a job, each on a handle of its own."""
    with multiprocessing.get_context("spawn").Pool(RACERS) as pool:
        return pool.map(partial(_in_process, backend, job), range(RACERS), chunksize=1)


def _in_process(backend: Backend, job: Callable[[int, Store], Any], racer: int) -> Any:  # noqa: ANN401 - as above
    return job(racer, backend.open())
