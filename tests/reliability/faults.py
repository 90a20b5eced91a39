"""What goes wrong, where and how often: a plan drawn from the seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

CRASH = ("crash before", "crash after")
WIRE = ("lost request", "lost response", "late effect", "slow")
KINDS: dict[str, tuple[str, ...]] = {
    "ecs.create": (
        *CRASH, *WIRE, "late effect", "late effect", "lost response", "throttled", "throttled with retry-after",
        "server error", "no stock", "no stock", "processing",
    ),
    "ecs.statuses": (*CRASH, *WIRE, "throttled", "server error", "all absent", *["one absent"] * 4),
    "ecs.describe": (*CRASH, *WIRE, "throttled", "server error"),
    "ecs.find_by_tag": (*CRASH, *WIRE, "throttled", "server error"),
    "ecs.set_release_time": (*CRASH, *WIRE, "throttled", "server error"),
    "ecs.start": (*CRASH, *WIRE, "throttled", "server error"),
    "ecs.allocate_address": (*CRASH, *WIRE, "throttled", "server error"),
    "ecs.delete": (*CRASH, *WIRE, "throttled", "server error"),
    "store.get": (*CRASH, "unavailable", "slow"),
    "store.write": (*CRASH, "unavailable", "lost response", "slow"),
    "store.scan": (*CRASH, "unavailable", "slow"),
    "queue.send": (*CRASH, "lost request", "lost response", "slow"),
    "topic.publish": (*CRASH, "lost request", "lost response", "slow", "refused"),
}  # fmt: skip
"""The faults each kind of port call can suffer; one that is named twice is twice as likely."""
OUTSIDE = 3.0
"""How much likelier a call to ECS, queue or topic suffers than one to the store, of which there are many more."""


@dataclass(slots=True)
class Plan:
    """The faults of one run: `rate` is the share of calls that suffer, `until` when everything works again.

    `only` is for the crash sweep: the number of the one call that suffers, and how.
    """

    random: Random
    rate: float
    until: float
    only: tuple[int, str] | None = None
    injected: Counter[str] = field(default_factory=Counter)
    calls: int = 0

    def pick(self, call: str, now: float) -> str | None:
        """Return what this call suffers, or None."""
        self.calls += 1
        if self.only is not None:
            number, kind = self.only
            chosen = kind if number == self.calls else None
        elif now < self.until and self.random.random() < self.rate * (1.0 if call.startswith("store") else OUTSIDE):
            chosen = self.random.choice(KINDS[call])
        else:
            return None
        if chosen is not None:
            self.injected[chosen] += 1
        return chosen
