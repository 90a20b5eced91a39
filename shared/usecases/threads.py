"""Doing many things side by side, and being done on return.

A thread that outlives its handler is frozen with the instance and may wake up minutes later. Plain threads that help
themselves cost half of what an executor does, which makes a future, a lock and a condition for every item.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")


def map_threads(work: Callable[[T], R], items: Sequence[T], workers: int) -> list[R]:
    """Return the results in order. One worker means no other thread at all.

    After an exception nothing more begins, and the first one is raised at the end.
    """
    if workers <= 1 or len(items) <= 1:
        return [work(item) for item in items]
    job = _Job(work, deque(enumerate(items)))
    helpers = [Thread(target=job.run, name=f"worker-{number}") for number in range(1, min(workers, len(items)))]
    begun: list[Thread] = []
    try:
        for helper in helpers:
            helper.start()
            begun.append(helper)
        job.run()
    finally:
        for helper in begun:
            helper.join()
    if job.failures:
        raise job.failures[0]
    return [job.results[number] for number in range(len(items))]


@dataclass(slots=True)
class _Job(Generic[T, R]):
    """What the threads share: what is left to do, and what came of the rest."""

    work: Callable[[T], R]
    left: deque[tuple[int, T]]
    results: dict[int, R] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        """Do one thing after the other until nothing is left."""
        while not self.failures:
            try:
                number, item = self.left.popleft()
            except IndexError:
                return
            try:
                self.results[number] = self.work(item)
            except BaseException as failure:  # noqa: BLE001 - raised again by whoever waits for the job
                self.failures.append(failure)
