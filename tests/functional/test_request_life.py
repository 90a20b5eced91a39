"""One request from its message to its outcome, through the real SDKs, by every way it can go."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest

from local import defaults
from shared import bootstrap
from shared.domain.message.parse import parse
from shared.usecases import judge as judging
from tests.support.worker import Worker, message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.clients import Clients

USER_DATA = base64.b64encode(b"#!/bin/sh\necho deeply secret\n").decode()


@pytest.fixture
def worker(cloud: Clients, tmp_path: Path) -> Iterator[Worker]:
    """Return a worker over a provisioned local cloud, in process and over HTTP."""
    yield Worker(cloud, tmp_path)
    bootstrap.close()


def fault(worker: Worker, action: str, request_id: str | None = None, **what: Any) -> None:
    """Add one fault of ECS."""
    match = {"match": {"requestId": request_id}} if request_id else {}
    worker.clients.local("faults", {"service": "ecs", "action": action, **match, **what})


def refusal(status: int, code: str) -> dict[str, Any]:
    """Return what a fault answers with."""
    return {"error": {"status": status, "code": code, "message": f"{code} it is"}}


def test_a_plain_request_completes_when_stopped(worker: Worker) -> None:
    """Without a start the outcome comes when the instance is Stopped, and tells what was made."""
    worker.enqueue(message("r1", metadata={"ticket": "OPS-12"}))
    worker.settle()
    data = worker.outcome("r1")
    (instance,) = worker.instances()
    assert data["instance"]["instanceId"] == instance["InstanceId"]
    assert (data["instance"]["status"], data["metadata"]) == ("Stopped", {"ticket": "OPS-12"})
    assert instance["Tags"][defaults.REQUEST_TAG] == f"{defaults.DEPLOYMENT}.{worker.ports.store.identity()}/r1"


def test_a_started_request_completes_when_running_with_its_address(worker: Worker) -> None:
    """With start and address the outcome comes when the instance is Running and has it."""
    bandwidth = {"InternetMaxBandwidthOut": 5}
    worker.enqueue(message("r1", start=True, allocatePublicIp=True, parameters=bandwidth))
    worker.settle()
    instance = worker.outcome("r1")["instance"]
    assert instance["status"] == "Running"
    assert instance["publicIpAddress"]


def test_sixty_pending_are_asked_for_in_two_calls(worker: Worker) -> None:
    """Sixty instances of one region: none is taken for vanished, and a round asks twice."""
    worker.clients.local("config", {"delays": {"Pending": 300}})
    worker.enqueue(*[message(f"r{number}") for number in range(60)])
    while worker.deliver():
        pass
    worker.cloud.clock.advance(200)
    before = worker.calls("DescribeInstanceStatus")
    worker.poll(seconds=18)
    rounds = (worker.calls("DescribeInstanceStatus") - before) / 2
    assert rounds == int(rounds)
    assert rounds >= 1
    worker.settle()
    assert len(worker.instances()) == 60
    assert all(event["type"].endswith("completed") for event in worker.outcomes())
    assert worker.calls("DescribeInstances") < 60


def test_no_stock_takes_the_alternative(worker: Worker) -> None:
    """A sold-out type turns over to the alternative with another token; the outcome tells both attempts."""
    worker.clients.local("config", {"stock": {"*": {"ecs.g6.large": 0}}})
    worker.enqueue(message("r1", alternatives=[{"InstanceType": "ecs.g7.large"}]))
    worker.settle()
    data = worker.outcome("r1")
    assert [item["errorCode"] for item in data["attempts"]] == ["OperationDenied.NoStock", None]
    assert data["instance"]["instanceType"] == "ecs.g7.large"


def test_a_lost_answer_is_asked_for_again_with_the_same_token(worker: Worker) -> None:
    """An answer that never came makes no second instance."""
    fault(worker, "CreateInstance", "r1", effect="lose-response")
    worker.enqueue(message("r1"))
    worker.settle()
    assert worker.calls("CreateInstance") == 2
    (instance,) = worker.instances()
    assert worker.outcome("r1")["instance"]["instanceId"] == instance["InstanceId"]


def test_a_failure_after_a_lost_answer_is_settled_by_tag(worker: Worker) -> None:
    """After an unknown answer a definite failure ends nothing: the instance is found by its tag and adopted."""
    fault(worker, "CreateInstance", "r1", effect="lose-response")
    fault(worker, "CreateInstance", "r1", skip=1, **refusal(403, "OperationDenied.NoStock"))
    worker.enqueue(message("r1", alternatives=[{"InstanceType": "ecs.g7.large"}]))
    worker.settle()
    (instance,) = worker.instances()
    assert worker.outcome("r1")["instance"]["instanceId"] == instance["InstanceId"]


def test_an_instance_of_an_earlier_request_is_not_adopted(worker: Worker) -> None:
    """An id that is free again after a month finds its first instance by the tag, and leaves it alone."""
    worker.enqueue(message("r1"))
    worker.settle()
    worker.cloud.clock.advance(31 * 86400)
    assert worker.ports.store.purge(worker.ports.clock.now() - 30 * 86400, 10) == 1
    fault(worker, "CreateInstance", "r1", effect="lose-request")
    fault(worker, "CreateInstance", "r1", skip=1, **refusal(403, "OperationDenied.NoStock"))
    worker.enqueue(message("r1", alternatives=[{"InstanceType": "ecs.g7.large"}]))
    worker.settle()
    first, second = worker.instances()
    named = [json.loads(body)["data"]["instance"]["instanceId"] for body in worker.published()]
    assert named == [first["InstanceId"], second["InstanceId"]]


def test_another_stack_of_this_name_keeps_its_instances(worker: Worker, cloud: Clients, tmp_path: Path) -> None:
    """A deployment of the same name with a store of its own finds no instance but its own by the tag."""
    worker.enqueue(message("r1"))
    worker.settle()
    mine = worker.outcome("r1")["instance"]
    other = Worker(cloud, tmp_path / "other")  # it finds queue and topic as new
    fault(other, "CreateInstance", "r1", effect="lose-request")
    fault(other, "CreateInstance", "r1", skip=1, **refusal(403, "OperationDenied.NoStock"))
    other.enqueue(message("r1", alternatives=[{"InstanceType": "ecs.g7.large"}]))
    other.settle()
    theirs = other.outcome("r1")["instance"]
    assert mine["instanceId"] != theirs["instanceId"]
    assert theirs["instanceType"] == "ecs.g7.large"
    assert len(worker.instances()) == 2


def test_a_failure_after_a_lost_request_is_settled_by_absence(worker: Worker) -> None:
    """An instance that stays absent past fence and settling time was never made: the alternative follows."""
    fault(worker, "CreateInstance", "r1", effect="lose-request")
    fault(worker, "CreateInstance", "r1", skip=1, **refusal(403, "OperationDenied.NoStock"))
    worker.enqueue(message("r1", alternatives=[{"InstanceType": "ecs.g7.large"}]))
    worker.settle()
    assert worker.outcome("r1")["instance"]["instanceType"] == "ecs.g7.large"
    assert len(worker.instances()) == 1


def test_a_throttled_message_alone_is_delivered_again(worker: Worker) -> None:
    """Of ten messages with a malformed, an invalid and a throttled one, only the throttled one comes again."""
    # One after the other: what neighbours wait moves the same clock, and would make its wait short enough to sit out.
    worker.settings = replace(worker.settings, workers=1)
    fault(worker, "CreateInstance", "r5", **refusal(400, "Throttling.User"))
    invalid = message("bad", parameters={"SystemDisk.Size": "40G"})
    worker.enqueue("{", invalid, *[message(f"r{number}") for number in range(8)])
    worker.settle()
    types = [event["type"].rpartition(".")[2] for event in worker.outcomes()]
    assert (types.count("completed"), types.count("failed")) == (8, 2)
    assert (len(worker.instances()), worker.calls("CreateInstance")) == (8, 9)
    assert len(worker.delivered) == 11


@pytest.mark.parametrize(("on_failure", "disposition", "left"), [("keep", "kept", 1), ("release", "released", 0)])
def test_a_deadline_keeps_or_releases(worker: Worker, on_failure: str, disposition: str, left: int) -> None:
    """An instance that is not ready in time is kept or released, as the message asked."""
    worker.clients.local("config", {"delays": {"Pending": 500, "Initializing": 100}})
    worker.enqueue(message("r1", timeoutSeconds=60, onFailure=on_failure))
    worker.settle()
    data = worker.outcome("r1")
    assert (data["stage"], data["error"]["code"]) == ("wait", "ProvisioningTimeout")
    assert data["instance"]["disposition"] == disposition
    assert len(worker.instances()) == left


def test_a_vanished_instance_is_told_apart(worker: Worker) -> None:
    """An instance that disappears fails its request as vanished; the others of its region go on."""
    worker.clients.local("config", {"delays": {"Pending": 400}})
    fault(worker, "CreateInstance", "r1", effect="vanish", delaySeconds=30)
    worker.enqueue(message("r1"), message("r2"))
    worker.settle()
    data = worker.outcome("r1")
    assert (data["error"]["code"], data["instance"]["disposition"]) == ("InstanceVanished", "vanished")
    assert worker.outcome("r2")["instance"]["status"] == "Stopped"


def test_the_only_instance_of_a_region_vanishes_at_its_deadline(worker: Worker) -> None:
    """When every id of a region is absent that proves nothing until the deadline, where it is asked for by name."""
    worker.clients.local("config", {"delays": {"Pending": 4000}})
    fault(worker, "CreateInstance", "r1", effect="vanish", delaySeconds=30)
    worker.enqueue(message("r1", timeoutSeconds=300))
    worker.settle()
    assert worker.outcome("r1")["error"]["code"] == "InstanceVanished"


def test_start_and_address_failures_name_their_stage(worker: Worker) -> None:
    """A step that cannot succeed fails the request at its stage, and the instance is accounted for."""
    fault(worker, "StartInstance", times=9, **refusal(403, "InvalidAccountStatus.NotEnoughBalance"))
    fault(worker, "AllocatePublicIpAddress", times=9, **refusal(403, "InvalidAccountStatus.NotEnoughBalance"))
    bandwidth = {"InternetMaxBandwidthOut": 5}
    worker.enqueue(message("r1", start=True), message("r2", allocatePublicIp=True, parameters=bandwidth))
    worker.settle()
    assert (worker.outcome("r1")["stage"], worker.outcome("r2")["stage"]) == ("start", "publicIp")
    assert worker.outcome("r1")["instance"]["disposition"] == "kept"


def test_a_reused_id_is_refused_and_the_first_goes_on(worker: Worker) -> None:
    """The same id with other content is refused under its message id and names the request it collided with."""
    worker.enqueue(message("r1"), message("r1", timeoutSeconds=100))
    worker.settle()
    refused = [event for event in worker.outcomes() if event["data"].get("refused")]
    assert [event["data"]["duplicateOf"] for event in refused] == ["r1"]
    assert refused[0]["subject"] == refused[0]["data"]["messageId"]
    assert refused[0]["data"]["error"]["code"] == "IdempotentParameterMismatch"
    assert worker.outcome("r1")["instance"]["status"] == "Stopped"


def test_a_finished_request_repeats_its_outcome(worker: Worker) -> None:
    """The same message after the end publishes the same bytes again and buys nothing."""
    worker.enqueue(message("r1"))
    worker.settle()
    worker.enqueue(message("r1", metadata={"other": "words"}))
    worker.settle()
    first, second = worker.published()
    assert first == second
    assert len(worker.instances()) == 1


def test_a_message_past_its_time_buys_nothing(worker: Worker) -> None:
    """After notAfter a message is refused."""
    worker.enqueue(message("r1", notAfter="2020-01-01T00:00:00Z"))
    worker.settle()
    assert worker.outcome("r1")["error"]["code"] == "MessageExpired"
    assert worker.calls("CreateInstance") == 0


def test_a_dry_run_completes_without_an_instance(worker: Worker) -> None:
    """DryRun checks and buys nothing."""
    worker.enqueue(message("r1", parameters={"DryRun": True}))
    worker.settle()
    data = worker.outcome("r1")
    assert (data["dryRun"], data["instance"]) == (True, None)
    assert worker.instances() == []


def test_refused_credentials_last_until_the_deadline(worker: Worker) -> None:
    """Our own broken key fails no request before its deadline, and the outcome then says so."""
    fault(worker, "CreateInstance", times=999, **refusal(403, "InvalidAccessKeyId.Inactive"))
    worker.enqueue(message("r1", timeoutSeconds=120))
    worker.settle()
    data = worker.outcome("r1")
    assert data["error"]["category"] == "authentication"
    assert data["instance"] is None


def test_an_outcome_waits_for_the_topic(worker: Worker) -> None:
    """A topic that does not answer loses nothing: refusals and outcomes come when it is back, as they were."""
    topic = {"service": "mns", "action": "PublishMessage", "times": 3}
    worker.clients.local("faults", {**topic, "error": {"status": 500, "code": "InternalError", "message": "down"}})
    worker.enqueue(message("r1"), "{")
    worker.settle()
    assert len(worker.published()) == 2


def test_a_bug_in_one_message_takes_no_other_along(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks while one message is read, it is logged without its text, sent again, and done when mended."""
    with monkeypatch.context() as patch:
        patch.setattr(judging, "parse", lambda body, *under: parse(body, *under) if "r3" not in body else 1 / 0)
        worker.enqueue(*(message(f"r{number}") for number in range(8)))
        worker.deliver()
    assert '"error": "ZeroDivisionError"' in worker.log.getvalue()
    assert len(worker.instances()) == 7
    worker.settle()
    assert sorted(each["requestId"] for each in (outcome["data"] for outcome in worker.outcomes())) == [
        f"r{number}" for number in range(8)
    ]


def test_no_secret_is_left_anywhere(worker: Worker) -> None:
    """Password and user data are in no outcome, no record and no log line, however the request ends."""
    secrets = {"Password": "Se8ret+&/?#", "UserData": USER_DATA}
    fault(worker, "CreateInstance", "r2", times=99, effect="lose-request")
    fault(worker, "CreateInstance", "r3", **refusal(400, "InvalidPassword.Malformed"))
    worker.enqueue(*[message(f"r{number}", timeoutSeconds=60, parameters=secrets) for number in range(1, 4)])
    worker.enqueue(message("r4", parameters={**secrets, "Password": "kurz1!"}))
    worker.settle()
    seen = "\n".join(worker.published()) + worker.log.getvalue()
    files = [path.read_bytes() for path in worker.path.parent.glob("records.db*")]
    for secret in (*secrets.values(), "kurz1!"):
        encoded = base64.b64encode(secret.encode()).decode()
        for form in (secret, quote(secret), quote_plus(secret), quote(quote(secret)), encoded):
            assert form not in seen
            assert all(form.encode() not in content for content in files)
