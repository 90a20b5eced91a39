"""The machine's clock and randomness."""

from __future__ import annotations

import secrets
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


class SystemEntropy:
    """The Entropy port, for real. Asks the kernel each time: instances may be copies of one frozen process."""

    def __init__(self) -> None:
        self._random = secrets.SystemRandom()

    def token(self) -> str:
        """Return 32 hexadecimal characters."""
        return secrets.token_hex(16)

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()
