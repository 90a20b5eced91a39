"""The ports of a small world: what a call suffers is chosen, and what an actor is told is remembered."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from tests.exploration.choices import Option
from tests.reliability.faults import Plan
from tests.reliability.world import Call, SimClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.exploration.kernel import Stepper
    from tests.reliability.kernel import Actor

T = TypeVar("T")
CRASH, CRASHES = ("crash before",), ("crash before", "crash after")
READ, WRITE = (*CRASH, "unavailable"), (*CRASHES, "unavailable", "lost response")
ASK, ACT = (*CRASH, "lost request", "throttled"), (*CRASHES, "lost request", "lost response", "server error")
FAULTS: dict[str, tuple[str, ...]] = {
    "ecs.create": (*ACT, "no stock"),
    "ecs.statuses": ASK,
    "ecs.describe": ASK,
    "ecs.find_by_tag": ASK,
    "ecs.set_release_time": ACT,
    "ecs.start": ACT,
    "ecs.allocate_address": ACT,
    "ecs.delete": ACT,
    "store.get": READ,
    "store.write": WRITE,
    "store.scan": READ,
    "queue.send": (*CRASHES, "lost request", "lost response"),
    "topic.publish": (*CRASHES, "lost request", "lost response", "refused"),
}
"""What each kind of call can suffer. A call without effect has one kind of silence, and one crash: before it."""


@cache
def _options(call: str, kinds: tuple[str, ...]) -> tuple[Option, ...]:
    return (Option(""), *(Option(f"{call}: {kind}", 1) for kind in kinds))


@dataclass(slots=True)
class Chosen(Plan):
    """Faults as the chooser has them. `extra` holds further kinds by call, `quiet` the calls that suffer nothing."""

    kernel: Stepper | None = None
    extra: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def pick(self, call: str, now: float) -> str | None:  # noqa: ARG002 - the port's signature
        """Return what this call suffers, or None."""
        assert self.kernel is not None
        kinds = FAULTS[call] + self.extra.get(call, ())
        number = self.kernel.chooser.choose(_options(call, kinds))
        if not number:
            return None
        self.kernel.remember(self.kernel.current, kinds[number - 1])  # it decides what follows, before it is told
        self.injected[kinds[number - 1]] += 1
        return kinds[number - 1]


@dataclass(slots=True)
class RememberingCall(Call):
    """A call whose answer its actor remembers."""

    def make(self, name: str, what: str, effect: Callable[[], T], failure: Callable[[str], BaseException]) -> T:
        """Make the call; what the actor is told is remembered as soon as it is decided."""
        kernel, actor = self.world.kernel, self.actor
        kernel.remember(actor, f"{name} {what}")  # type: ignore[attr-defined] # a Stepper

        def remembered() -> T:
            try:
                answer = effect()
            except Exception as error:
                kernel.remember(actor, repr(getattr(error, "error", error)))  # type: ignore[attr-defined] # as above
                raise
            kernel.remember(actor, repr(answer))  # type: ignore[attr-defined] # as above
            return answer

        def failed(fault: str) -> BaseException:
            kernel.remember(actor, fault)  # type: ignore[attr-defined] # as above
            if "absent" in fault:  # an answer with a gap, made from what there is now
                kernel.remember(actor, repr(self.world.ecs.machines))  # type: ignore[attr-defined] # as above
            return failure(fault)

        return Call.make(self, name, what, remembered, failed)


@dataclass(slots=True)
class RememberingClock(SimClock):
    """A clock whose readings its actor remembers."""

    def now(self) -> float:
        """Tell the time."""
        time = self.actor.now()
        self.actor.kernel.remember(self.actor, str(time))  # type: ignore[attr-defined] # a Stepper
        return time


@dataclass(slots=True)
class Names:
    """The Entropy port: what never repeats, from who asks and how often."""

    actor: Actor
    asked: int = 0

    def token(self) -> str:
        """Return 32 hexadecimal characters."""
        self.asked += 1
        return f"{self.actor.name}.{self.asked}".encode().hex().rjust(32, "0")[-32:]

    def jitter(self) -> float:
        """Return the middle."""
        return 0.5
