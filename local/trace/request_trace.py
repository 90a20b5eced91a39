"""One request on its way: where it stands, and the steps that led there."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import Any

STATES = (
    "queued", "delivered", "creating", "pending", "starting", "releasing", "completed", "failed", "refused",
)  # fmt: skip
"""Where a request can stand, in the order it gets there; the first two and the last have no record."""
ENDED = frozenset(STATES[-3:])
TITLES = {
    "enqueued": "Enqueued", "delivered": "Delivered", "claimed": "Claimed", "called": "Called", "error": "Error",
    "fault": "Held up", "passed": "Checked", "created": "Created", "stopped": "Stopped", "address": "Address",
    "start": "Start called", "running": "Started", "decided": "Giving up", "release": "Delete called", "gone": "Gone",
    "ended": "Ended", "published": "Published", "deferred": "Deferred", "duplicate": "Duplicate", "refused": "Refused",
    "unacknowledged": "Not dealt with", "buried": "Buried",
}  # fmt: skip
"""Every kind of step, and what it is called."""
LONGEST = 80
"""How many steps a journey keeps: the first half, and the latest."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. `number` counts everything that was ever told; `at` is in epoch seconds.

    `error` is what an answer that was no success means: code, status, category, retry, remedy.
    """

    number: int
    at: float
    kind: str
    text: str
    error: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what the feed sends."""
        data: dict[str, Any] = {"n": self.number, "at": round(self.at, 3), "kind": self.kind}
        data |= {"title": TITLES[self.kind], "text": self.text}
        return data | ({"error": self.error} if self.error else {})


@dataclass(slots=True)
class Journey:
    """A request, or a message that never became one. `version` is the number of its last change."""

    key: str
    first_at: float
    changed_at: float
    state: str = "queued"
    version: int = 0
    attempts: int = 0
    generation: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list, repr=False)

    def move(self, state: str) -> None:
        """Go on to a state, never back: what is told may come late. A corrected message may follow a refused one."""
        if state not in STATES or (state == "refused" and STATES.index(self.state) > STATES.index("delivered")):
            return
        if self.state == "refused" or STATES.index(state) > STATES.index(self.state):
            self.state = state

    def add(self, step: Step) -> None:
        """Put a step where its time belongs; of a very long journey the middle is forgotten."""
        bisect.insort(self.steps, step, key=lambda other: other.at)
        if len(self.steps) > LONGEST:
            del self.steps[LONGEST // 2]

    def knows(self, kind: str) -> bool:
        """Tell whether a step of this kind is known already."""
        return any(step.kind == kind for step in self.steps)

    def to_json(self, since: int = 0) -> dict[str, Any]:
        """Return how it stands, and the steps that were told after `since`."""
        return {
            "id": self.key,
            "state": self.state,
            "firstAt": round(self.first_at, 3),
            "changedAt": round(self.changed_at, 3),
            "attempts": self.attempts,
            "generation": self.generation,
            **self.facts,
            "steps": [step.to_json() for step in self.steps if step.number > since],
        }
