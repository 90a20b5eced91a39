"""An account of ECS that refuses one call of every request as told, and the worker's use cases around it.

Time is driven: everything the worker does until its requests have ended takes a second or two of the machine's.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.adapters.control import KeptControl
from shared.adapters.policy_cache import PolicyCache
from shared.adapters.sqlite import SqliteStore
from shared.domain.create_instance.view import CheckOptions
from shared.domain.lifecycle.record import Created, Instance
from shared.domain.message.request import Delivery
from shared.domain.timings import Timings
from shared.ports import ApiFailure, Ports
from shared.usecases.poll import poll
from shared.usecases.provision import provision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.domain.errors.model import ApiError
    from shared.domain.message.request import Scalar

T0 = 1_795_000_000.0
TIMINGS = Timings(deployment="test")
STEP_SECONDS = 2.0
ROUND_SECONDS = TIMINGS.call_seconds + 0.6
"""Time for one round of the timer function."""
FIRST, SECOND = "ecs.g6.large", "ecs.g7.large"
"""The instance types of a request and of its alternative."""


@dataclass
class Clock:
    """Time that passes when somebody sleeps."""

    time: float = T0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass(frozen=True)
class Refusal:
    """How every call of one kind is answered for one request.

    `only_first` spares the request's alternative. `done` says that what is asked for is so all the same.
    """

    error: ApiError
    only_first: bool = False
    done: bool = False


@dataclass
class Account:
    """ECS: a new instance is Stopped at once, and Running when it was started."""

    clock: Clock
    refusals: dict[str, list[Refusal]]
    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    owners: dict[str, str] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def create(self, parameters: Mapping[str, Scalar]) -> Created:
        tags = {parameters[name]: parameters[f"{name[:-3]}Value"] for name in parameters if name.endswith(".Key")}
        request, kind = str(tags["provisioner:request"]).rpartition("/")[2], str(parameters["InstanceType"])
        self._answer("CreateInstance", request, kind)
        identity = f"i-{len(self.owners):05d}"
        self.owners[identity], self.status[identity] = request, "Stopped"
        return Created(identity)

    def statuses(self, _region: str, ids: Sequence[str]) -> dict[str, str]:
        for one in ids:
            self._answer("DescribeInstanceStatus", self.owners[one])
        return {one: self.status[one] for one in ids if one in self.status}

    def describe(self, _region: str, ids: Sequence[str]) -> dict[str, Instance]:
        for one in ids:
            self._answer("DescribeInstances", self.owners[one])
        return {
            one: Instance(one, self.status[one], public_ip_address=self.addresses.get(one))
            for one in ids
            if one in self.status
        }

    def find_by_tag(self, _region: str, _key: str, value: str) -> list[Instance]:
        self.calls["lookup", value.rpartition("/")[2], ""] += 1
        return []

    def start(self, _region: str, identity: str) -> None:
        self._answer("StartInstance", self.owners[identity])
        self.status[identity] = "Running"

    def set_release_time(self, _region: str, identity: str, _release_at: float) -> None:
        self._answer("ModifyInstanceAutoReleaseTime", self.owners[identity], identity)

    def allocate_address(self, _region: str, identity: str) -> str:
        self._answer("AllocatePublicIpAddress", self.owners[identity], identity)
        self.addresses[identity] = "47.0.0.1"
        return self.addresses[identity]

    def delete(self, _region: str, identity: str) -> None:
        self._answer("DeleteInstance", self.owners[identity], identity)
        del self.status[identity]

    def _answer(self, action: str, request: str, what: str = "") -> None:
        self.calls[action, request, what if action == "CreateInstance" else ""] += 1
        for refusal in self.refusals.get(request, ()):
            if refusal.error.action == action and not (refusal.only_first and what == SECOND):
                if refusal.done:
                    self._do(action, what)
                raise ApiFailure(refusal.error)

    def _do(self, action: str, identity: str) -> None:
        if action == "DeleteInstance":
            self.status.pop(identity, None)
        if action == "AllocatePublicIpAddress":
            self.addresses[identity] = "47.0.0.2"


@dataclass
class Queue:
    """The request queue: bodies and when they are visible."""

    clock: Clock
    waiting: list[tuple[float, str]] = field(default_factory=list)
    sent: int = 0

    def send(self, body: str, delay_seconds: int) -> str:
        self.sent += 1
        self.waiting.append((self.clock.time + delay_seconds, body))
        return f"m-{self.sent}"

    def due(self) -> list[Delivery]:
        """Return, once, what is visible."""
        ready = [body for at, body in self.waiting if at <= self.clock.time]
        self.waiting = [item for item in self.waiting if item[0] > self.clock.time]
        return [Delivery(f"d-{self.sent}-{number}", body, self.clock.time) for number, body in enumerate(ready)]


@dataclass
class Topic:
    """The result topic: outcomes by request."""

    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def publish(self, body: str, _tag: str) -> None:
        event = json.loads(body)
        self.outcomes[event["subject"]] = event


@dataclass
class Half:
    """Chance that always takes its middle."""

    count: int = 0

    def token(self) -> str:
        self.count += 1
        return f"{self.count:032x}"

    def jitter(self) -> float:
        return 0.5


@dataclass
class Lines:
    """The log: only what must never be written is kept."""

    bugs: list[dict[str, Any]] = field(default_factory=list)

    def info(self, event: str, **fields: Any) -> None:
        if event == "unexpected":
            self.bugs.append(fields)

    warning = error = info


def play(messages: Mapping[str, dict[str, Any]], refusals: dict[str, list[Refusal]], limit: float = 3000.0) -> Account:
    """Bring every request to its end; return the account, with the outcomes as `outcomes`."""
    clock = Clock()
    account, queue, topic, log = Account(clock, refusals), Queue(clock), Topic(), Lines()
    store = SqliteStore(":memory:")
    ports = Ports(account, store, queue, topic, clock, Half(), log, PolicyCache(store), KeptControl(store))
    for body in messages.values():
        queue.send(json.dumps(body), 0)
    while clock.time < T0 + limit and (queue.waiting or store.next_due() is not None):
        for delivery in queue.due():  # each in a run of its own: refused keys end a run
            provision([delivery], ports, TIMINGS, CheckOptions(), ends_at=clock.time + 100, workers=1)
        poll(ports, TIMINGS, ends_at=clock.time + ROUND_SECONDS, workers=1)
        clock.time += STEP_SECONDS
    store.close()
    assert log.bugs == []
    account.outcomes = topic.outcomes
    return account
