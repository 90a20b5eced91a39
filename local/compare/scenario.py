"""What every side is given: messages, and what befalls their calls. Drawn from a seed, the same for every side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from local import defaults

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

REQUESTS, BATCH = 60, 20
SOLD_OUT, TOO_SMALL = "ecs.g6.xlarge", 5
ACCOUNT: Json = {"stock": {"*": {SOLD_OUT: 0}}}
"""The account's state: there is everything but this type."""
HELD_SECONDS = 1.2
"""For how long the call is held during which a process dies."""

LOST_REQUEST: Json = {"effect": "lose-request"}
LOST_ANSWER: Json = {"effect": "lose-response"}
THROTTLED: Json = {"error": {"status": 400, "code": "Throttling.User", "message": "too many calls"}}
HELD: Json = {"effect": "delay", "delaySeconds": HELD_SECONDS}
CREATE, START, PUBLISH = ("ecs", "CreateInstance"), ("ecs", "StartInstance"), ("mns", "PublishMessage")
STATUS = ("ecs", "DescribeInstanceStatus")

Suffering = tuple[tuple[str, str], Json, tuple[int, ...]]
NONE, EVERYTHING = "no faults", "everything at once"
TWICE, KILLED = "sent twice", "killed"
KINDS: dict[str, tuple[Suffering, ...]] = {
    "throttled": ((STATUS, THROTTLED, (1, 1, 1, 1, 3, 3)),),
    "lost requests": ((CREATE, LOST_REQUEST, (1, 1, 2, 2, 3, 3, 3)), (PUBLISH, LOST_REQUEST, (1,))),
    "lost answers": (
        (CREATE, LOST_ANSWER, (1, 1, 2, 2, 3, 3, 3)), (START, LOST_ANSWER, (1,)), (PUBLISH, LOST_ANSWER, (1, 3)),
    ),
}  # fmt: skip
"""Which call suffers, what becomes of it, and for each request that suffers it how many times in a row.

After a lost answer, the further tries do not get through.
"""
SENT_TWICE = 4
NAMES = (NONE, *KINDS, TWICE, KILLED, EVERYTHING)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One comparison. `killed` is the request during whose first CreateInstance the function's process dies."""

    name: str
    bodies: tuple[str, ...]
    asked: dict[str, bool]
    """Each request, and whether it can be made: the right answer is completed then, else failed."""
    faults: tuple[Json, ...]
    killed: str | None


def scenario(name: str, seed: int) -> Scenario:
    """Draw one of `NAMES`."""
    rng = Random(f"{seed} {name}")  # noqa: S311 - a seed, no secret
    messages = [_message(index) for index in range(REQUESTS)]
    asked = {message["requestId"]: _can_be_made(message) for message in messages}
    good = [request_id for request_id, can_be in asked.items() if can_be]
    rng.shuffle(good)
    # A request suffers one thing at most, and a batch dies in which nothing else happens: every loss has one cause.
    last = {_id(index) for index in range(REQUESTS - BATCH, REQUESTS)}
    victims = [each for each in good if each not in last]
    faults = [
        fault
        for kind in KINDS if name in (kind, EVERYTHING)
        for call, what, lengths in KINDS[kind]
        for times in lengths
        for fault in _faults(call, what, victims.pop(), times)
    ]  # fmt: skip
    twice = {victims.pop() for _ in range(SENT_TWICE if name in (TWICE, EVERYTHING) else 0)}
    killed = next(each for each in good if each in last) if name in (KILLED, EVERYTHING) else None
    if killed:
        faults += _faults(CREATE, HELD, killed, 1)
    # A sender that is not sure sends again later.
    again = [message for message in messages if message["requestId"] in twice]
    return Scenario(name, tuple(map(json.dumps, messages + again)), asked, tuple(faults), killed)


def _faults(call: tuple[str, str], what: Json, request_id: str, times: int) -> Iterator[Json]:
    """Yield the faults of one request."""
    first = 1 if what is LOST_ANSWER else times
    for each, number in ((what, first), (LOST_REQUEST, times - first)):
        if number:
            service, action = call
            yield {"service": service, "action": action, "match": {"requestId": request_id}, "times": number, **each}


def _id(index: int) -> str:
    return f"order-{index + 1:02d}"


def _message(index: int) -> Json:
    """Return one message; the instance's name is the request's id, by which any side's instances are found again.

    One of each batch asks for what is sold out, one for what no disk can be: the right answer to these is failed.
    """
    kind = index % BATCH
    parameters: Json = {
        "RegionId": defaults.REGION, "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
        "InstanceType": SOLD_OUT if kind == BATCH // 3 else "ecs.g6.large", "InstanceName": _id(index),
        "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3", "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
        "SystemDisk": {"Category": "cloud_essd", "Size": TOO_SMALL if kind == BATCH // 2 else 40},
    }  # fmt: skip
    return {"requestId": _id(index), "parameters": parameters}


def _can_be_made(message: Json) -> bool:
    parameters = message["parameters"]
    return bool(parameters["InstanceType"] != SOLD_OUT and parameters["SystemDisk"]["Size"] != TOO_SMALL)
