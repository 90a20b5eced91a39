"""Keeping a batch's threads on one CPU."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_THIS_THREAD = Path("/proc/thread-self/stat")
_PROCESSOR = 36
"""Where the CPU's number stands after the command's name: field 39 of proc(5)."""


@contextmanager
def one_cpu() -> Iterator[None]:
    """Keep this thread, and every thread it starts meanwhile, on the CPU it runs on; afterwards it may go anywhere.

    The interpreter runs one of them at a time. On several CPUs they only carry its lock and its data about, which costs
    a batch 8 % more CPU time (docs/performance.md). Where the system has no such choice, nothing is done.
    """
    allowed: set[int] = set()
    with suppress(OSError, ValueError, IndexError, AttributeError):
        current = int(_THIS_THREAD.read_text().rpartition(")")[2].split()[_PROCESSOR])
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {current})
    try:
        yield
    finally:
        if allowed:
            with suppress(OSError):
                os.sched_setaffinity(0, allowed)
