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

Suffering = tuple[tuple[str, str], Json, tuple[int, ...]]
NONE, EVERYTHING = "no faults", "everything at once"
THROTTLING, TWICE, KILLED = "throttled", "sent twice", "killed"
KINDS: dict[str, tuple[Suffering, ...]] = {
    THROTTLING: ((CREATE, THROTTLED, (1,) * 10),),
    "lost requests": ((CREATE, LOST_REQUEST, (1, 1, 2, 2, 3, 3, 3)), (PUBLISH, LOST_REQUEST, (1, 3))),
    "lost answers": (
        (CREATE, LOST_ANSWER, (1, 1, 2, 2, 3, 3, 3)), (START, LOST_ANSWER, (1,)), (PUBLISH, LOST_ANSWER, (1, 1, 3)),
    ),
    KILLED: ((CREATE, HELD, (1, 1)),),
}  # fmt: skip
"""Which call suffers, what becomes of it, and for each request that suffers it how many times in a row.

After a lost answer, the further tries do not get through. While a call is held, the function's process dies.
"""
SENT_TWICE = 4
NAMES = (NONE, *KINDS, TWICE, EVERYTHING)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One comparison. `killed` are the requests during whose first CreateInstance the function's process dies."""

    name: str
    bodies: tuple[str, ...]
    asked: dict[str, bool]
    """Each request, and whether it can be made: the right answer is completed then, else failed."""
    faults: tuple[Json, ...]
    killed: frozenset[str]


def scenario(name: str, seed: int) -> Scenario:
    """Draw one of `NAMES`."""
    rng = Random(f"{seed} {name}")  # noqa: S311 - a seed, no secret
    messages = [_message(index) for index in range(REQUESTS)]
    asked = {message["requestId"]: _can_be_made(message) for message in messages}
    victims = _Victims(rng, [request_id for request_id, can_be in asked.items() if can_be])
    faults: list[Json] = []
    killed = set()
    for kind in (kind for kind in KINDS if name in (kind, EVERYTHING)):
        for call, what, lengths in KINDS[kind]:
            for times in lengths:
                request_id = victims.late() if kind == THROTTLING else victims.early()
                faults += _faults(call, what, request_id, times)
                killed |= {request_id} if kind == KILLED else set()
    twice = {victims.early() for _ in range(SENT_TWICE if name in (TWICE, EVERYTHING) else 0)}
    # A sender that is not sure sends again later.
    again = [message for message in messages if message["requestId"] in twice]
    return Scenario(name, tuple(map(json.dumps, messages + again)), asked, tuple(faults), frozenset(killed))


class _Victims:
    """Requests in random order. Each suffers one thing at most, so that every loss has one cause.

    Throttled is the last batch: it comes when the calls before it were enough for the moment.
    """

    def __init__(self, rng: Random, good: list[str]) -> None:
        last = {_id(index) for index in range(REQUESTS - BATCH, REQUESTS)}
        self._early = [each for each in good if each not in last]
        self._late = [each for each in good if each in last]
        rng.shuffle(self._early)
        rng.shuffle(self._late)

    def early(self) -> str:
        """Return one of the batches before the last."""
        return self._early.pop()

    def late(self) -> str:
        """Return one of the last batch."""
        return self._late.pop()


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
