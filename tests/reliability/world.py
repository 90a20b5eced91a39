"""The worker's surroundings in a simulation: ports with faults at every call, queue, topic, a two-step store."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from shared.domain.errors.model import ApiError
from shared.domain.lifecycle import record_json
from shared.domain.lifecycle.record import UnreadableRecord
from shared.domain.message.unjudged import request_id_of
from shared.ports import ApiFailure, Conflict, Lease, PublishFailed, SendFailed, StoreUnavailable
from tests.reliability.kernel import Crash
from tests.reliability.records import Records
from tests.reliability.steering import Steered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shared.domain.create_instance.schema import Scalar
    from shared.domain.lifecycle.record import Created, Instance, OpenEntry, Record
    from shared.domain.policy.control import Pause, StoredPolicy
    from tests.reliability.cloud import Ecs
    from tests.reliability.faults import Plan
    from tests.reliability.kernel import Actor, Kernel
    from tests.reliability.keys import Keys

T = TypeVar("T")
CALL_SECONDS = 10.0
KEYS_REFUSED = "keys refused"
ARRIVES = 0.5
"""The share of the calls to a region without an answer that arrive."""


@dataclass(slots=True)
class World:
    """Everything outside the worker."""

    kernel: Kernel
    plan: Plan
    ecs: Ecs
    name: str = ""
    identity: str = "5f0e1d2c"
    cursed: set[str] = field(default_factory=set)
    """Request ids whose record cannot be made: a bug is in the way."""
    records: Records = field(default_factory=Records)
    policies: list[StoredPolicy] = field(default_factory=list)
    """Every version of the policy; the last one is in force."""
    born: dict[str, float] = field(default_factory=dict)
    """When each record was made."""
    entries: dict[str, OpenEntry] = field(default_factory=dict)
    lease: Lease = field(default_factory=lambda: Lease("", 0.0))
    queue: dict[int, Message] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    sent: int = 0
    copies: Counter[str] = field(default_factory=Counter)
    """How often each body was sent again while its request was recorded: before, nobody knows what it is a copy of."""
    in_vain: list[float] = field(default_factory=list)
    """When a region was asked for anything but an instance while it was away."""
    conditional: bool = True
    keys: Keys | None = None
    steered: Steered = field(default_factory=Steered)

    def enqueue(self, body: str, delay: float, sent_at: float, message_id: str | None = None) -> str:
        """Put a message into the queue; one with an id is another delivery of a message that was there before."""
        self.sent += 1
        message = Message(message_id or f"msg-{self.sent:04d}", self.sent, body, sent_at, self.kernel.now + delay)
        self.queue[message.receipt] = message
        return message.message_id


@dataclass(slots=True)
class Message:
    """A message in the queue."""

    message_id: str
    receipt: int
    body: str
    time: float
    visible_at: float
    tries: int = 0


@dataclass(slots=True)
class Call:
    """One actor's way to the outside: latency and faults around an effect."""

    world: World
    actor: Actor

    def make(self, name: str, what: str, effect: Callable[[], T], failure: Callable[[str], BaseException]) -> T:
        """Wait, fail as planned, have the effect, wait, answer."""
        world, actor = self.world, self.actor
        kernel = world.kernel
        actor.wait(kernel.random.uniform(0.0, 0.3))
        fault = world.plan.pick(name, kernel.now)
        kernel.note(f"{actor.name}: {name} {what}{' -- ' + fault if fault else ''}")
        if fault == "crash before":
            raise Crash(name)
        function = actor.name.partition("-")[0]
        if world.keys is not None and world.keys.refuses(name, function, kernel.now):
            kernel.note(f"{actor.name}: {name} {what} -- {KEYS_REFUSED}")
            raise failure(KEYS_REFUSED)
        if fault == "slow":
            actor.wait(kernel.random.choice((CALL_SECONDS * 0.9, CALL_SECONDS * 0.9, 400.0)))
        elif fault == "late effect":
            kernel.after(kernel.random.uniform(0.0, CALL_SECONDS + 15.0), lambda: _quietly(effect))
            actor.wait(CALL_SECONDS)
            raise failure("lost response")
        elif fault is not None and fault not in ("crash after", "lost response"):
            raise failure(fault)
        result = effect()
        actor.wait(kernel.random.uniform(0.0, 0.3))
        if fault == "crash after":
            raise Crash(name)
        if fault == "lost response":
            raise failure(fault)
        return result


def _quietly(effect: Callable[[], Any]) -> None:
    try:
        effect()
    except (ApiFailure, Conflict, UnreadableRecord, ZeroDivisionError):
        return


@dataclass(slots=True)
class SimCompute:
    """The Compute port."""

    call: Call

    def _make(self, name: str, action: str, region_id: str, what: str, effect: Callable[[], T]) -> T:
        world, actor = self.call.world, self.call.actor
        outage = world.ecs.outages.get(region_id)
        if outage is None or not outage.now(world.kernel.now):
            return self.call.make(f"ecs.{name}", what, effect, lambda fault: _ecs_failure(action, fault))
        if name != "create":
            world.in_vain.append(world.kernel.now)
        how = "unsent" if outage.unsent else "unanswered"
        world.kernel.note(f"{actor.name}: ecs.{name} {what} -- {how}, {region_id} is away")
        if outage.unsent:
            actor.wait(world.kernel.random.uniform(0.0, 0.3))
        else:
            if world.kernel.random.random() < ARRIVES:
                _quietly(effect)
            actor.wait(CALL_SECONDS)
        raise ApiFailure(ApiError(action, None, "", how, sent=not outage.unsent))

    def create(self, parameters: Mapping[str, Scalar]) -> Created:
        ecs, owner = self.call.world.ecs, self.call.world.name
        self._check(parameters)
        what = f"{parameters['InstanceType']} token {str(parameters['ClientToken'])[:6]}"
        region = str(parameters["RegionId"])
        return self._make("create", "CreateInstance", region, what, lambda: ecs.create(parameters, owner))

    def _check(self, parameters: Mapping[str, Scalar]) -> None:
        """Hold the call against the rules of steering."""
        world = self.call.world
        number = next(name for name, value in parameters.items() if value == "provisioner:request").split(".")[1]
        record = world.records.get(str(parameters[f"Tag.{number}.Value"]).partition("/")[2])
        if record is not None:
            world.steered.check_call(record, world.kernel.now, "made")

    def statuses(self, region_id: str, instance_ids: Sequence[str]) -> dict[str, str]:
        assert len(instance_ids) <= 50
        ecs = self.call.world.ecs
        try:
            return self._make(
                "statuses", "DescribeInstanceStatus", region_id, region_id, lambda: ecs.statuses(instance_ids)
            )
        except _Gap as gap:
            missing = instance_ids if gap.whole else [self.call.world.kernel.random.choice(instance_ids)]
            return ecs.statuses([identity for identity in instance_ids if identity not in missing])

    def describe(self, region_id: str, instance_ids: Sequence[str]) -> dict[str, Instance]:
        ecs, wanted = self.call.world.ecs, set(instance_ids)
        found = self._make(
            "describe", "DescribeInstances", region_id, region_id,
            lambda: ecs.describe(lambda m: m.instance_id in wanted),
        )  # fmt: skip
        return {item.instance_id: item for item in found}

    def find_by_tag(self, region_id: str, key: str, value: str) -> list[Instance]:
        ecs = self.call.world.ecs
        ecs.look_ups.setdefault(value, []).append(self.call.world.kernel.now)
        return self._make(
            "find_by_tag", "DescribeInstances", region_id, value,
            lambda: ecs.describe(lambda m: m.tags.get(key) == value),
        )  # fmt: skip

    def set_release_time(self, region_id: str, instance_id: str, release_at: float) -> None:
        ecs = self.call.world.ecs
        self._make(
            "set_release_time", "ModifyInstanceAutoReleaseTime", region_id, instance_id,
            lambda: ecs.set_release_time(instance_id, release_at),
        )  # fmt: skip

    def start(self, region_id: str, instance_id: str) -> None:
        self._make("start", "StartInstance", region_id, instance_id, lambda: self.call.world.ecs.start(instance_id))

    def allocate_address(self, region_id: str, instance_id: str) -> str:
        ecs = self.call.world.ecs
        return self._make(
            "allocate_address", "AllocatePublicIpAddress", region_id, instance_id, lambda: ecs.allocate(instance_id)
        )

    def delete(self, region_id: str, instance_id: str) -> None:
        self._make("delete", "DeleteInstance", region_id, instance_id, lambda: self.call.world.ecs.delete(instance_id))


class _Gap(Exception):
    def __init__(self, *, whole: bool) -> None:
        super().__init__()
        self.whole = whole


_REFUSALS = {
    "throttled": (400, "Throttling.User"),
    "throttled with retry-after": (429, "Throttling"),
    "server error": (500, "InternalError"),
    "no stock": (403, "OperationDenied.NoStock"),
    "processing": (403, "IdempotentProcessing"),
    KEYS_REFUSED: (400, "InvalidSecurityToken.Expired"),
}


def _ecs_failure(action: str, fault: str) -> BaseException:
    if fault in ("all absent", "one absent"):
        return _Gap(whole=fault == "all absent")
    status, code = _REFUSALS.get(fault, (None, ""))
    retry_after = 7.0 if fault.endswith("retry-after") else None
    return ApiFailure(ApiError(action, status, code, fault, "REQ-1", retry_after))


def _store_failure(fault: str) -> StoreUnavailable:
    return StoreUnavailable(fault, code="OTSAuthFailed" if fault == KEYS_REFUSED else "")


def _send_failure(fault: str) -> SendFailed:
    return SendFailed(fault, code=_mns_code(fault))


def _mns_code(fault: str) -> str:
    return "InvalidAccessKeyId" if fault == KEYS_REFUSED else ""


@dataclass(slots=True)
class SimStore:
    """The Store port, as weak as Tablestore is: the open entry and the record are two writes, each with its faults."""

    call: Call
    _identity: str = ""

    def identity(self) -> str:
        self._identity = self._identity or self._read("store.get", "identity", lambda: self.call.world.identity)
        return self._identity

    def get(self, request_id: str) -> Record | None:
        return self._read("store.get", request_id, lambda: self._there(request_id))

    def claim(self, record: Record) -> Record | None:
        world, key = self.call.world, record.request_id
        if key in world.cursed:
            raise ZeroDivisionError(key)
        sent_at = world.kernel.now
        self._write(f"open {key}", lambda: world.entries.setdefault(key, record.entry))

        def create() -> Record | None:
            there = self._there(key)
            if there is not None and world.conditional:
                return there
            self._keep(record, sent_at)
            return None

        try:
            return self._write(f"claim {key}", create)
        except StoreUnavailable:
            there = self.get(key)
            if there is None:
                raise
            return None if there == record else there

    def update(self, record: Record) -> None:
        world, key = self.call.world, record.request_id
        sent_at = world.kernel.now

        def put() -> None:
            if world.conditional and world.records.version(key) != record.version - 1:
                raise Conflict(key)
            self._keep(record, sent_at)

        try:
            self._write(f"update {key} v{record.version} {record.state.value}", put)
        except StoreUnavailable:
            if self.get(key) != record:
                raise
        if not record.open:
            self._write(f"close {key}", lambda: world.entries.pop(key, None))
        elif world.entries.get(key) != (hint := self._hint(record)):
            self._write(f"hint {key}", lambda: world.entries.__setitem__(key, hint))

    def open_work(self, now: float, after: tuple[float, str] | None = None) -> Iterator[OpenEntry]:
        def scan() -> list[OpenEntry]:
            due = [entry for entry in self.call.world.entries.values() if entry.due_at <= now]
            return sorted(due, key=lambda entry: (entry.due_at, entry.request_id))

        for entry in self._read("store.scan", "open work", scan):
            if after is None or (entry.due_at, entry.request_id) > after:
                yield entry

    def next_due(self) -> float | None:
        entries = self.call.world.entries
        return self._read("store.scan", "next due", lambda: min((e.due_at for e in entries.values()), default=None))

    def forget(self, entry: OpenEntry) -> None:
        self._write(f"forget {entry.request_id}", lambda: self.call.world.entries.pop(entry.request_id, None))

    def take_lease(self, _name: str, holder: str, now: float, seconds: float) -> Lease | None:
        world = self.call.world

        def take() -> Lease | None:
            if world.lease.holder != holder and world.lease.until > now:
                return None
            world.lease = replace(world.lease, holder=holder, until=now + seconds)
            return world.lease

        return self._write("take lease", take)

    def save_lease(self, _name: str, lease: Lease) -> bool:
        world = self.call.world

        def save() -> bool:
            if world.lease.holder != lease.holder:
                return False
            world.lease = lease
            return True

        return self._write("save lease", save)

    def policy(self) -> StoredPolicy | None:
        policies = self.call.world.policies
        return self._read("store.get", "policy", lambda: policies[-1] if policies else None)

    def policy_version(self, version: int) -> StoredPolicy | None:
        policies = self.call.world.policies
        found = (each for each in policies if each.version == version)
        return self._read("store.get", f"policy {version}", lambda: next(found, None))

    def purge(self, _before: float, _limit: int) -> int:
        return 0

    def _there(self, key: str) -> Record | None:
        text = self.call.world.records.texts.get(key)
        return None if text is None else self._decode(text)

    def take_place(self, bucket: str, holder: str, limit: int, now: float) -> bool:
        world = self.call.world

        def take() -> bool:
            # A place carries the store's own time, as in Tablestore.
            return world.steered.take(bucket, holder, limit, world.kernel.now, world.records)

        del now
        try:
            return self._write(f"take {bucket} {holder}", take)
        except StoreUnavailable:
            if holder not in self.holders(bucket):
                raise
            return True

    def give_back(self, bucket: str, holder: str) -> None:
        self._write(f"give back {bucket} {holder}", lambda: self._gave_back(bucket, holder))

    def _gave_back(self, bucket: str, holder: str) -> None:
        world = self.call.world
        world.steered.give_back(bucket, holder)
        world.steered.check_places(world.records.values())

    def holders(self, bucket: str) -> dict[str, float]:
        steered = self.call.world.steered
        return self._read("store.get", f"holders of {bucket}", lambda: dict(steered.places.get(bucket, {})))

    def pause(self) -> Pause | None:
        return self._read("store.get", "pause", lambda: self.call.world.steered.pause)

    def put_pause(self, pause: Pause, before: Pause | None) -> None:
        steered, kernel = self.call.world.steered, self.call.world.kernel

        def put() -> None:
            if steered.pause != before:
                raise Conflict("pause")
            steered.say(pause, kernel.now)

        self._write("pause" if pause.active else "resume", put)

    def _keep(self, record: Record, sent_at: float) -> None:
        world, key = self.call.world, record.request_id
        if record.calling:
            before = world.records.get(key)
            if before is None or (before.claimant, before.call_until) != (record.claimant, record.call_until):
                world.steered.check_call(record, sent_at, "announced")
        world.born.setdefault(key, world.kernel.now)
        world.records.texts[key] = self._encode(record)

    def _decode(self, text: str) -> Record:
        return record_json.from_json(text)

    def _encode(self, record: Record) -> str:
        return record_json.to_json(record)

    def _hint(self, record: Record) -> OpenEntry:
        return record.entry

    def _read(self, name: str, what: str, effect: Callable[[], T]) -> T:
        return self.call.make(name, what, effect, _store_failure)

    def _write(self, what: str, effect: Callable[[], T]) -> T:
        return self.call.make("store.write", what, effect, _store_failure)


@dataclass(slots=True)
class SimQueue:
    """The Queue port."""

    call: Call
    lossy: bool = False

    def send(self, body: str, delay_seconds: int) -> str:
        world = self.call.world

        def effect() -> str:
            if self.lossy:
                return "msg-lost"
            world.copies[body] += request_id_of(body) in world.records
            return world.enqueue(body, delay_seconds, world.kernel.now)

        return self.call.make("queue.send", f"again in {delay_seconds}", effect, _send_failure)


@dataclass(slots=True)
class SimOutcomes:
    """The Outcomes port."""

    call: Call

    def publish(self, body: str, tag: str) -> None:
        world = self.call.world
        assert json.loads(body)["type"].endswith(tag)

        def failure(fault: str) -> PublishFailed:
            return PublishFailed(fault, refused=fault in ("refused", KEYS_REFUSED), code=_mns_code(fault))

        self.call.make("topic.publish", json.loads(body)["subject"], lambda: world.published.append(body), failure)


@dataclass(slots=True)
class SimClock:
    """The Clock port: the actor's own clock."""

    actor: Actor

    def now(self) -> float:
        return self.actor.now()

    def sleep(self, seconds: float) -> None:
        self.actor.wait(seconds)


@dataclass(slots=True)
class SimEntropy:
    """The Entropy port, from the seed."""

    kernel: Kernel

    def token(self) -> str:
        return f"{self.kernel.random.getrandbits(128):032x}"

    def jitter(self) -> float:
        return self.kernel.random.random()


@dataclass(slots=True)
class SimLog:
    """The Log port: every line is kept, and searched for secrets at the end."""

    world: World
    actor: Actor

    def info(self, event: str, **fields: Any) -> None:
        self.world.log.append({"event": event, **fields})
        self.world.kernel.note(f"{self.actor.name}: log {event} {fields}")

    warning = error = info
