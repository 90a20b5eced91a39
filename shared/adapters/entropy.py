"""The machine's randomness."""

from __future__ import annotations

import secrets


class SystemEntropy:
    """The Entropy port, for real. Asks the kernel each time: instances may be copies of one frozen process."""

    def __init__(self) -> None:
        self._random = secrets.SystemRandom()

    def token(self) -> str:
        """Return 32 hexadecimal characters."""
        return secrets.token_hex(16)

    def fraction(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()
