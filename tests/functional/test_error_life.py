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


def fault(worker: Worker, action: str, status: int, code: str, times: int = 1) -> None:
    """Have calls of ECS answered with an error."""
    error = {"status": status, "code": code, "message": WORDS}
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
    """Refused credentials are one line in each run of the timer, whatever number of requests waits."""
    worker.enqueue(*(message(f"r{number}") for number in range(5)))
    worker.deliver()
    fault(worker, "DescribeInstanceStatus", 403, "InvalidAccessKeyId.Inactive", times=10_000)
    worker.poll()
    worker.poll()
    assert worker.calls("DescribeInstanceStatus") > 2
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
