"""The cloud's clock: the machine's, or one that tests drive. Epoch seconds, UTC."""

from __future__ import annotations

import time
from typing import Protocol


class CloudClock(Protocol):
    """What moves states, visibility and expiry."""

    driven: bool

    def now(self) -> float:
        """Return the time."""

    def advance(self, seconds: float) -> None:
        """Move a driven clock on; a real one raises ValueError."""


class RealClock:
    """The machine's clock."""

    driven = False

    def now(self) -> float:
        """Return the machine's time."""
        return time.time()

    def advance(self, seconds: float) -> None:
        """Refuse: the machine's time moves by itself."""
        raise ValueError(f"this cloud runs on the machine's clock and cannot be advanced by {seconds} s")


class DrivenClock:
    """A clock that stands still until it is advanced. It starts at the machine's time unless told otherwise."""

    driven = True

    def __init__(self, start: float | None = None) -> None:
        self._now = time.time() if start is None else start

    def now(self) -> float:
        """Return the time it was driven to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds; never back."""
        if seconds < 0:
            raise ValueError(f"a clock moves forward: {seconds}")
        self._now += seconds
