"""The small worlds, and how one is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.domain.create_instance.view import CheckOptions
from tests.exploration.kernel import Stepper
from tests.exploration.platform import Chosen, SmallWorld, Stage
from tests.reliability.cloud import Used
from tests.reliability.kernel import START
from tests.reliability.scenario import UNLISTED, Case
from tests.reliability.stage import FixedEcs, body

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.exploration.choices import Chooser


@dataclass(frozen=True, slots=True)
class Small:
    """What a world is made of: messages, what ECS is like, the platform's habits, and how much may go wrong."""

    name: str
    cases: tuple[Case, ...]
    prepare: Callable[[FixedEcs], object] = lambda _: None
    habits: dict[str, Any] = field(default_factory=dict)
    cursed: frozenset[str] = frozenset()
    extra: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bound: int = 2

    def stage(self, chooser: Chooser) -> Stage:
        """Return the world at its beginning."""
        kernel = Stepper(chooser)
        ecs = FixedEcs(kernel, stop_seconds=0.5, boot_seconds=0.5)
        self.prepare(ecs)
        world = SmallWorld(kernel, Chosen(kernel.random, 0.0, 0.0, kernel=kernel, extra=self.extra), ecs)
        world.cursed |= self.cursed
        stage = Stage(0, list(self.cases), world, **self.habits)
        world.deliver = stage._pull  # noqa: SLF001 - the queue and its trigger are one platform
        kernel.world_state = stage.state
        return stage


def _used_before(ecs: FixedEcs) -> None:
    ecs.tokens["mine-r"] = Used((("ImageId", "another"),), START)


WORLDS = (
    Small("one request, delivered twice, two workers", (Case(body(), 1.0, copies=2),), habits={"tick_at": 61.0}),
)
