"""What steers buying in a simulation: limits that change, pauses, and what must hold of both at every write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.domain.lifecycle.record import TERMINAL, State
from shared.domain.policy.document import Limits
from shared.domain.policy.places import OPEN, is_hour

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.lifecycle.record import Record
    from shared.domain.policy.control import Pause, StoredPolicy

LATE_SECONDS = 30.0
"""How old the pause that a worker goes by may be."""
LIMITS_SECONDS = 75.0
"""The same for limits, until what was decided by them is written: two slow reads and three slow writes later."""


@dataclass(slots=True)
class Steered:
    """Places, pause and limits as the store has them, and every rule of theirs that was broken, in words."""

    places: dict[str, dict[str, float]] = field(default_factory=dict)
    pause: Pause | None = None
    pauses: list[list[float]] = field(default_factory=list)
    """From when until when each pause lasted."""
    limits: list[tuple[float, Limits]] = field(default_factory=lambda: [(0.0, Limits())])
    """Since when which limits are in force."""
    cancelled: set[str] = field(default_factory=set)
    """The requests of which the operator was told that they are taken back."""
    skew: float = 0.0
    """How far the clocks of a process's invocations disagree."""
    broken: list[str] = field(default_factory=list)

    @property
    def in_force(self) -> Limits:
        """The limits that a read finds now."""
        return self.limits[-1][1]

    @property
    def touched(self) -> bool:
        """Whether requests may have waited."""
        return bool(self.pauses or len(self.limits) > 1)

    def limits_given(self) -> dict[str, Any]:
        """Return the part of a policy document that says the limits."""
        given = {"open": self.in_force.open, "perHour": self.in_force.per_hour}
        return {"limits": {name: value for name, value in given.items() if value is not None}}

    def counts_open(self, policies: list[StoredPolicy]) -> bool:
        """Tell whether open places are counted, by a policy that can be read."""
        return self.in_force.open is not None and bool(policies) and policies[-1].text != "{"

    def say(self, pause: Pause, now: float) -> None:
        """Put the operators' word in force."""
        if pause.active:
            self.pauses.append([now, float("inf")])
        elif self.pauses:
            self.pauses[-1][1] = now
        self.pause = pause

    def take(self, bucket: str, holder: str, limit: int, now: float, records: Iterable[str]) -> bool:
        """Take a place as the store does."""
        held = self.places.setdefault(bucket, {})
        if holder not in held and len(held) >= limit:
            return False
        held.setdefault(holder, now)
        if holder not in records:
            self.broken.append(f"{holder} took a place of {bucket} and is not recorded")
        limits = [each.per_hour if is_hour(bucket) else each.open for each in self._lately(now)]
        most = max((each for each in limits if each is not None), default=0)
        if len(held) > most and held[holder] == now:
            self.broken.append(f"{bucket} has {len(held)} places taken of {most}")
        return True

    def give_back(self, bucket: str, holder: str) -> None:
        """Give a place back as the store does."""
        self.places.get(bucket, {}).pop(holder, None)

    def check_places(self, records: Iterable[Record]) -> None:
        """Whoever may have bought holds the places by which it was announced."""
        for record in records:
            for bucket in record.places if record.state is not State.WAITING else ():
                over = record.state in TERMINAL and not (is_hour(bucket) and record.instance_id)
                if not over and record.request_id not in self.places.get(bucket, {}):
                    self.broken.append(f"{record.request_id} is {record.state.value} and has no place of {bucket}")

    def check_call(self, record: Record, sent_at: float, what: str) -> None:
        """No call is announced, nor made, without places or long after a pause."""
        name = record.request_id
        if any(began <= sent_at - LATE_SECONDS and sent_at < ended for began, ended in self.pauses):
            self.broken.append(f"a call of {name} is {what} although buying is paused")
        if what != "announced":
            return
        lately = self._lately(sent_at)
        held = {"hour" if is_hour(bucket) else bucket for bucket in self.places if name in self.places[bucket]}
        if all(limits.open is not None for limits in lately) and OPEN not in held:
            self.broken.append(f"a call of {name} is {what} without an open place")
        if all(limits.per_hour is not None for limits in lately) and "hour" not in held:
            self.broken.append(f"a call of {name} is {what} without a place of an hour")

    def _lately(self, now: float) -> list[Limits]:
        """Return the limits that were in force at any time in the last moments."""
        ends = [since for since, _ in self.limits[1:]] + [float("inf")]
        return [
            limits for (_, limits), end in zip(self.limits, ends, strict=True) if end > now - LIMITS_SECONDS - self.skew
        ]
