"""What both sides are given: messages, and what befalls their calls. Drawn from a seed, the same for every side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from local import defaults

if TYPE_CHECKING:
    from collections.abc import Iterable

Json = dict[str, Any]

REQUESTS = 60
SOLD_OUT = "ecs.g6.xlarge"
ACCOUNT: Json = {"stock": {"*": {SOLD_OUT: 0}}}
"""The account's state: there is everything but this type."""
HELD_SECONDS = 1.2
"""For how long the call is held during which a process dies."""

LOST_REQUEST: Json = {"effect": "lose-request"}
LOST_ANSWER: Json = {"effect": "lose-response"}
THROTTLED: Json = {"error": {"status": 400, "code": "Throttling.User", "message": "too many calls"}}
CREATE, START = ("ecs", "CreateInstance"), ("ecs", "StartInstance")
STATUS, PUBLISH = ("ecs", "DescribeInstanceStatus"), ("mns", "PublishMessage")
LONGEST = 4
"""A fault strikes one to so many calls of its request in a row: an outage of some seconds."""

KINDS: dict[str, tuple[tuple[tuple[str, str], Json, int], ...]] = {
    "lost requests": ((CREATE, LOST_REQUEST, 6), (START, LOST_REQUEST, 2), (PUBLISH, LOST_REQUEST, 2)),
    "lost answers": ((CREATE, LOST_ANSWER, 6), (START, LOST_ANSWER, 2), (PUBLISH, LOST_ANSWER, 2)),
    "throttled": ((CREATE, THROTTLED, 7), (STATUS, THROTTLED, 3)),
}
"""Faults that are answers of the cloud: which call, what becomes of it, and how many requests suffer it."""
TWICE, KILLED = "delivered twice", "killed"
MANY = {TWICE: 4, KILLED: 2}
NONE = "no faults"
EVERYTHING = "everything"
NAMES = (NONE, *KINDS, TWICE, KILLED, EVERYTHING)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One comparison. `killed` are the requests during whose first CreateInstance the function's process dies."""

    name: str
    bodies: tuple[str, ...]
    asked: dict[str, bool]
    """Each request, and whether it can be made: the right answer is completed then, else failed."""
    faults: tuple[Json, ...]
    killed: frozenset[str]


def scenario(name: str, seed: int, number: int = REQUESTS) -> Scenario:
    """Draw one of `NAMES`."""
    rng = Random(f"{seed} {name}")  # noqa: S311 - a seed, no secret
    messages = [_message(index) for index in range(number)]
    good = [message["requestId"] for message in messages if _can_be_made(message)]
    # A request suffers one thing at most, so that each loss has one cause.
    victims = iter(rng.sample(good, len(good)))
    kinds = [kind for kind in KINDS if name in (kind, EVERYTHING)]
    faults = [fault for kind in kinds for fault in _faults(rng, kind, victims)]
    twice, killed = ({next(victims) for _ in range(MANY[kind] if name in (kind, EVERYTHING) else 0)} for kind in MANY)
    faults += [_fault(CREATE, {"effect": "delay", "delaySeconds": HELD_SECONDS}, each, 1) for each in sorted(killed)]
    return Scenario(
        name,
        tuple(json.dumps(each) for each in messages for _ in range(2 if each["requestId"] in twice else 1)),
        {message["requestId"]: _can_be_made(message) for message in messages},
        tuple(faults),
        frozenset(killed),
    )


def _faults(rng: Random, kind: str, victims: Iterable[str]) -> Iterable[Json]:
    for call, what, many in KINDS[kind]:
        for request_id, _ in zip(victims, range(many), strict=False):
            yield from _struck(call, what, request_id, rng.randint(1, LONGEST))


def _struck(call: tuple[str, str], what: Json, request_id: str, times: int) -> Iterable[Json]:
    """Yield the faults of one request: the first call as said; of a lost answer, what follows does not get through."""
    yield _fault(call, what, request_id, 1 if what is LOST_ANSWER else times)
    if what is LOST_ANSWER and times > 1:
        yield _fault(call, LOST_REQUEST, request_id, times - 1)


def _fault(call: tuple[str, str], what: Json, request_id: str, times: int) -> Json:
    service, action = call
    return {"service": service, "action": action, "match": {"requestId": request_id}, "times": times, **what}


def _message(index: int) -> Json:
    """Return one message; the instance's name is the request's id, by which any side's instances are found again."""
    request_id = f"order-{index + 1:02d}"
    parameters: Json = {
        "RegionId": defaults.REGION, "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
        "InstanceType": SOLD_OUT if index % 20 == 7 else "ecs.g6.large", "InstanceName": request_id,  # noqa: PLR2004
        "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3", "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
        "SystemDisk": {"Category": "cloud_essd", "Size": 5 if index % 20 == 13 else 40},  # noqa: PLR2004
    }  # fmt: skip
    return {"requestId": request_id, "parameters": parameters}


def _can_be_made(message: Json) -> bool:
    parameters = message["parameters"]
    return parameters["InstanceType"] != SOLD_OUT and parameters["SystemDisk"]["Size"] >= 20  # noqa: PLR2004
