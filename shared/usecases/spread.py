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


def spread(work: Callable[[T], R], items: Sequence[T], workers: int) -> list[R]:
    """Return the results in order. One worker means no thread at all. The first exception is raised at the end."""
    if workers <= 1 or len(items) <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(workers, len(items)), thread_name_prefix="worker") as pool:
        return list(pool.map(work, items))
