"""Faults: set as data, matched by request, counted, the same in process and over HTTP."""

from __future__ import annotations

import json
import time
import urllib.error
from typing import TYPE_CHECKING

import pytest
from darabonba.exceptions import UnretryableException
from mns.mns_exception import MNSClientNetworkException
from mns.queue import Message
from mns.topic import TopicMessage, TopicMeta

from tests.functional.cloud.test_mns_queues import code, make
from tests.support.ecs_calls import create, delete, refusal, start, statuses

if TYPE_CHECKING:
    from tests.support.clients import Clients


def tagged(request_id: str) -> dict[str, object]:
    """Return the tag the worker puts on the instance of a request."""
    return {"Tag": [{"Key": "provisioner:request", "Value": f"local/{request_id}"}]}


def test_error_for_one_request(cloud: Clients) -> None:
    """An error strikes the calls of its request only, after those to skip, as often as it says."""
    ecs = cloud.ecs()
    error = {"status": 500, "code": "InternalError", "message": "as you wished"}
    fault = {"service": "ecs", "action": "CreateInstance", "match": {"requestId": "a"}, "error": error}
    cloud.local("faults", fault | {"skip": 1, "times": 2})
    assert create(ecs, **tagged("a"))
    assert create(ecs, **tagged("b"))
    assert [refusal(create, ecs, **tagged("a")) for _ in range(2)] == [(500, "InternalError")] * 2
    assert create(ecs, **tagged("a"))
    assert cloud.local("state")["calls"] == {"ecs.CreateInstance": 5}


def test_error_headers(cloud: Clients) -> None:
    """An error can bring headers, such as how long to wait."""
    headers = {"x-acs-retry-after": "1500"}
    error = {"status": 429, "code": "Throttling.Api", "message": "slow down", "headers": headers}
    cloud.local("faults", {"service": "ecs", "action": "CreateInstance", "error": error})
    with pytest.raises(Exception, match="slow down") as caught:
        create(cloud.ecs())
    assert caught.value.retry_after == 1500


def test_a_request_is_found_by_its_instance(cloud: Clients) -> None:
    """Calls that name an instance belong to the request whose tag it carries, several at once too."""
    ecs = cloud.ecs()
    mine, other = create(ecs, **tagged("a")), create(ecs, **tagged("b"))
    error = {"status": 403, "code": "Forbidden.RAM"}
    for action in ("StartInstance", "DescribeInstanceStatus", "DeleteInstance"):
        cloud.local("faults", {"service": "ecs", "action": action, "match": {"requestId": "a"}, "error": error})
    cloud.cloud.clock.advance(5)
    start(ecs, other)
    assert refusal(start, ecs, mine) == (403, "Forbidden.RAM")
    assert refusal(statuses, ecs, [other, mine]) == (403, "Forbidden.RAM")
    delete(ecs, other, force=True)
    assert refusal(delete, ecs, mine, force=True) == (403, "Forbidden.RAM")


def test_a_refusal_is_lost_like_any_answer(cloud: Clients) -> None:
    """A call that is refused, and whose answer is lost, gives no answer."""
    cloud.local("faults", {"service": "ecs", "action": "CreateInstance", "effect": "lose-response"})
    with pytest.raises(UnretryableException):
        create(cloud.ecs(), Password="short")


@pytest.mark.parametrize(("effect", "instances"), [("lose-request", 0), ("lose-response", 1)])
def test_lost_on_the_way(cloud: Clients, effect: str, instances: int) -> None:
    """The connection ends without an answer: before anything was done, or after it was."""
    cloud.local("faults", {"service": "ecs", "action": "CreateInstance", "effect": effect})
    ecs = cloud.ecs()
    with pytest.raises(UnretryableException):
        create(ecs, ClientToken="one")
    assert len(cloud.local("state")["ecs"]["instances"]) == instances
    assert create(ecs, ClientToken="one")
    assert len(cloud.local("state")["ecs"]["instances"]) == 1


def test_delay(cloud: Clients) -> None:
    """A delayed request is held before it is handled."""
    cloud.local("faults", {"service": "ecs", "action": "CreateInstance", "effect": "delay", "delaySeconds": 0.3})
    started = time.monotonic()
    assert create(cloud.ecs())
    assert 0.3 <= time.monotonic() - started < 3


def test_vanish(cloud: Clients) -> None:
    """An instance that vanishes was there, and is gone after its time."""
    cloud.local("faults", {"service": "ecs", "action": "CreateInstance", "effect": "vanish", "delaySeconds": 4})
    ecs = cloud.ecs()
    instance_id = create(ecs)
    assert statuses(ecs) == {instance_id: "Pending"}
    cloud.cloud.clock.advance(4)
    assert statuses(ecs) == {}
    assert refusal(start, ecs, instance_id) == (404, "InvalidInstanceId.NotFound")


def test_messages_of_a_request(cloud: Clients) -> None:
    """Sends and publishes belong to the request their body names, base64 or not, at the top or in `data`."""
    queue, topic = make(cloud), cloud.mns().get_topic("t")
    topic.create(TopicMeta())
    error = {"status": 503, "code": "QpsLimitExceeded"}
    for action in ("SendMessage", "PublishMessage"):
        cloud.local("faults", {"service": "mns", "action": action, "match": {"requestId": "a"}, "error": error})
    queue.send_message(Message('{"requestId": "b"}'))
    assert code(queue.send_message, Message('{"requestId": "a"}')) == "QpsLimitExceeded"
    topic.publish_message(TopicMessage("no json"))
    assert code(topic.publish_message, TopicMessage('{"data": {"requestId": "a"}}')) == "QpsLimitExceeded"


def test_a_lost_answer_of_the_queue(cloud: Clients) -> None:
    """The MNS SDK sends once more by itself when the connection drops: two messages, and a success."""
    queue = make(cloud)
    cloud.local("faults", {"service": "mns", "action": "SendMessage", "effect": "lose-response"})
    try:
        queue.send_message(Message("x"))
    except MNSClientNetworkException:
        queue.send_message(Message("x"))
    assert cloud.local("state")["mns"]["queues"]["work"]["visible"] == 2


@pytest.mark.parametrize(
    "fault",
    [
        [],
        "x",
        {"service": "s3", "action": "Put", "effect": "delay"},
        {"service": "ecs", "action": "CreateInstance"},
        {"service": "ecs", "action": "CreateInstance", "effect": "explode"},
        {"service": "ecs", "action": "CreateInstance", "effect": "delay", "error": {"status": 500, "code": "X"}},
        {"service": "ecs", "action": "CreateInstance", "error": {"code": "X"}},
        {"service": "ecs", "action": "CreateInstance", "effect": "delay", "match": {"zone": "x"}},
        {"service": "ecs", "action": "CreateInstance", "effect": "delay", "delay": 1},
        {"service": "ecs", "action": "CreateInstance", "effect": "delay", "times": "many"},
        {"service": "ecs", "action": "StartInstance", "effect": "vanish"},
        {"service": "ecs", "action": "NoSuchAction", "effect": "delay"},
    ],
)
def test_a_fault_that_would_never_strike_is_refused(cloud: Clients, fault: object) -> None:
    """A mistake in a fault is answered with 400 and words; nothing of a list with a mistake is kept."""
    good = {"service": "ecs", "action": "CreateInstance", "effect": "delay"}
    with pytest.raises(urllib.error.HTTPError) as caught:
        cloud.local("faults", [good, fault])
    with caught.value as answer:
        assert answer.code == 400
        assert json.load(answer)["error"]
    assert cloud.cloud.faults.pending == []
