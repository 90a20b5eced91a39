"""The machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """The Clock port, for real."""

    def now(self) -> float:
        """Return UTC epoch seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait; nothing when the number is not positive."""
        if seconds > 0:
            time.sleep(seconds)
