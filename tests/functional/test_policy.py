"""Profiles, rules and lifetimes, from the message to the outcome, through the real SDKs."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from local import defaults
from shared import bootstrap
from shared.adapters.policy_cache import PolicyCache
from shared.domain.lifecycle.outcome import rfc3339
from shared.domain.lifecycle.record_json import to_json
from shared.ports import POLICY_SECONDS, StoredPolicy
from tests.support.worker import Worker, message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.clients import Clients

IMAGE = "ubuntu_22_04_x64_20G_alibase_20240130.vhd"
SMALL = {
    "parameters": {
        "RegionId": defaults.REGION, "ZoneId": "cn-hangzhou-h", "ImageId": IMAGE, "InstanceType": "ecs.g7.large",
        "SystemDisk": {"Category": "cloud_essd", "Size": 40}, "Tag": [{"Key": "cost-centre", "Value": "4711"}],
    },
    "alternatives": [{"InstanceType": "ecs.g8.large"}],
    "releaseAfterSeconds": 28800,
    "override": ["InstanceName", "UserData"],
}  # fmt: skip
HOUR = 3600.0


@pytest.fixture
def worker(cloud: Clients, tmp_path: Path) -> Iterator[Worker]:
    """Return a worker over a provisioned local cloud, in process and over HTTP."""
    yield Worker(cloud, tmp_path)
    bootstrap.close()


def put(worker: Worker, version: int = 1, **document: Any) -> None:
    """Put a policy in force; what was read of the one before is old."""
    store = worker.ports.store
    store.put_policy(StoredPolicy(version, json.dumps(document), worker.cloud.clock.now()))
    worker.use(policies=PolicyCache(store))


def throttle(worker: Worker, request_id: str) -> None:
    """Have a request's first call answered with throttling, so that its message is deferred."""
    error = {"status": 400, "code": "Throttling.User", "message": "slow down"}
    where = {"service": "ecs", "action": "CreateInstance", "match": {"requestId": request_id}}
    worker.clients.local("faults", {**where, "error": error})


def fault(worker: Worker, action: str, **what: Any) -> None:
    """Add one fault of ECS."""
    worker.clients.local("faults", {"service": "ecs", "action": action, **what})


def refused(status: int, code: str) -> dict[str, Any]:
    """Return the error of a fault."""
    return {"error": {"status": status, "code": code, "message": "no"}}


def said(data: dict[str, Any]) -> dict[str, str]:
    """Return what an outcome says of each field, all of it the policy's."""
    assert {each["code"] for each in data["violations"]} == {"PolicyForbids"}
    assert data["error"]["category"] == "policy"
    return {each["field"]: each["message"] for each in data["violations"]}


def test_a_profile_is_a_whole_message(worker: Worker) -> None:
    """Parameters, alternatives and lifetime come from the profile; what it lets be set comes from the message."""
    put(worker, profiles={"web-small": SMALL})
    worker.enqueue({"requestId": "r1", "profile": "web-small", "parameters": {"InstanceName": "web-1"}})
    worker.settle()
    (instance,) = worker.instances()
    data = worker.outcome("r1")
    assert instance["Parameters"] | {"InstanceName": "web-1"} == instance["Parameters"]
    assert (instance["InstanceType"], instance["Tags"]["cost-centre"]) == ("ecs.g7.large", "4711")
    assert data["instance"]["status"] == "Running"
    assert data["instance"]["releaseAt"] == instance["AutoReleaseTime"].replace("Z", ":00.000Z")
    record = worker.record("r1")
    assert (record.policy_version, record.profile, record.release_after) == (1, "web-small", 28800)


def test_a_profile_s_alternatives_are_tried(worker: Worker) -> None:
    """A profile's alternatives are laid over what the profile and the message come to."""
    put(worker, profiles={"web-small": SMALL})
    worker.clients.local("config", {"stock": {"*": {"ecs.g7.large": 0}}})
    worker.enqueue({"requestId": "r1", "profile": "web-small"})
    worker.settle()
    data = worker.outcome("r1")
    assert data["instance"]["instanceType"] == "ecs.g8.large"
    assert [each["overrides"] for each in data["attempts"]] == [{}, {"InstanceType": "ecs.g8.large"}]


def test_a_copy_comes_to_what_was_accepted(worker: Worker) -> None:
    """A request that was accepted under one version is called for by it, whatever version is in force by then."""
    put(worker, profiles={"web-small": SMALL})
    throttle(worker, "r1")
    worker.enqueue({"requestId": "r1", "profile": "web-small"})
    worker.deliver()
    larger = {**SMALL, "parameters": {**SMALL["parameters"], "InstanceType": "ecs.g7.8xlarge"}}  # type: ignore[dict-item] # JSON
    put(worker, 2, profiles={"web-small": larger}, allow={"InstanceType": ["ecs.g9.*"]})
    worker.settle()
    assert worker.outcome("r1")["instance"]["instanceType"] == "ecs.g7.large"
    worker.enqueue({"requestId": "r1", "profile": "web-small"})
    worker.settle()
    assert len(worker.outcomes()) == 2
    assert len(set(worker.published())) == 1, "a late duplicate is the same request, whatever the policy is now"


def test_a_profile_that_is_gone_refuses_no_accepted_request(worker: Worker) -> None:
    """A copy is compared and called for although the policy in force has no such profile any more."""
    put(worker, profiles={"web-small": SMALL})
    throttle(worker, "r1")
    worker.enqueue({"requestId": "r1", "profile": "web-small"})
    worker.deliver()
    put(worker, 2)
    worker.settle()
    assert worker.outcome("r1")["instance"]["status"] == "Running"


def test_another_profile_is_another_request(worker: Worker) -> None:
    """A message is compared as it was sent, its profile by name."""
    put(worker, profiles={"web-small": SMALL, "web-other": SMALL})
    worker.enqueue({"requestId": "r1", "profile": "web-small"})
    worker.settle()
    worker.enqueue({"requestId": "r1", "profile": "web-other"})
    worker.settle()
    refusal = worker.outcomes()[-1]["data"]
    assert (refusal["duplicateOf"], refusal["error"]["code"]) == ("r1", "IdempotentParameterMismatch")


def test_what_a_profile_does_not_let_be_set(worker: Worker) -> None:
    """Everything a message sets beyond the profile's leave is told at once, alternatives and lifetime among it."""
    put(worker, profiles={"web-small": SMALL})
    parameters = {
        "InstanceType": "ecs.g7.8xlarge",
        "SystemDisk": {"Size": 2000},
        "Tag": [{"Key": "a"}],
        "UserData": "YQ==",
    }
    worker.enqueue(
        {
            "requestId": "r1",
            "profile": "web-small",
            "parameters": parameters,
            "releaseAfterSeconds": 94608000,
            "alternatives": [{"InstanceType": "ecs.g9.large"}],
        }
    )
    worker.settle()
    told = said(worker.outcome("r1"))
    assert list(told) == [
        "parameters.InstanceType", "parameters.SystemDisk.Size", "parameters.Tag.1.Key", "releaseAfterSeconds",
        "alternatives.1.InstanceType",
    ]  # fmt: skip
    assert "web-small" in told["parameters.Tag.1.Key"]
    assert "InstanceName, UserData" in told["parameters.Tag.1.Key"]
    assert worker.instances() == []


def test_rules_refuse(worker: Worker) -> None:
    """Every breach is told: the rule, what it allows, what was given or is taken when nothing is."""
    put(
        worker,
        allow={"InstanceType": ["ecs.g7.*"], "InternetMaxBandwidthOut": [0], "SystemDisk.Category": ["cloud_essd"]},
        max={"DataDisk.N.Size": 500}, require={"profile": True, "tags": ["team"], "releaseAfterSeconds": 7200},
    )  # fmt: skip
    disks = [{"Category": "cloud_essd", "Size": 501}, {"SnapshotId": "s-1", "Size": 100}]
    worker.enqueue(message("r1", parameters={"InternetMaxBandwidthOut": 5, "DataDisk": disks}))
    worker.settle()
    told = said(worker.outcome("r1"))
    assert set(told) == {
        "parameters.InstanceType", "parameters.InternetMaxBandwidthOut", "parameters.SystemDisk.Category",
        "parameters.DataDisk.1.Size", "parameters.DataDisk.2.Size", "parameters.Tag", "profile", "releaseAfterSeconds",
    }  # fmt: skip
    assert "ecs.g7.*" in told["parameters.InstanceType"]
    assert "allow.InstanceType" in told["parameters.InstanceType"]
    assert "must be written" in told["parameters.SystemDisk.Category"]
    assert "not known" in told["parameters.DataDisk.2.Size"]
    assert worker.calls("CreateInstance") == 0


def test_breaches_and_mistakes_are_told_together(worker: Worker) -> None:
    """What the contract refuses and what the policy forbids are one list."""
    put(worker, allow={"InstanceType": ["ecs.g7.*"]})
    worker.enqueue(message("r1", parameters={"InstanceName": "x"}))
    worker.settle()
    codes = [each["code"] for each in worker.outcome("r1")["violations"]]
    assert sorted(codes) == ["InvalidInstanceName.Malformed", "PolicyForbids"]


def test_a_forbidden_alternative_is_skipped_and_told(worker: Worker) -> None:
    """The next allowed one is tried in its stead; the attempts say what was passed over, and why."""
    put(worker, allow={"InstanceType": ["ecs.g6.*", "ecs.g8.*"]})
    worker.clients.local("config", {"stock": {"*": {"ecs.g6.large": 0}}})
    kinds = ("ecs.g7.large", "ecs.g8.large", "ecs.g9.large")
    worker.enqueue(message("r1", alternatives=[{"InstanceType": kind} for kind in kinds]))
    worker.settle()
    data = worker.outcome("r1")
    assert data["instance"]["instanceType"] == "ecs.g8.large"
    told = [(each["generation"], each["overrides"], each["errorCode"]) for each in data["attempts"]]
    assert told == [
        (1, {}, "OperationDenied.NoStock"),
        (None, {"InstanceType": "ecs.g7.large"}, "PolicyForbids"),
        (2, {"InstanceType": "ecs.g8.large"}, None),
    ]
    assert "allow.InstanceType" in data["attempts"][1]["message"]
    assert worker.calls("CreateInstance") == 2


def test_when_only_forbidden_alternatives_are_left(worker: Worker) -> None:
    """The request fails with what its last call was answered, and what was not tried is told."""
    put(worker, allow={"InstanceType": ["ecs.g6.*"]})
    worker.clients.local("config", {"stock": {"*": {"ecs.g6.large": 0}}})
    worker.enqueue(message("r1", alternatives=[{"InstanceType": "ecs.g7.large"}]))
    worker.settle()
    data = worker.outcome("r1")
    assert (data["stage"], data["error"]["code"]) == ("create", "OperationDenied.NoStock")
    assert [each["errorCode"] for each in data["attempts"]] == ["OperationDenied.NoStock", "PolicyForbids"]


def test_a_new_policy_holds_within_half_a_minute(worker: Worker) -> None:
    """What was read is used for 30 s, then read anew; in between no message costs a read."""
    reads: list[float] = []
    store = worker.ports.store

    class Counted:
        def policy(self) -> StoredPolicy | None:
            reads.append(worker.cloud.clock.now())
            return store.policy()

    worker.use(policies=PolicyCache(Counted()))  # type: ignore[arg-type] # as much of a store as a cache reads
    for number in range(5):
        worker.enqueue(message(f"r{number}"))
    worker.settle()
    store.put_policy(StoredPolicy(1, json.dumps({"allow": {"InstanceType": ["ecs.g7.*"]}}), 0.0))
    worker.cloud.clock.advance(POLICY_SECONDS)
    worker.enqueue(message("late"))
    worker.settle()
    assert worker.outcome("late")["error"]["code"] == "PolicyForbids"
    assert all(later - earlier >= POLICY_SECONDS for earlier, later in pairwise(reads))


def test_a_new_profile_is_known_at_once(worker: Worker) -> None:
    """A profile that what was read does not have is looked for once more before its message is refused."""
    worker.use(policies=PolicyCache(worker.ports.store))
    worker.enqueue(message("before"))
    worker.deliver()
    worker.ports.store.put_policy(StoredPolicy(1, json.dumps({"profiles": {"web-small": SMALL}}), 0.0))
    worker.cloud.clock.advance(2)
    worker.enqueue({"requestId": "r1", "profile": "web-small"}, {"requestId": "r2", "profile": "web-smal"})
    worker.settle()
    assert worker.outcome("r1")["instance"]["status"] == "Running"
    refusal = worker.outcome("r2")
    assert refusal["violations"][0]["field"] == "profile"
    assert "did you mean web-small" in refusal["violations"][0]["message"]


@pytest.mark.parametrize(
    "text", ["{", '{"allow": {"InstanceType": "x"}}', '{"quotas": {}}', '{"require": {"approval": true}}', "[]"]
)
def test_what_cannot_be_read_means_wait(worker: Worker, text: str) -> None:
    """A policy of another version stops what is new, with an alarm, and nothing that was accepted; then all goes on."""
    store = worker.ports.store
    put(worker, profiles={"web-small": SMALL})
    throttle(worker, "old")
    worker.enqueue({"requestId": "old", "profile": "web-small"})
    worker.deliver()
    store.put_policy(StoredPolicy(2, text, 0.0))
    worker.use(policies=PolicyCache(store))
    worker.enqueue(message("new"))
    for _ in range(60):
        worker.deliver()
        worker.poll(20)
        worker.cloud.clock.advance(5)
    assert worker.outcome("old")["instance"]["status"] == "Running"
    assert store.get("new") is None
    assert len(worker.outcomes()) == 1
    lines = [json.loads(line) for line in worker.log.getvalue().splitlines()]
    assert "error" in {line["level"] for line in lines if line["event"] == "unreadable_policy"}
    put(worker, 3)
    worker.settle()
    assert worker.outcome("new")["instance"]["status"] == "Stopped"


def test_a_lifetime_is_set_before_the_start(worker: Worker) -> None:
    """ECS is told the recorded instant once the instance is Stopped; then it goes by itself."""
    began = worker.cloud.clock.now()
    worker.enqueue(message("r1", start=True, releaseAfterSeconds=2 * 3600))
    worker.settle()
    data, record = worker.outcome("r1"), worker.record("r1")
    assert record.lifetime_set_at is not None
    assert record.start_sent_at is not None
    assert record.lifetime_set_at <= record.start_sent_at
    assert record.release_at is not None
    assert began + 2 * HOUR - 60 <= record.release_at <= began + 2 * HOUR + 60
    assert data["instance"]["releaseAt"] == rfc3339(record.release_at)
    worker.cloud.clock.advance(2 * HOUR)
    assert worker.instances() == []


def test_the_shortest_lifetime(worker: Worker) -> None:
    """Half an hour is put off by as much as ECS, its clock and whole minutes need, and recorded so."""
    began = worker.cloud.clock.now()
    throttled = {"error": {"status": 400, "code": "Throttling.User", "message": "slow"}}
    fault(worker, "ModifyInstanceAutoReleaseTime", times=3, **throttled)
    worker.enqueue(message("r1", start=True, releaseAfterSeconds=1800))
    worker.settle()
    data = worker.outcome("r1")
    (instance,) = worker.instances()
    assert data["instance"]["releaseAt"] == instance["AutoReleaseTime"].replace("Z", ":00.000Z")
    release_at = worker.record("r1").release_at
    assert release_at is not None
    assert began + 1800 <= release_at <= began + 1800 + 300


@pytest.mark.parametrize(("on_failure", "disposition"), [("keep", "kept"), ("release", "released")])
def test_a_refused_lifetime_fails_the_request(worker: Worker, on_failure: str, disposition: str) -> None:
    """Nothing is started that would live for ever; what becomes of the instance is the message's choice."""
    fault(worker, "ModifyInstanceAutoReleaseTime", times=9, **refused(403, "ChargeTypeViolation"))
    worker.enqueue(message("r1", start=True, releaseAfterSeconds=7200, onFailure=on_failure))
    worker.settle()
    data = worker.outcome("r1")
    assert (data["stage"], data["error"]["code"]) == ("lifetime", "ChargeTypeViolation")
    assert data["instance"] == {"instanceId": data["instance"]["instanceId"], "disposition": disposition}
    assert worker.calls("StartInstance") == 0


def test_what_fails_later_expires_too(worker: Worker) -> None:
    """An instance that is kept after a failed start has its release time, and the outcome names it."""
    fault(worker, "StartInstance", times=9, **refused(403, "InvalidAccountStatus.NotEnoughBalance"))
    worker.enqueue(message("r1", start=True, releaseAfterSeconds=7200))
    worker.settle()
    data = worker.outcome("r1")
    (instance,) = worker.instances()
    assert data["stage"] == "start"
    assert data["instance"]["releaseAt"] == instance["AutoReleaseTime"].replace("Z", ":00.000Z")


def test_a_lost_answer_sets_the_same_instant(worker: Worker) -> None:
    """A call whose answer is lost is made again with what was recorded."""
    fault(worker, "ModifyInstanceAutoReleaseTime", effect="lose-response")
    worker.enqueue(message("r1", start=True, releaseAfterSeconds=7200))
    worker.settle()
    (instance,) = worker.instances()
    assert worker.outcome("r1")["instance"]["releaseAt"] == instance["AutoReleaseTime"].replace("Z", ":00.000Z")
    assert worker.calls("ModifyInstanceAutoReleaseTime") == 2


def test_past_the_deadline_a_lifetime_is_still_set(worker: Worker) -> None:
    """A request that is late when its instance is Stopped fails, and what it keeps expires all the same."""
    worker.enqueue(message("r1", start=True, releaseAfterSeconds=7200, timeoutSeconds=60))
    worker.deliver()
    worker.cloud.clock.advance(120)
    worker.settle()
    data = worker.outcome("r1")
    assert (data["stage"], data["error"]["code"]) == ("wait", "ProvisioningTimeout")
    assert "releaseAt" in data["instance"]
    assert [one["AutoReleaseTime"] for one in worker.instances()] != [""]


def test_a_prepaid_instance_has_no_lifetime(worker: Worker) -> None:
    """A lifetime with a subscription is refused, in an alternative as well, and where a profile brings it."""
    prepaid = {"InstanceChargeType": "PrePaid", "Period": 1}
    put(worker, profiles={"web-small": {**SMALL, "override": ["InstanceChargeType", "Period"]}})
    worker.enqueue(message("r1", parameters=prepaid, releaseAfterSeconds=7200))
    worker.enqueue(message("r2", alternatives=[prepaid], releaseAfterSeconds=7200))
    worker.enqueue({"requestId": "r3", "profile": "web-small", "parameters": prepaid})
    worker.settle()
    fields = [[each["field"] for each in worker.outcome(name)["violations"]] for name in ("r1", "r2", "r3")]
    assert fields == [["releaseAfterSeconds"], ["alternatives.1.InstanceChargeType"], ["releaseAfterSeconds"]]


def test_without_a_policy_nothing_changes(worker: Worker) -> None:
    """A record and its outcome have no member that they did not have, and the store is asked once in half a minute."""
    worker.use(policies=PolicyCache(worker.ports.store))
    worker.enqueue(message("r1", start=True))
    worker.settle()
    record, data = json.loads(to_json(worker.record("r1"))), worker.outcome("r1")
    new = {"policy_version", "profile", "forbidden", "release_after", "release_at", "lifetime_set_at"}
    assert new & record.keys() == set()
    assert list(data["instance"]) == [
        "instanceId", "status", "instanceType", "zoneId", "privateIpAddresses", "publicIpAddress", "orderId",
        "tradePrice",
    ]  # fmt: skip
    assert [list(each) for each in data["attempts"]] == [["generation", "overrides", "errorCode"]]
    assert worker.calls("ModifyInstanceAutoReleaseTime") == 0


def test_the_store_is_asked_no_more_often(worker: Worker) -> None:
    """A policy costs one read in half a minute and nothing else, whether there is one or not."""
    asked = [store_calls(worker, "r")]
    put(worker, profiles={"web-small": SMALL}, allow={"InstanceType": ["ecs.g6.*", "ecs.g7.*"]})
    asked.append(store_calls(worker, "s"))
    first, second = ([name for name in calls if name != "policy"] for calls in asked)
    assert first == second
    assert [calls.count("policy") for calls in asked] == [1, 1]
    assert "policy_version" not in {*asked[0], *asked[1]}


def store_calls(worker: Worker, prefix: str) -> list[str]:
    """Return what the queue function calls of its store for three messages in two batches, within half a minute."""
    calls: list[str] = []
    store = worker.ports.store

    class Counted:
        def __getattr__(self, name: str) -> Any:
            calls.append(name)
            return getattr(store, name)

    counted: Any = Counted()
    worker.use(store=counted, policies=PolicyCache(counted))
    for names in (("1", "2"), ("3",)):
        worker.enqueue(*(message(f"{prefix}{name}") for name in names))
        worker.deliver()
    worker.use(store=store, policies=PolicyCache(store))
    worker.settle()
    return sorted(calls)


def test_no_secret_of_a_profile_message_is_recorded(worker: Worker) -> None:
    """What a message brings beside its profile is as secret as ever."""
    put(worker, profiles={"web-small": {**SMALL, "override": ["Password", "UserData"]}})
    secrets = {"Password": "Sekret!42xY", "UserData": "c2VjcmV0LWRhdGE="}
    worker.enqueue({"requestId": "r1", "profile": "web-small", "parameters": secrets})
    worker.settle()
    everything = to_json(worker.record("r1")) + "".join(worker.published()) + worker.log.getvalue()
    assert [secret for secret in secrets.values() if secret in everything] == []
