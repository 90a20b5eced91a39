"""What errors do to a request once its instance exists, through the real SDKs, to the outcome."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from local import defaults
from shared import bootstrap
from shared.ports import StoreUnavailable
from tests.support.worker import Worker, message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.clients import Clients

WORDS = "These are the words of the service itself."


@pytest.fixture
def worker(cloud: Clients, tmp_path: Path) -> Iterator[Worker]:
    """Return a worker over a provisioned local cloud, in process and over HTTP."""
    yield Worker(cloud, tmp_path)
    bootstrap.close()


def fault(worker: Worker, action: str, status: int, code: str, times: int = 1, words: str = WORDS) -> None:
    """Have calls of ECS answered with an error."""
    error = {"status": status, "code": code, "message": words}
    worker.clients.local("faults", {"service": "ecs", "action": action, "times": times, "error": error})


def lose_answer(worker: Worker, action: str) -> None:
    """Have one call carried out and its answer lost."""
    worker.clients.local("faults", {"service": "ecs", "action": action, "times": 1, "effect": "lose-response"})


@pytest.mark.parametrize(
    ("action", "status", "code", "stage", "category"),
    [
        ("DescribeInstanceStatus", 403, "InvalidAccessKeyId.Inactive", "wait", "authentication"),
        ("DescribeInstances", 403, "InvalidSecurityToken.Expired", "wait", "authentication"),
        ("DescribeInstanceStatus", 400, "Throttling.User", "wait", "throttled"),
        ("DescribeInstances", 503, "ServiceUnavailable", "wait", "internal"),
        ("StartInstance", 403, "IncorrectInstanceStatus", "start", "state"),
        ("StartInstance", 403, "InvalidAccessKeyId.Inactive", "start", "authentication"),
        ("AllocatePublicIpAddress", 403, "InstanceLockedForSecurity", "publicIp", "account"),
    ],
)
def test_a_deadline_tells_the_last_error(
    worker: Worker, action: str, status: int, code: str, stage: str, category: str
) -> None:
    """An error that lasts until the deadline is the outcome's: its code, the service's own words and its request id."""
    fault(worker, action, status, code, times=10_000)
    address = {"allocatePublicIp": True, "parameters": {"InternetMaxBandwidthOut": 5}} if stage == "publicIp" else {}
    worker.enqueue(message("r1", timeoutSeconds=120, start=stage == "start", **address))
    worker.settle()
    data: dict[str, Any] = worker.outcome("r1")
    error = data["error"]
    assert (data["stage"], error["code"], error["httpStatus"], error["category"]) == (stage, code, status, category)
    assert error["message"] == WORDS
    assert error["apiRequestId"]
    assert data["instance"]["disposition"] == "kept"


def test_the_timer_raises_one_alarm_a_run(worker: Worker) -> None:
    """Refused credentials are one line in each run of the timer, and its end, whatever number of requests waits."""
    worker.enqueue(*(message(f"r{number}") for number in range(5)))
    worker.deliver()
    fault(worker, "DescribeInstanceStatus", 403, "InvalidAccessKeyId.Inactive", times=10_000)
    worker.poll()
    worker.poll()
    assert worker.calls("DescribeInstanceStatus") == 2
    assert worker.log.getvalue().count('"authentication_failed"') == 2


class RefusingStore:
    """A store that refuses every call in the way it is told."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __getattr__(self, name: str) -> Callable[..., None]:
        def refuse(*_: object) -> None:
            raise StoreUnavailable(f"{name}: refused", code=self._code)

        return refuse


@pytest.mark.parametrize(("code", "alarms"), [("OTSAuthFailed", 1), ("OTSServerBusy", 0), ("", 0)])
def test_a_store_that_refuses_our_credentials_is_an_alarm(worker: Worker, code: str, alarms: int) -> None:
    """So says each run of either function once; the messages wait in the queue."""
    worker.ports = replace(worker.ports, store=RefusingStore(code))
    worker.enqueue(message("r1"), message("r2"))
    worker.deliver()
    assert worker.log.getvalue().count('"authentication_failed"') == alarms
    worker.poll()
    assert worker.log.getvalue().count('"authentication_failed"') == 2 * alarms
    assert worker.cloud.state()["mns"]["queues"][defaults.QUEUE]["delayed"] == 2


def test_an_outdated_error_is_not_told(worker: Worker) -> None:
    """Once the service answers again, a deadline that passes for another reason is a time-out."""
    worker.clients.local("config", {"delays": {"Pending": 4000}})
    fault(worker, "DescribeInstanceStatus", 403, "InvalidAccessKeyId.Inactive", times=2)
    worker.enqueue(message("r1", timeoutSeconds=120))
    worker.settle()
    assert worker.outcome("r1")["error"]["code"] == "ProvisioningTimeout"


def test_a_start_whose_answer_is_lost(worker: Worker) -> None:
    """The instance starts all the same, and its status tells: no second start, no failure."""
    lose_answer(worker, "StartInstance")
    worker.enqueue(message("r1", start=True))
    worker.settle()
    assert worker.outcome("r1")["instance"]["status"] == "Running"
    assert worker.calls("StartInstance") == 1


@pytest.mark.parametrize("times", [1, 3])
def test_a_start_of_what_runs_already(worker: Worker, times: int) -> None:
    """`IncorrectInstanceStatus` does not say which status: the start is repeated until the status answer does."""
    fault(worker, "StartInstance", 403, "IncorrectInstanceStatus", times)
    worker.enqueue(message("r1", start=True))
    worker.settle()
    assert worker.outcome("r1")["instance"]["status"] == "Running"
    assert worker.calls("StartInstance") == times + 1


def test_an_address_that_is_there_already(worker: Worker) -> None:
    """`AllocatedAlready` is a success, and the outcome carries the address."""
    lose_answer(worker, "AllocatePublicIpAddress")
    fault(worker, "AllocatePublicIpAddress", 403, "AllocatedAlready")
    worker.enqueue(message("r1", allocatePublicIp=True, parameters={"InternetMaxBandwidthOut": 5}))
    worker.settle()
    assert worker.outcome("r1")["instance"]["publicIpAddress"]


ADDRESS = {"allocatePublicIp": True, "parameters": {"InternetMaxBandwidthOut": 5}}


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (400, "OperationDenied", "The specified instance already has a public IP."),
        (400, "OperationDenied", "Your instance is in VPC."),
        (403, "Purple.Rain", WORDS),
        (403, "InstanceExpiredOrInArrears", WORDS),
    ],
)
def test_an_address_counts_whatever_the_code(worker: Worker, status: int, code: str, words: str) -> None:
    """After a lost answer the address that DescribeInstances shows is the one asked for, however it is refused."""
    lose_answer(worker, "AllocatePublicIpAddress")
    fault(worker, "AllocatePublicIpAddress", status, code, times=10_000, words=words)
    worker.enqueue(message("r1", **ADDRESS))
    worker.settle()
    assert worker.outcome("r1")["instance"]["publicIpAddress"] == worker.instances()[0]["PublicIpAddress"] != ""
    assert worker.calls("AllocatePublicIpAddress") == 2


def test_no_completion_without_the_address(worker: Worker) -> None:
    """An address that is said to be there and never shows is waited for until the deadline, at a walking pace."""
    words = "The specified instance already has a public IP."
    fault(worker, "AllocatePublicIpAddress", 400, "OperationDenied", words=words)
    worker.enqueue(message("r1", timeoutSeconds=120, **ADDRESS))
    worker.settle()
    data = worker.outcome("r1")
    assert (data["error"]["code"], data["instance"]["disposition"]) == ("ProvisioningTimeout", "kept")
    assert worker.calls("DescribeInstances") < 40


def test_an_instance_that_ram_does_not_know_yet(worker: Worker) -> None:
    """`Forbidden.InstanceNotFound` after a creation passes; it is no missing right."""
    fault(worker, "AllocatePublicIpAddress", 404, "Forbidden.InstanceNotFound", times=2)
    fault(worker, "StartInstance", 404, "Forbidden.InstanceNotFound", times=2)
    worker.enqueue(message("r1", start=True, **ADDRESS))
    worker.settle()
    assert worker.outcome("r1")["instance"]["status"] == "Running"


@pytest.mark.parametrize(
    ("status", "code", "words", "calls"),
    [
        (404, "OperationDenied", "Another instance has been creating.", 2),
        (400, "InvalidPrivateIpAddress.Duplicated", WORDS, 2),
        (403, "Purple.Rain", WORDS, 2),
    ],
)
def test_a_refusal_that_passes(worker: Worker, status: int, code: str, words: str, calls: int) -> None:
    """What passes by itself is tried again with the same parameters, though there is an alternative."""
    fault(worker, "CreateInstance", status, code, words=words)
    worker.enqueue(message("r1", alternatives=[{"InstanceType": "ecs.g7.large"}]))
    worker.settle()
    assert [instance["InstanceType"] for instance in worker.instances()] == ["ecs.g6.large"]
    assert worker.calls("CreateInstance") == calls


@pytest.mark.parametrize(
    ("status", "code", "words", "calls"),
    [
        (403, "OperationDenied", "The resource is out of usage.", 2),
        (403, "OperationDenied", WORDS, 2),
        (400, "InvalidZoneId.NotSupportShareEncryptedImage", WORDS, 2),
        (403, "DeploymentSet.NoRoom", WORDS, 2),
        (403, "Purple.Rain", WORDS, 6),
        (403, "QuotaExceed.Purple", WORDS, 2),
        (403, "InvalidVPCStatus.NotWorking", WORDS, 9),
    ],
)
def test_an_alternative_before_a_failure(worker: Worker, status: int, code: str, words: str, calls: int) -> None:
    """What another offer may mend, or nobody knows, or does not pass, leads to the alternative, which is bought."""
    fault(worker, "CreateInstance", status, code, times=calls - 1, words=words)
    worker.enqueue(message("r1", alternatives=[{"InstanceType": "ecs.g7.large"}]))
    worker.settle()
    assert [instance["InstanceType"] for instance in worker.instances()] == ["ecs.g7.large"]
    assert worker.calls("CreateInstance") == calls


def test_an_address_that_our_own_lost_instance_holds(worker: Worker) -> None:
    """A refused address after a lost answer turns nothing over before it is settled: the instance is found."""
    lose_answer(worker, "CreateInstance")
    fault(worker, "CreateInstance", 400, "InvalidIPAddress.AlreadyUsed", times=100)
    worker.enqueue(message("r1"))
    worker.settle()
    (instance,) = worker.instances()
    assert worker.outcome("r1")["instance"]["instanceId"] == instance["InstanceId"]


def test_a_quota_that_frees_itself(worker: Worker) -> None:
    """An instance that exists cannot move: a start that a quota refuses is repeated."""
    fault(worker, "StartInstance", 403, "QuotaExceed.ElasticQuota", times=5)
    worker.enqueue(message("r1", start=True, alternatives=[{"InstanceType": "ecs.g7.large"}]))
    worker.settle()
    assert worker.outcome("r1")["instance"]["status"] == "Running"
    assert worker.calls("StartInstance") == 6


@pytest.mark.parametrize("code", ["Forbidden.InstanceNotFound", "InvalidInstanceIds.NotFound"])
def test_a_release_that_finds_nothing(worker: Worker, code: str) -> None:
    """Any code that says that the instance is gone makes a release, once the instance is in no answer."""
    fault(worker, "StartInstance", 403, "InstanceLockedForSecurity")
    lose_answer(worker, "DeleteInstance")
    fault(worker, "DeleteInstance", 404, code, times=100)
    worker.enqueue(message("r1", start=True, onFailure="release"))
    worker.settle()
    assert worker.outcome("r1")["instance"]["disposition"] == "released"


def test_a_release_of_what_is_gone_already(worker: Worker) -> None:
    """A delete whose answer was lost finds nothing the second time, which is a release."""
    fault(worker, "StartInstance", 403, "InstanceLockedForSecurity")
    lose_answer(worker, "DeleteInstance")
    worker.enqueue(message("r1", start=True, onFailure="release"))
    worker.settle()
    data = worker.outcome("r1")
    assert (data["error"]["code"], data["instance"]["disposition"]) == ("InstanceLockedForSecurity", "released")
    assert worker.instances() == []


def test_a_refusal_is_never_tried_again(worker: Worker) -> None:
    """A message refused with a code that the API sends for lack of an offer says `never` all the same."""
    worker.enqueue(message("r1", parameters={"SystemDisk": {"Category": "cloud_papyrus"}}))
    worker.settle()
    error = worker.outcome("r1")["error"]
    assert (error["code"], error["retry"]) == ("InvalidSystemDiskCategory.ValueNotSupported", "never")
