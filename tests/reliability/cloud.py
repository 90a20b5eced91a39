"""ECS as the simulation sees it: instances, client tokens, read lag, stock; it forgives nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.domain.errors.model import ApiError
from shared.domain.lifecycle.record import Created, Instance
from shared.domain.redact import redact
from shared.domain.timings import LONGEST_LIFETIME_SECONDS, SHORTEST_LIFETIME_SECONDS
from shared.ports import ApiFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.domain.create_instance.schema import Scalar
    from tests.reliability.kernel import Kernel

PAGE = 50
FOR_EVER = float("inf")
INITIALIZING_SECONDS = 15.0


def refuse(action: str, status: int, code: str, text: str = "") -> ApiFailure:
    """Return the exception of a refused call."""
    return ApiFailure(ApiError(action, status, code, text or f"{code} it is.", "REQ-1"))


@dataclass(slots=True)
class Machine:
    """One instance; times are the kernel's. `owner` is the stack that made it, whatever its tag says."""

    instance_id: str
    tags: dict[str, str]
    instance_type: str
    created_at: float
    visible_at: float
    stopped_at: float
    boot_seconds: float
    vanishes_at: float | None = None
    started_at: float | None = None
    deleted_at: float | None = None
    address: str | None = None
    owner: str = ""
    token: str = ""
    release_at: float | None = None
    limited_at: float | None = None
    """When it was first told its release time."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A region that cannot be reached, from when until when.

    `unsent`: no connection is made. Otherwise calls go out, some arrive and have their effect, and none is answered.
    """

    unsent: bool
    begins: float
    ends: float

    def now(self, time: float) -> bool:
        """Tell whether it is on."""
        return self.begins <= time < self.ends


@dataclass(frozen=True, slots=True)
class Used:
    """What a client token was used for, when, and what came of it: an instance, or nothing."""

    content: tuple[tuple[str, Scalar], ...]
    at: float
    instance_id: str | None = None


@dataclass(slots=True)
class Ecs:
    """The state of the simulated ECS.

    Client tokens are forgotten after `token_seconds`. `look_ups` holds when each tag was asked for.
    """

    kernel: Kernel
    sold_out: set[str] = field(default_factory=set)
    scarce: set[str] = field(default_factory=set)
    start_fails: set[str] = field(default_factory=set)
    throttled: dict[str, int] = field(default_factory=dict)
    vanishing: set[str] = field(default_factory=set)
    forgetful_tokens: bool = False
    machines: dict[str, Machine] = field(default_factory=dict)
    tokens: dict[str, Used] = field(default_factory=dict)
    token_seconds: float = FOR_EVER
    outages: dict[str, Outage] = field(default_factory=dict)
    look_ups: dict[str, list[float]] = field(default_factory=dict)
    creates: dict[str, int] = field(default_factory=dict)
    called: list[tuple[str, str, Mapping[str, Scalar]]] = field(default_factory=list)
    """Every call of CreateInstance: whose stack's, for which request, with what."""
    page: int = PAGE

    def create(self, parameters: Mapping[str, Scalar], owner: str = "") -> Created:
        """CreateInstance: a token is good for one instance and one set of parameters."""
        token, content = str(parameters["ClientToken"]), tuple(sorted(parameters.items()))
        if parameters.get("DryRun"):
            raise refuse("CreateInstance", 400, "DryRunOperation")
        tags = _tags(parameters)
        subject = tags["provisioner:request"].partition("/")[2]
        self.creates[owner + subject] = self.creates.get(owner + subject, 0) + 1
        self.called.append((owner, subject, parameters))
        if self.throttled.get(subject, 0) > 0:
            self.throttled[subject] -= 1
            raise refuse("CreateInstance", 400, "Throttling.User")
        known = self.tokens.get(token)
        if known is not None and self.kernel.now < known.at + self.token_seconds:
            if known.content != content:
                raise refuse("CreateInstance", 400, "IdempotentParameterMismatch")
            if known.instance_id is not None:
                return Created(known.instance_id)
            if not self.forgetful_tokens:
                raise refuse("CreateInstance", 400, "IdempotentFailed")
        kind = str(parameters["InstanceType"])
        if kind in self.sold_out or (kind in self.scarce and self.kernel.random.random() < 0.5):
            self.tokens[token] = Used(content, self.kernel.now)
            raise refuse("CreateInstance", 403, "OperationDenied.NoStock")
        if str(parameters.get("Password", "")).startswith("echo"):
            self.tokens[token] = Used(content, self.kernel.now)
            secrets = (str(parameters["Password"]),)
            raise refuse("CreateInstance", 400, "InvalidPassword.Malformed", redact(f"bad {secrets[0]}", secrets))
        machine = self._make(subject, tags, str(parameters["InstanceType"]))
        machine.owner, machine.token = owner, token
        self.tokens[token] = Used(content, self.kernel.now, machine.instance_id)
        return Created(machine.instance_id, None, 0.25)

    def _make(self, subject: str, tags: dict[str, str], kind: str) -> Machine:
        rng, now = self.kernel.random, self.kernel.now
        identity = f"i-{len(self.machines) + 1:04d}"
        slowness = rng.uniform(4, 40) if rng.random() < 0.9 else 250.0
        lag = rng.choice((0.0, 0.0, 1.0, 8.0, 25.0))
        machine = Machine(
            identity, tags, kind, now, now + lag, now + slowness,
            rng.uniform(3, 30),
        )  # fmt: skip
        if subject in self.vanishing:
            machine.vanishes_at = now + rng.uniform(2, 120)
        self.machines[identity] = machine
        return machine

    def alive(self, machine: Machine) -> bool:
        """Tell whether an instance exists, visible or not."""
        ends = [end for end in (machine.vanishes_at, machine.deleted_at, machine.release_at) if end is not None]
        return all(self.kernel.now < end for end in ends)

    def status(self, machine: Machine) -> str:
        """Return an instance's status now."""
        now = self.kernel.now
        if machine.started_at is not None:
            return "Running" if now >= machine.started_at + machine.boot_seconds else "Starting"
        return "Stopped" if now >= machine.stopped_at else "Pending"

    def visible(self) -> list[Machine]:
        """Return the instances that answers show."""
        return [m for m in self.machines.values() if self.kernel.now >= m.visible_at and self.alive(m)]

    def statuses(self, ids: Sequence[str]) -> dict[str, str]:
        """DescribeInstanceStatus, one page."""
        shown = [m for m in self.visible() if m.instance_id in set(ids)][: self.page]
        return {m.instance_id: self.status(m) for m in shown}

    def describe(self, matches: Callable[[Machine], bool]) -> list[Instance]:
        """DescribeInstances."""
        return [
            Instance(m.instance_id, self.status(m), m.instance_type, "zone-a", ("10.0.0.1",), m.address)
            for m in self.visible()
            if matches(m)
        ]

    def set_release_time(self, identity: str, release_at: float) -> None:
        """ModifyInstanceAutoReleaseTime: whole minutes, half an hour to three years ahead."""
        machine = self._visible("ModifyInstanceAutoReleaseTime", identity)
        ahead = release_at - self.kernel.now
        if release_at % 60 or not SHORTEST_LIFETIME_SECONDS <= ahead <= LONGEST_LIFETIME_SECONDS:
            raise refuse("ModifyInstanceAutoReleaseTime", 400, "InvalidAutoReleaseTime.Malformed")
        machine.release_at = release_at
        machine.limited_at = machine.limited_at or self.kernel.now

    def start(self, identity: str) -> None:
        """StartInstance."""
        machine = self._visible("StartInstance", identity)
        subject = machine.tags["provisioner:request"].partition("/")[2]
        if self.status(machine) == "Pending":
            raise refuse("StartInstance", 403, "IncorrectInstanceStatus")
        if subject in self.start_fails:
            raise refuse("StartInstance", 403, "OperationDenied.NoStock")
        machine.started_at = machine.started_at or self.kernel.now

    def allocate(self, identity: str) -> str:
        """AllocatePublicIpAddress."""
        machine = self._visible("AllocatePublicIpAddress", identity)
        if self.status(machine) not in ("Stopped", "Running"):
            raise refuse("AllocatePublicIpAddress", 403, "IncorrectInstanceStatus")
        machine.address = machine.address or f"47.0.0.{identity[-3:]}"
        return machine.address

    def delete(self, identity: str) -> None:
        """DeleteInstance with Force: refused for a while after creation, takes a while."""
        machine = self._visible("DeleteInstance", identity)
        if self.kernel.now < machine.created_at + INITIALIZING_SECONDS:
            raise refuse("DeleteInstance", 403, "IncorrectInstanceStatus.Initializing")
        machine.deleted_at = machine.deleted_at or self.kernel.now + self.kernel.random.uniform(0, 6)

    def _visible(self, action: str, identity: str) -> Machine:
        for machine in self.visible():
            if machine.instance_id == identity:
                return machine
        raise refuse(action, 404, "InvalidInstanceId.NotFound")


def _tags(parameters: Mapping[str, Scalar]) -> dict[str, str]:
    keys = [name for name in parameters if name.startswith("Tag.") and name.endswith(".Key")]
    return {str(parameters[name]): str(parameters.get(name[:-3] + "Value", "")) for name in keys}
