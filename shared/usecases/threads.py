"""Doing many things side by side, and being done on return.

A thread that outlives its handler is frozen with the instance and may wake up minutes later.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")


def map_threads(work: Callable[[T], R], items: Sequence[T], workers: int) -> list[R]:
    """Return the results in order. One worker means no other thread at all.

    After an exception nothing more begins, and the first one, by the order of the items, is raised at the end.
    """
    if workers <= 1 or len(items) <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(workers, len(items))) as pool:
        return list(pool.map(work, items))
