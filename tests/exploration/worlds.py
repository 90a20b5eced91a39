"""The small worlds, and how one is made."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from shared.domain.create_instance.view import CheckOptions
from shared.domain.policy.document import Limits
from tests.exploration.kernel import Stepper
from tests.exploration.platform import SmallWorld, Stage
from tests.exploration.ports import Chosen
from tests.reliability.cloud import Machine, Used
from tests.reliability.kernel import START
from tests.reliability.keys import SERVICES, Keys
from tests.reliability.policies import PROFILE, with_profile
from tests.reliability.scenario import SECRET, UNLISTED, Act, Case
from tests.reliability.stage import FixedEcs, body

if TYPE_CHECKING:
    from tests.exploration.choices import Chooser

LAG_SECONDS = 25.0
"""How late answers show an instance, where they do so late."""
NEVER = 1e9


@dataclass(slots=True)
class LateEcs(FixedEcs):
    """An ECS whose answers show the first `late` instances only after `lag` seconds."""

    late: int = 0
    lag: float = LAG_SECONDS

    def _make(self, subject: str, tags: dict[str, str], kind: str) -> Machine:
        machine = FixedEcs._make(self, subject, tags, kind)  # super() and slots disagree
        if len(self.machines) <= self.late:
            machine.visible_at = machine.created_at + self.lag
        return machine


@dataclass(frozen=True, slots=True)
class Small:
    """What a world is made of: messages, what ECS is like, the platform's habits, and how much may go wrong.

    `ecs` and `habits` are attributes of the ECS and of the platform, `extra` further faults by call, `cursed` the
    requests whose record meets a bug. `ailing`: something is wrong from the beginning, and nobody has to be in time.
    `keys`: those of the first processes are refused by ECS. `twin`: another stack of this name has the same messages.
    """

    name: str
    cases: tuple[Case, ...]
    ecs: dict[str, Any] = field(default_factory=dict)
    habits: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cursed: frozenset[str] = frozenset()
    ailing: bool = False
    keys: bool = False
    twin: bool = False
    bound: int = 2

    def stage(self, chooser: Chooser) -> Stage:
        """Return the world at its beginning."""
        kernel = Stepper(chooser)
        ecs = LateEcs(kernel, **{"stop_seconds": 0.5, "boot_seconds": 0.5, **deepcopy(self.ecs)})
        plan = Chosen(kernel.random, 0.0, 0.0, kernel=kernel, extra=self.extra)
        stage = self._stack(SmallWorld(kernel, plan, ecs, cursed=set(self.cursed)))
        if self.ailing:
            plan.injected["what the world is about"] += 1
        if self.keys:
            stage.world.keys = Keys({name: START if name == "ecs" else START + NEVER for name in SERVICES})
        if self.twin:
            stage.twin = self._stack(SmallWorld(kernel, plan, ecs, name="twin ", identity="0badcafe"))
            stage.twin._polls = 1000  # noqa: SLF001 - no two actors have one name
        kernel.world_state = lambda: "".join(stack.state() for stack in stage.stacks)  # type: ignore[attr-defined] # Stages
        return stage

    def _stack(self, world: SmallWorld) -> Stage:
        stage = Stage(0, list(self.cases), world, **self.habits)
        world.deliver = stage._pull  # noqa: SLF001 - the queue and its trigger are one platform
        return stage


def _rules(version: int) -> dict[str, Any]:
    """Return a policy whose profile says its version; its first alternative is forbidden."""
    parameters = {
        "RegionId": "cn-hangzhou", "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
        "InstanceType": f"ecs.p{version}.large", "Description": f"version {version}",
    }  # fmt: skip
    alternatives = [{"InstanceType": f"ecs.{family}{version}.large"} for family in ("q", "r")]
    profile = {"parameters": parameters, "alternatives": alternatives, "override": ["Password", "UserData", "Tag"]}
    return {"profiles": {PROFILE: profile}, "allow": {"InstanceType": ["ecs.p*", "ecs.r*"]}}


def _by_profile() -> dict[str, Any]:
    """Return a message that asks for the profile."""
    asked = body(timeoutSeconds=900)
    with_profile(asked)
    return asked


_ALTERNATIVE = [{"InstanceType": "ecs.g7.r"}]
_BY_SETTINGS = {"SystemDisk.Category": UNLISTED}
_STRICT, _LENIENT = CheckOptions(), CheckOptions(unlisted="warn")
_SOON = datetime.fromtimestamp(START + 12, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
"""When a request that waits gives up: after it was tried again twice."""
_LATE_TIMER = {"tick_at": 331.0, "again_seconds": 330.0}
"""A queue that delivers again after longer than a token is remembered, and a timer that was down until then."""

WORLDS = (
    Small("a dry run", (Case(body(parameters={"DryRun": True}), 1.0),), habits={"tick_at": 121.5, "period": 180.0}),
    Small("a refused password", (Case(body(parameters={"Password": f"echo-{SECRET}"}), 1.0),),
          habits={"tick_at": 61.0}),
    Small("a sender's token, used before", (Case(body(parameters={"ClientToken": "mine-r"}, timeoutSeconds=900), 1.0),),
          ecs={"tokens": {"mine-r": Used((("ImageId", "another"),), START)}}, habits={"tick_at": 125.0}),
    Small("no stock, and an alternative", (Case(body(alternatives=_ALTERNATIVE, timeoutSeconds=900), 1.0),),
          ecs={"sold_out": {"ecs.g6.r"}, "late": 1}),
    Small("an alternative, shown late", (Case(body(alternatives=_ALTERNATIVE), 1.0),), ecs={"late": 1},
          habits={"tick_at": 61.0}),
    Small("twice delivered, two workers", (Case(body(), 1.0, copies=2),), habits={"tick_at": 61.0}),
    Small("twice delivered, an alternative", (Case(body(alternatives=_ALTERNATIVE), 1.0, copies=2),),
          ecs={"late": 1}, habits={"tick_at": 61.0}),
    Small("a copy and the timer", (Case(body(timeoutSeconds=60), 1.0),), ecs={"throttled": {"r": 1}},
          habits={"tick_at": 21.5}),
    Small("an expired token", (Case(body(timeoutSeconds=900), 1.0),), ecs={"token_seconds": 300.0},
          habits=_LATE_TIMER, ailing=True),
    Small("two stacks of one name", (Case(body(timeoutSeconds=900), 1.0),),
          habits=_LATE_TIMER, ailing=True, twin=True, bound=1),
    Small("settings change, an accepted message",
          tuple(Case(body(parameters=_BY_SETTINGS), at) for at in (1.0, 70.0)),
          habits={"options": (_LENIENT, _STRICT), "tick_at": 61.0}),
    Small("settings change, a refused message",
          (Case({**body(parameters=_BY_SETTINGS), "surprise": 1}, 1.0, copies=2),),
          habits={"options": (_STRICT, _LENIENT), "tick_at": 61.0}),
    Small("a bug", (Case(body(), 1.0),), cursed=frozenset({"r"}), bound=1),
    Small("two instances, one shown late", (Case(body("r"), 1.0), Case(body("s"), 1.0)),
          ecs={"late": 1, "stop_seconds": 30.0}, habits={"tick_at": 2.0, "period": 20.0}),
    Small("two instances, one missed",
          tuple(Case(body(name, timeoutSeconds=900), 1.0) for name in ("r", "s")),
          ecs={"stop_seconds": 150.0, "late": 1, "lag": 130.0}, habits={"tick_at": 125.0},
          extra={"ecs.statuses": ("one absent",)}),
    Small("two versions", (Case(body(), 1.0),), habits={"neighbours": True, "tick_at": 61.0}),
    Small("keys that end", (Case(body(timeoutSeconds=900), 1.0),), habits={"tick_at": 61.0}, keys=True),
    Small("a cancel and a call", (Case(body(), 1.0),), habits={"acts": [(1.0, Act("r"))], "tick_at": 61.0}),
    Small("one place, two requests", (Case(body("r"), 1.0), Case(body("s", notAfter=_SOON), 1.0)),
          ecs={"sold_out": {"ecs.g6.s"}},
          habits={"limits": [(0.0, Limits(open=1))], "tick_at": 3.0, "period": 119.0}),
    Small("a pause and a call", (Case(body(timeoutSeconds=300), 32.0),),
          habits={"acts": [(1.0, Act(pauses=True)), (35.0, Act())], "tick_at": 100.0}),
    Small("a lifetime", (Case(body(start=True, releaseAfterSeconds=1800), 1.0),), habits={"tick_at": 61.0}),
    Small("a lifetime, and a timer that was down",
          (Case(body(start=True, releaseAfterSeconds=1800, timeoutSeconds=900), 1.0),), habits={"tick_at": 331.0}),
    Small("a policy that changes", (Case(_by_profile(), 1.0),),
          ecs={"throttled": {"r": 1}, "sold_out": {"ecs.p1.large"}},
          habits={"rules": [(0.0, _rules(1)), (3.0, _rules(2))], "tick_at": 61.0}),
)  # fmt: skip

BY_NAME = {small.name: small for small in WORLDS}
