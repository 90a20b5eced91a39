"""What steers buying from outside a message: the policy in force, and the operators' pause."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from shared.domain.policy.document import Policy

REMINDER_SECONDS = 3600.0
"""How long a pause may last before somebody is reminded of it."""


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """One version of the policy, from 1: its document as JSON, and when it was set (epoch seconds)."""

    version: int
    text: str
    set_at: float


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy as it is read: its version, 0 for none, and what it says.

    Like a pause it tells nothing of calls that are announced after `good_until`.
    """

    version: int = 0
    policy: Policy = field(default_factory=Policy)
    good_until: float = field(default=inf, compare=False)


@dataclass(frozen=True, slots=True)
class Pause:
    """An operator's last word on whether anything may be bought: who said it, why, and when (epoch seconds)."""

    active: bool
    by: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class Steering:
    """The pause as it was read. It tells nothing of calls that are announced after `good_until`."""

    pause: Pause | None
    good_until: float

    @property
    def paused(self) -> bool:
        """Whether no call may be announced."""
        return self.pause is not None and self.pause.active
