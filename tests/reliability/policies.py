"""Policies of a simulation: drawn from the seed, changed on the way, and what must hold of them in the end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from shared.adapters.control import KeptControl
from shared.adapters.policy_cache import PolicyCache
from shared.domain.lifecycle.outcome import rfc3339
from shared.ports import POLICY_SECONDS, StoredPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from shared.domain.lifecycle.record import Record
    from shared.domain.policy.control import Pause
    from shared.ports import Store
    from tests.reliability.world import World

PROFILE = "small"
LIFETIMES = (1800, 3600, 86400)
LATE_SECONDS = 240.0
"""From a read of the policy to the record that names it: an invocation, and clocks that disagree."""
MOVED_SECONDS = 300.0
"""How much earlier than told an instance may go: a call that took effect late may have set the instant before."""


@dataclass(slots=True)
class Process:
    """A process of the queue function: it serves one batch at a time, and keeps what it read of the policy."""

    store: Store | None = None
    policies: PolicyCache = field(init=False)
    control: KeptControl = field(init=False)

    def __post_init__(self) -> None:
        self.policies = PolicyCache(self)  # type: ignore[arg-type] # as much of a store as a cache reads
        self.control = KeptControl(self)  # type: ignore[arg-type] # the same

    def policy(self) -> StoredPolicy | None:
        """Read the policy, as the invocation that runs."""
        assert self.store is not None
        return self.store.policy()

    def pause(self) -> Pause | None:
        """Read the operators' word."""
        assert self.store is not None
        return self.store.pause()

    def policy_version(self, version: int) -> StoredPolicy | None:
        """Read one version."""
        assert self.store is not None
        return self.store.policy_version(version)


def document(rng: Random, version: int) -> dict[str, Any]:
    """Draw a policy whose profile says its version, so that a call tells which one it was made by."""
    profile = {
        "parameters": {
            "RegionId": "cn-hangzhou", "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
            "InstanceType": f"ecs.p{version}.large", "Description": f"version {version}",
        },
        "alternatives": [{"InstanceType": f"ecs.q{version}.large"}],
        "override": ["Password", "UserData", "Tag", "releaseAfterSeconds"],
    }  # fmt: skip
    if rng.random() < 0.4:
        profile["releaseAfterSeconds"] = rng.choice(LIFETIMES)
    drawn: dict[str, Any] = {"profiles": {PROFILE: profile}}
    if rng.random() < 0.6:
        kinds = rng.choice(
            (["ecs.g6.*", "ecs.p*"], ["ecs.g6.*", "ecs.g7.*", "ecs.q*", "ecs.p*"], ["ecs.p*", "ecs.g7.*"])
        )
        drawn["allow"] = {"InstanceType": kinds}
    if rng.random() < 0.15:
        drawn["require"] = {"releaseAfterSeconds": 3600}
    return drawn


def draw(rng: Random, world: World) -> None:
    """Put policies in force, from the beginning or on the way; now and then one that nobody can read, for a while."""
    for moment in sorted(rng.choice((0.0, rng.uniform(0, 60), rng.uniform(0, 400))) for _ in range(rng.randint(1, 4))):
        unreadable = rng.random() < 0.08
        put(world, rng, moment, unreadable=unreadable)
        if unreadable:
            put(world, rng, moment + rng.uniform(10, 240))


def put(world: World, rng: Random, moment: float, *, unreadable: bool = False) -> None:
    """Put a policy in force at a moment, one that can be used for all that is known."""

    def change() -> None:
        version = len(world.policies) + 1
        text = "{" if unreadable else json.dumps({**document(rng, version), **world.steered.limits_given()})
        world.policies.append(StoredPolicy(version, text, world.kernel.now))
        world.kernel.note(f"policy {version} is in force: {text}")

    change() if moment == 0.0 else world.kernel.after(moment, change)


def with_profile(body: dict[str, Any]) -> None:
    """Let a message ask for the profile, and bring only what that lets it."""
    kept = ("Password", "UserData", "Tag")
    body["parameters"] = {name: value for name, value in body["parameters"].items() if name in kept}
    body["profile"] = PROFILE
    body.pop("alternatives", None)
    body.pop("allocatePublicIp", None)


def broken(world: World) -> Iterator[str]:
    """Yield what was done against the recorded policies."""
    yield from _calls(world)
    yield from _late(world)
    yield from _lifetimes(world)


def _calls(world: World) -> Iterator[str]:
    """No call against the rules, or by the profile, of another version than the one recorded."""
    for owner, name, parameters in world.ecs.called:
        record = world.records.get(name)
        if owner != world.name or record is None or not record.policy_version:
            continue
        policy = json.loads(world.policies[record.policy_version - 1].text)
        kind, allowed = str(parameters["InstanceType"]), policy.get("allow", {}).get("InstanceType", ["*"])
        if not any(fnmatchcase(kind, each) for each in allowed):
            yield f"{name} was called for with {kind}, which version {record.policy_version} forbids"
        if record.profile and parameters.get("Description") != f"version {record.policy_version}":
            yield f"{name} was called for by {parameters.get('Description')}, not by version {record.policy_version}"


def _late(world: World) -> Iterator[str]:
    """No request is accepted by a policy that another one had replaced long before."""
    for record in world.records.values():
        following = world.policies[record.policy_version : record.policy_version + 1]
        if record.request_id.startswith("~") or not following:
            continue
        late = world.born.get(record.request_id, 0.0) - following[0].set_at
        if late > POLICY_SECONDS + LATE_SECONDS:
            yield f"{record.request_id} was accepted by version {record.policy_version}, {late:.0f} s after its end"


def _lifetimes(world: World) -> Iterator[str]:
    """Every lifetime is set before the start, and the outcome names the instant that was set."""
    for machine in world.ecs.machines.values():
        name = machine.tags["provisioner:request"].partition("/")[2]
        record = world.records.get(name)
        if machine.owner != world.name or record is None or record.release_after is None:
            continue
        if machine.started_at is not None and (machine.limited_at is None or machine.limited_at > machine.started_at):
            yield f"{machine.instance_id} of {name} was started before its lifetime was set"
        yield from _told(record, machine.instance_id, machine.release_at)


def _told(record: Record, instance_id: str, release_at: float | None) -> Iterator[str]:
    said = json.loads(record.outcome or "{}").get("data", {}).get("instance") or {}
    if said.get("instanceId") != instance_id or "releaseAt" not in said:
        if said.get("instanceId") == instance_id and "status" in said:
            yield f"{record.request_id} completed without a release time"
        return
    if release_at is None or not 0 <= (record.release_at or 0.0) - release_at <= MOVED_SECONDS:
        goes = "never" if release_at is None else rfc3339(release_at)
        yield f"{instance_id} of {record.request_id} goes {goes}, not {said['releaseAt']}"
