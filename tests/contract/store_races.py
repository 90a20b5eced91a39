"""Racing at one store: what each racer does, and how threads and processes are sent off together."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from store_records import NOW, after, claimed

from shared.ports import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Barrier

    from store_backends import Backend

    from shared.ports import Store

Job = Callable[[int, Any], Any]
Race = Callable[[Job], list[Any]]

RACERS = 4
ROUNDS = 12
PLACE_RACERS, PLACE_ROUNDS = 8, 1000
PLACES = 3
"""How many places each round's bucket has; all but one are taken before."""


def claim_all(racer: int, store: Store) -> list[str]:
    """Claim every id; return those that were won."""
    ids = [f"order-{number}" for number in range(ROUNDS)]
    return [name for name in ids if store.claim(claimed(name, claimant=f"caller-{racer}")) is None]


def raise_version(racer: int, store: Store) -> int:
    """Raise the version of one record until ROUNDS updates are done; return how many conflicted."""
    done = conflicts = 0
    while done < ROUNDS:
        record = store.get("order-0")
        assert record is not None
        try:
            store.update(after(record, tries=record.tries + 1, claimant=f"caller-{racer}"))
            done += 1
        except Conflict:
            conflicts += 1
    return conflicts


def take_lease(racer: int, store: Store) -> list[int]:
    """Try to take the lease once in every period; return the periods in which it was ours."""
    return [n for n in range(ROUNDS) if store.take_lease("poll", f"racer-{racer}", NOW + n * 30, 30) is not None]


def last_place(number: int) -> str:
    """Return the bucket of a round in which one place is left."""
    return f"race-{number}"


def take_last_place(racer: int, store: Store, rounds: int = PLACE_ROUNDS) -> list[int]:
    """Race for the last place of each round's bucket, all at the same moment; return the rounds that were won."""
    won, together = [], _process["start"]
    for number in range(rounds):
        together.wait()
        if store.take_place(last_place(number), f"racer-{racer}", PLACES, NOW):
            won.append(number)
    return won


@contextmanager
def threads(store: Store) -> Iterator[Race]:
    """Lend a function that lets RACERS threads do a job on one handle, starting together."""
    start = threading.Barrier(RACERS)

    def run(job: Job, racer: int) -> Any:
        start.wait()
        return job(racer, store)

    with ThreadPoolExecutor(RACERS) as pool:
        yield lambda job: list(pool.map(partial(run, job), range(RACERS)))


@contextmanager
def processes(backend: Backend, racers: int = RACERS) -> Iterator[Race]:
    """Lend a function that lets processes do a job, each on a handle of its own, starting together."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(racers, _enter, (backend, context.Barrier(racers))) as pool:
        yield lambda job: pool.map(partial(_run, job), range(racers), chunksize=1)


_process: dict[str, Any] = {}


def _enter(backend: Backend, start: Barrier) -> None:
    _process.update(store=backend.open(), start=start)


def _run(job: Job, racer: int) -> Any:
    _process["start"].wait()
    return job(racer, _process["store"])
