"""How many calls the cloud gets a second, and which."""

from __future__ import annotations

from collections import Counter
from typing import Any

SECONDS = 60
"""How far back it goes."""


class Calls:
    """Counts calls, by name and by the second they came in (the machine's monotonic time)."""

    def __init__(self) -> None:
        self._total: Counter[str] = Counter()
        self._seconds: Counter[int] = Counter()

    def add(self, name: str, now: float) -> None:
        """Count one call."""
        self._total[name] += 1
        self._seconds[int(now)] += 1

    def to_json(self, now: float) -> dict[str, Any]:
        """Return the whole seconds of the last minute, oldest first, and the totals, greatest first."""
        this = int(now)
        for second in [second for second in self._seconds if second < this - SECONDS]:
            del self._seconds[second]
        history = [self._seconds[second] for second in range(this - SECONDS, this)]
        return {"seconds": history, "total": dict(self._total.most_common())}
