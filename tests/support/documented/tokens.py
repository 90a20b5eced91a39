"""Client tokens of CreateInstance, as documented.

Sources: the ECS guide "How to ensure idempotence" (same token and parameters: same result; other parameters:
IdempotentParameterMismatch; case counts; 64 ASCII characters), the codes IdempotentProcessing and IdempotentFailed of
the API family. Inferred, as no document says it: a dry run and a call that broke a rule leave no trace of their token,
a token belongs to one region, and it is forgotten some time after its first call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NEW = "(a new instance)"
SOME = "(an instance whose id nobody was told)"


@dataclass(frozen=True, slots=True)
class Create:
    """One call of CreateInstance: what it is called with besides the usual parameters."""

    region: str
    token: str | None
    changes: tuple[tuple[str, Any], ...]
    dry_run: bool = False
    malformed: bool = False


@dataclass(slots=True)
class Used:
    """A token's first call: its parameters, when it came, and the instance it made, None where it failed."""

    changes: tuple[tuple[str, Any], ...]
    at: float
    instance: str | None


@dataclass(slots=True)
class TokenModel:
    """The tokens of an account. Times in seconds; `kept` is None where tokens are remembered for ever."""

    kept: float | None
    busy: float
    used: dict[tuple[str, str], Used] = field(default_factory=dict)

    def expect(self, call: Create, now: float, *, room: bool) -> str:
        """Return what a call is answered with: a code, an instance's id, NEW or SOME. `room`: there is stock."""
        if call.malformed:
            return "InvalidPassword.Malformed"
        if call.dry_run:
            return "DryRunOperation"
        used = self.known(call, now)
        if used is None:
            return NEW if room else "OperationDenied.NoStock"
        if not self.same(used, call):
            return "IdempotentParameterMismatch"
        if now < used.at + self.busy:
            return "IdempotentProcessing"
        return used.instance or "IdempotentFailed"

    def known(self, call: Create, now: float) -> Used | None:
        """Return what is remembered of a call's token."""
        used = self.used.get((call.region, call.token)) if call.token else None
        return None if used is None or (self.kept is not None and now >= used.at + self.kept) else used

    def same(self, used: Used, call: Create) -> bool:
        """Tell whether a call asks for what the token's first call asked for."""
        return used.changes == call.changes

    def note(self, call: Create, now: float, answer: str) -> None:
        """Take in what a call that was no repeat was answered with."""
        if call.token and not call.dry_run and not call.malformed and self.known(call, now) is None:
            instance = None if answer == "OperationDenied.NoStock" else answer
            self.used[call.region, call.token] = Used(call.changes, now, instance)

    def told(self, call: Create, instance: str) -> None:
        """Take in the id of an instance that nobody was told when it was made."""
        self.used[call.region, str(call.token)].instance = instance
