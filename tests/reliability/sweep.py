"""The crash sweep: fixed scenarios of a request's life, and a crash at every single port call of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.policy.document import Limits
from tests.reliability.cloud import Ecs
from tests.reliability.faults import Plan
from tests.reliability.kernel import Kernel
from tests.reliability.policies import put, with_profile
from tests.reliability.scenario import Act, Case, Simulation, message
from tests.reliability.world import World

if TYPE_CHECKING:
    from collections.abc import Callable


def _body(name: str, **envelope: Any) -> dict[str, Any]:
    body = message(name)
    body["parameters"] |= {"InstanceType": f"ecs.g6.{name}", "InternetMaxBandwidthOut": 5}
    return {**body, "start": False, "timeoutSeconds": 120, **envelope}


def _plain(_ecs: Ecs) -> list[Case]:
    return [Case(_body("plain"), 1.0)]


def _started(_ecs: Ecs) -> list[Case]:
    return [Case(_body("started", start=True, allocatePublicIp=True), 1.0)]


def _alternative(ecs: Ecs) -> list[Case]:
    ecs.sold_out.add("ecs.g6.other")
    return [Case(_body("other", alternatives=[{"InstanceType": "ecs.g7.other"}]), 1.0)]


def _deferred(ecs: Ecs) -> list[Case]:
    ecs.throttled["later"] = 1
    return [Case(_body("later"), 1.0)]


def _limited(_ecs: Ecs) -> list[Case]:
    return [Case(_body("limited", start=True, releaseAfterSeconds=1800), 1.0)]


def _by_profile(ecs: Ecs) -> list[Case]:
    ecs.throttled["small"] = 1
    body = _body("small", start=True, timeoutSeconds=300)
    with_profile(body)
    return [Case(body, 1.0)]


def _released(ecs: Ecs) -> list[Case]:
    ecs.start_fails.add("undone")
    return [Case(_body("undone", start=True, onFailure="release", timeoutSeconds=60), 1.0)]


def _vanished(ecs: Ecs) -> list[Case]:
    ecs.vanishing.add("lost")
    slow = _body("witness", timeoutSeconds=300)
    return [Case(_body("lost"), 1.0), Case(slow, 1.0)]


def _one_place(_ecs: Ecs) -> list[Case]:
    return [Case(_body(name, timeoutSeconds=300), 1.0) for name in ("first", "second")]


def _paused(_ecs: Ecs) -> list[Case]:
    return [Case(_body("held", timeoutSeconds=600), 1.0)]


def _cancelled(_ecs: Ecs) -> list[Case]:
    return [Case(_body("back", timeoutSeconds=300), 1.0)]


STEERED: dict[str, tuple[list[tuple[float, Act]], list[tuple[float, Limits]]]] = {
    "one place": ([], [(0.0, Limits(open=1, per_hour=5))]),
    "paused": ([(0.5, Act(pauses=True)), (90.0, Act())], []),
    "cancelled early": ([(1.9, Act("back"))], [(0.0, Limits(open=1))]),
    "cancelled late": ([(9.0, Act("back"))], [(0.0, Limits(open=1))]),
}
"""The scenarios in which operators act, and limits are in force."""


def _refused(_ecs: Ecs) -> list[Case]:
    return [Case("[]", 1.0), Case({**_body("wrong"), "start": "yes"}, 1.0)]


def _reused(_ecs: Ecs) -> list[Case]:
    return [Case(_body("twice"), 1.0), Case(_body("twice", timeoutSeconds=240), 4.0)]


SCENARIOS: dict[str, Callable[[Ecs], list[Case]]] = {
    "plain": _plain,
    "started with address": _started,
    "alternative taken": _alternative,
    "deferred": _deferred,
    "limited lifetime": _limited,
    "by a profile, under another by then": _by_profile,
    "released": _released,
    "vanished": _vanished,
    "one place": _one_place,
    "paused": _paused,
    "cancelled early": _cancelled,
    "cancelled late": _cancelled,
    "refused": _refused,
    "reused id": _reused,
}


def scene(name: str, only: tuple[int, str] = (0, "")) -> Simulation:
    """Return a scenario in which one call (by number, from 1) suffers a crash; call 0 is none."""
    kernel = Kernel(7)
    ecs = Ecs(kernel)
    cases = SCENARIOS[name](ecs)
    world = World(kernel, Plan(kernel.random, 0.0, 0.0, only), ecs)
    if name.startswith("by a profile"):
        put(world, kernel.random, 0.0)
        put(world, kernel.random, 3.0)
    acts, limits = STEERED.get(name, ([], []))
    return Simulation(7, cases, world, acts=acts, limits=limits)
