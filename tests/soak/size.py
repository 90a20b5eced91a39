"""How much is done: the full form's numbers, the short form's, and what `make` was told otherwise."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of one run: requests under kills and of each shortage, failing calls' requests, a worker's messages."""

    requests: int
    kill_seconds: float
    scarce: int
    scarce_seconds: float
    failing: int
    messages: int


FULL = Size(requests=200, kill_seconds=20.0, scarce=100, scarce_seconds=20.0, failing=10_000, messages=100_000)
SHORT = Size(requests=14, kill_seconds=3.0, scarce=24, scarce_seconds=2.0, failing=0, messages=1_000)
"""For CI, where it has 90 seconds. Calls that fail all the time are left out: their waits alone take minutes."""


def size(environ: Mapping[str, str]) -> Size:
    """Return the size that the environment asks for: SOAK_SHORT, and numbers in SOAK_REQUESTS and so on."""
    whole = SHORT if environ.get("SOAK_SHORT") else FULL
    counts = ("requests", "scarce", "failing", "messages")
    given = {name: int(number) for name in counts if (number := environ.get(f"SOAK_{name.upper()}"))}
    return replace(whole, **given)


SIZE = size(os.environ)
