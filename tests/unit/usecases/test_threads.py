"""Doing things side by side."""

from __future__ import annotations

import threading
import time

import pytest

from shared.usecases.threads import map_threads


@pytest.mark.parametrize("workers", [1, 2, 20, 200])
def test_results_are_in_order(workers: int) -> None:
    """However many workers there are, every item is worked on once and its result stands in its place."""
    seen: list[int] = []

    def work(item: int) -> int:
        seen.append(item)
        time.sleep(item % 3 / 1000)
        return item * item

    assert map_threads(work, range(100), workers) == [item * item for item in range(100)]
    assert sorted(seen) == list(range(100))


def test_they_run_side_by_side() -> None:
    """As many items as there are workers are under way at once: each waits here for all the others."""
    together = threading.Barrier(5, timeout=5)
    map_threads(lambda _: together.wait(), range(10), 5)


def test_no_thread_is_left() -> None:
    """On return every thread has ended, also after an exception."""
    before = threading.active_count()
    map_threads(lambda item: item, range(50), 10)
    with pytest.raises(KeyError):
        map_threads({}.__getitem__, range(50), 10)
    assert threading.active_count() == before


def test_one_worker_needs_no_thread() -> None:
    """With one worker, or one item, the work is done by the caller's own thread."""
    assert set(map_threads(lambda _: threading.get_ident(), range(5), 1)) == {threading.get_ident()}
    assert map_threads(lambda _: threading.get_ident(), [1], 20) == [threading.get_ident()]


def test_nothing_begins_after_an_exception() -> None:
    """What was under way is finished, the exception is raised, and the rest is left undone."""
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 3:
            raise SystemExit(item)
        time.sleep(0.001)

    with pytest.raises(SystemExit):
        map_threads(work, range(1000), 4)
    assert len(begun) < 100
