"""Fixed worlds: what goes wrong is written down for each, call by call, instead of drawn from a seed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.reliability.cloud import Ecs, Machine, refuse
from tests.reliability.faults import Plan
from tests.reliability.invariants import violations
from tests.reliability.kernel import START, Kernel
from tests.reliability.scenario import Case, Simulation, message
from tests.reliability.simulate import report
from tests.reliability.world import SimCompute, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reliability.world import Call

Fault = tuple[str, float, float]
"""A kind of fault, and from when until when (seconds since the beginning) it strikes every call."""


@dataclass(slots=True)
class Script(Plan):
    """Faults by the name of the call they strike."""

    faults: dict[str, Fault] = field(default_factory=dict)

    def pick(self, call: str, now: float) -> str | None:
        self.calls += 1
        kind, begins, ends = self.faults.get(call, ("", 0.0, 0.0))
        if not begins <= now - START < ends:
            return None
        self.injected[kind] += 1
        return kind


@dataclass(slots=True)
class FixedEcs(Ecs):
    """An ECS without chance: every instance takes the same time; `refusing` holds a status and code by call."""

    stop_seconds: float = 10.0
    boot_seconds: float = 10.0
    initialising_seconds: float = 0.0
    refusing: dict[str, tuple[int, str]] = field(default_factory=dict)

    def _make(self, subject: str, tags: dict[str, str], kind: str) -> Machine:
        machine = Ecs._make(self, subject, tags, kind)  # super() and slots disagree
        machine.visible_at = machine.created_at
        machine.stopped_at = machine.created_at + self.stop_seconds
        machine.boot_seconds = self.boot_seconds
        return machine

    def start(self, identity: str) -> None:
        self._refuse("StartInstance")
        Ecs.start(self, identity)

    def allocate(self, identity: str) -> str:
        self._refuse("AllocatePublicIpAddress")
        return Ecs.allocate(self, identity)

    def delete(self, identity: str) -> None:
        self._refuse("DeleteInstance")
        if self.kernel.now < self.machines[identity].created_at + self.initialising_seconds:
            raise refuse("DeleteInstance", 403, "IncorrectInstanceStatus.Initializing")
        Ecs.delete(self, identity)

    def _refuse(self, action: str) -> None:
        if action in self.refusing:
            raise refuse(action, *self.refusing[action])


def body(name: str = "r", **envelope: Any) -> dict[str, Any]:
    """Return a message whose instance is neither started nor given an address unless asked for."""
    found = message(name)
    found["parameters"] |= {"InstanceType": f"ecs.g6.{name}", "InternetMaxBandwidthOut": 5}
    found["parameters"] |= envelope.pop("parameters", {})
    return {**found, "start": False, "timeoutSeconds": 120, **envelope}


def stage(
    *cases: Case | dict[str, Any],
    prepare: Callable[[FixedEcs], object] = lambda _: None,
    faults: dict[str, Fault] | None = None,
    compute: Callable[[Call], Any] = SimCompute,
) -> Simulation:
    """Play a scene until everything is quiet; every guarantee must hold then."""
    kernel = Kernel(7)
    ecs = FixedEcs(kernel)
    prepare(ecs)
    plan = Script(kernel.random, 0.0, 0.0, faults=faults or {})
    plan.injected["what the scene is about"] = 1  # so nobody expects every request to succeed
    world = World(kernel, plan, ecs)
    sent = [case if isinstance(case, Case) else Case(case, 1.0) for case in cases]
    simulation = Simulation(7, sent, world, compute=compute)
    broken = violations(simulation, quiet=simulation.run())
    assert not broken, report(simulation, broken)
    return simulation


def outcome(simulation: Simulation, name: str = "r") -> dict[str, Any]:
    """Return the data of a request's outcome."""
    data = [json.loads(text)["data"] for text in simulation.world.published]
    return next(item for item in data if item["requestId"] == name and not item.get("refused"))


def refusals(simulation: Simulation) -> list[dict[str, Any]]:
    """Return the data of all refusals, each once."""
    return [json.loads(text)["data"] for text in dict.fromkeys(simulation.world.published) if '"refused":true' in text]
