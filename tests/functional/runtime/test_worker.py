"""Both functions in processes of their own, fed from the queue, against the local cloud."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from local import defaults
from local.runtime.queue_trigger import Strategy
from local.samples import Samples, differences
from tests.support.place import request

if TYPE_CHECKING:
    from tests.support.place import Place

SAMPLES = Samples.load()
pytestmark = pytest.mark.slow


def create_fault(request_id: str, **what: object) -> dict[str, Any]:
    """Return a fault that strikes one request's first CreateInstance."""
    return {"service": "ecs", "action": "CreateInstance", "match": {"requestId": request_id}, **what}


@pytest.mark.parametrize("store", ["sqlite", "tablestore"])
def test_every_sample_gets_its_outcome(place: Place, store: str) -> None:
    """Every message of events/ ends as the manifest says, once, whichever store keeps the records."""
    place.cloud.config.update(SAMPLES.cloud)
    place.put_policy(SAMPLES.policy, store)
    with place.worker(store):
        by_id = {}
        for sample in SAMPLES.messages:
            ids = place.send(*[sample.body] * sample.times)
            by_id |= dict.fromkeys(ids, sample)
        outcomes = place.outcomes(len(SAMPLES.messages))
    found = {by_id[outcome["data"]["messageId"]].name: outcome for outcome in outcomes}
    wrong = {sample.name: differences(sample.expect, found.get(sample.name)) for sample in SAMPLES.messages}
    assert wrong == {sample.name: [] for sample in SAMPLES.messages}
    assert place.instances() == {s.request_id: s.instances for s in SAMPLES.messages if s.instances}


def test_no_secret_is_in_the_functions_log(place: Place) -> None:
    """Password and UserData of a message appear nowhere in the log, whatever became of the message."""
    full = next(sample for sample in SAMPLES.messages if sample.name == "full")
    parameters = json.loads(full.body)["parameters"]
    place.cloud.faults.add([create_fault("sample-full", effect="lose-response")])
    with place.worker():
        place.send(full.body)
        (outcome,) = place.outcomes(1)
    log = place.log_path.read_text()
    for name in ("Password", "UserData"):
        assert parameters[name] not in log
        assert parameters[name] not in json.dumps(outcome)


def test_one_bad_message_costs_the_others_nothing(place: Place) -> None:
    """Of ten with one malformed, one invalid and one throttled: 8 completed, 2 failed, one CreateInstance too many.

    Only the throttled message is sent again.
    """
    error = {"status": 400, "code": "Throttling.User", "message": "slow", "headers": {"x-acs-retry-after": "4000"}}
    place.cloud.faults.add([create_fault("ten-3", error=error)])
    bodies = [request(f"ten-{number}") for number in range(8)]
    bodies += ["{", request("ten-invalid", start="yes")]
    place.send(*bodies)
    with place.worker():
        outcomes = place.outcomes(10, 30)
    kinds = sorted(outcome["type"].rsplit(".", 1)[-1] for outcome in outcomes)
    assert kinds == ["completed"] * 8 + ["failed"] * 2
    assert place.instances() == {f"ten-{number}": 1 for number in range(8)}
    calls = place.cloud.state()["calls"]
    assert calls["ecs.CreateInstance"] == 9
    assert calls["mns.SendMessage"] == 10 + 1
    assert place.queue() == {"visible": 0, "inFlight": 0, "delayed": 0}


@pytest.mark.parametrize("moment", ["before the call is handled", "as soon as the instance exists"])
def test_kill_between_create_instance_and_the_record(place: Place, moment: str) -> None:
    """Kill -9 of the function's process around CreateInstance's answer: one instance in the end, one outcome."""
    early = moment == "before the call is handled"
    if early:
        place.cloud.faults.add([create_fault("killed", effect="delay", delaySeconds=1.0)])
    with place.worker() as worker:
        worker.warm_up()
        place.send(request("killed"))
        if early:
            place.wait_for(lambda: place.cloud.calls["ecs.CreateInstance"])
        else:
            place.wait_for(place.instances)
        for pid in worker.provision.pids:
            os.kill(pid, signal.SIGKILL)
        (outcome,) = place.outcomes(1, 40)
    assert outcome["type"] == "provisioning.instance.completed"
    assert place.instances() == {"killed": 1}
    (instance,) = place.cloud.state()["ecs"]["instances"]
    assert outcome["data"]["instance"]["instanceId"] == instance["InstanceId"]


def test_kill_of_the_timer_function(place: Place) -> None:
    """Kill -9 of the timer's process in the middle of its work: the next run goes on."""
    place.cloud.config.update({"delays": {"Pending": 20}})
    place.send(request("watched"))
    with place.worker() as worker:
        place.wait_for(lambda: place.cloud.calls["ecs.DescribeInstanceStatus"])
        for pid in worker.poll.pids:
            os.kill(pid, signal.SIGKILL)
        (outcome,) = place.outcomes(1, 60)
    assert outcome["type"] == "provisioning.instance.completed"


def test_overlapping_timer_runs_publish_once(place: Place) -> None:
    """The timer fires by the clock, so runs overlap; every request still has one outcome."""
    place.send(*[request(f"both-{number}") for number in range(5)])
    with place.worker(period=1.0) as worker:
        outcomes = place.outcomes(5)
        place.wait_for(lambda: len(worker.poll.pids) > 1)
    assert sorted(outcome["subject"] for outcome in outcomes) == [f"both-{number}" for number in range(5)]
    assert len(set(place.cloud.state()["mns"]["topics"][defaults.TOPIC])) == 5


def test_worker_that_cannot_send_again_fails_without_printing(place: Place) -> None:
    """A message that can neither be handled nor sent again fails the batch; the event stays out of the log.

    The batch is delivered again, and then it succeeds.
    """
    throttled = {"status": 400, "code": "Throttling", "message": "slow", "headers": {"x-acs-retry-after": "9000"}}
    refused = {"status": 500, "code": "InternalServerError", "message": "down"}
    place.cloud.faults.add(
        [
            create_fault("again", error=throttled),
            {"service": "mns", "action": "SendMessage", "skip": 1, "times": 2, "error": refused},
        ]
    )
    secret = "Sample-Passw0rd"
    body = json.loads(request("again"))
    body["parameters"]["Password"] = secret
    with place.worker(strategy=Strategy(5, 0.5, 8.0)):
        place.send(json.dumps(body))
        (outcome,) = place.outcomes(1, 40)
    assert outcome["type"] == "provisioning.instance.completed"
    assert secret not in place.log_path.read_text()
    assert place.queue(defaults.DEAD_LETTERS)["visible"] == 0
