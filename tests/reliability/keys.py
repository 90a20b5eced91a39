"""Keys that end in the middle of everything, and that only a new process sees renewed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

SERVICES = ("ecs", "store", "queue", "topic")


@dataclass(slots=True)
class Keys:
    """From when on each service refuses the keys that the processes began with; those of new processes are good.

    `old` are the functions whose process has them still, `ending` those whose process ends at its next invocation.
    """

    refused_from: dict[str, float]
    old: set[str] = field(default_factory=lambda: {"provision", "poll"})
    ending: set[str] = field(default_factory=set)

    @classmethod
    def draw(cls, rng: Random, begins: float) -> Keys:
        """Draw when each service notices: not all at once."""
        return cls({service: begins + rng.uniform(0, 60) for service in SERVICES})

    def refuses(self, call: str, function: str, now: float) -> bool:
        """Tell whether a call (`store.get`) of a function's process is refused."""
        return function in self.old and now >= self.refused_from[call.partition(".")[0]]

    def begin(self, function: str) -> bool:
        """Tell whether an invocation finds a process that goes on; one that does not makes room for a new one."""
        if function not in self.ending:
            return True
        self.end(function)
        return False

    def end(self, function: str) -> None:
        """End a function's process."""
        self.ending.discard(function)
        self.old.discard(function)
