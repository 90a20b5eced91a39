"""The feed, the page and the calls behind it, as programs see them."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.config import Config
from local.cloud.server import running
from local.project import EVENTS
from local.runtime.access import Access
from local.runtime.mns import QueueClient, decode
from tests.support.ecs_calls import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN_BODY = json.dumps({"requestId": "order-1", "parameters": {k: v for k, v in PLAIN.items() if k != "SystemDisk"}})


@pytest.fixture(name="provisioned")
def fixture_provisioned() -> Iterator[tuple[Cloud, str]]:
    """Run a provisioned cloud."""
    cloud = Cloud(config=Config(speed=20), provisioned=True)
    with running(cloud) as url:
        yield cloud, url


def call(url: str, path: str, method: str = "GET", body: str = "", **headers: str) -> tuple[int, str, dict[str, str]]:
    """Make a call; return status, text and headers."""
    asked = urllib.request.Request(url + path, body.encode() if body else None, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), dict(error.headers)


@contextmanager
def listening(url: str, last: str = "") -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    """Open the feed; yield its events, each with its id."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/_local/events", headers={"Last-Event-ID": last} if last else {})
    answer = connection.getresponse()
    assert answer.getheader("content-type", "").startswith("text/event-stream")

    def events() -> Iterator[tuple[str, dict[str, Any]]]:
        number = ""
        while line := answer.readline().decode():
            if line.startswith("id: "):
                number = line[4:].strip()
            elif line.startswith("data: "):
                yield number, json.loads(line[6:])

    try:
        yield events()
    finally:
        connection.close()


def until(events: Iterator[tuple[str, dict[str, Any]]], key: str, kind: str) -> tuple[str, list[dict[str, Any]]]:
    """Read until a request has a step of this kind; return the last number and all that was told."""
    seen = []
    for number, data in events:
        seen.append(data)
        for request in data.get("requests", []):
            if request["id"] == key and any(step["kind"] == kind for step in request["steps"]):
                return number, seen
    raise AssertionError(f"{key} had no {kind}")


def test_feed(provisioned: tuple[Cloud, str]) -> None:
    """It begins with everything, goes on with changes, and tells one that comes back what it missed, once."""
    _, url = provisioned
    with listening(url) as events:
        _, first = next(events)
        assert first["reset"] is True
        assert first["queues"][defaults.QUEUE]["visible"] == 0
        assert call(url, "/_local/enqueue", "POST", PLAIN_BODY)[0] == 201
        number, seen = until(events, "order-1", "enqueued")
        assert not any("reset" in data for data in seen)
    with QueueClient(Access.local(url), defaults.QUEUE) as queue:
        queue.receive(1, 0)
    with listening(url, number) as events:
        _, seen = until(events, "order-1", "delivered")
        assert not any("reset" in data for data in seen)
        assert [step["kind"] for data in seen for one in data.get("requests", []) for step in one["steps"]] == [
            "delivered"
        ]
    with listening(url, "another-run-7") as events:
        assert next(events)[1]["reset"] is True


def test_no_secret_in_the_feed(provisioned: tuple[Cloud, str]) -> None:
    """A message's password and user data, and a log line's unknown fields, are in no event."""
    cloud, url = provisioned
    body = (EVENTS / "messages/full.json").read_text()
    secrets = [json.loads(body)["parameters"][name] for name in ("Password", "UserData")]
    with QueueClient(Access.local(url), defaults.QUEUE) as queue:
        queue.send(body)
    call(url, "/_local/enqueue?anyway=1", "POST", body.replace('"RegionId"', '"Region"'))
    lines = [{"event": "message", "request_id": "sample-full", "end": secrets[0]}, {"event": secrets[0]}]
    call(url, "/_local/log", "POST", "\n".join(map(json.dumps, lines)))
    told = json.dumps(cloud.recorder.trace.changes().data) + call(url, "/_local/requests/sample-full")[1]
    assert "sample-full" in told
    assert not [secret for secret in secrets if secret in told]


def test_enqueue_checks_first(provisioned: tuple[Cloud, str]) -> None:
    """An invalid message is answered with every violation and not sent, unless asked for."""
    cloud, url = provisioned
    status, text, _ = call(url, "/_local/enqueue", "POST", '{"requestId": "a b", "parameters": {}}')
    assert status == 422
    assert {"requestId", "parameters.RegionId"} <= {one["field"] for one in json.loads(text)["violations"]}
    assert cloud.state()["mns"]["queues"][defaults.QUEUE]["visible"] == 0
    assert call(url, "/_local/enqueue?anyway=1", "POST", "no json")[0] == 201
    for unfit in ("", "\0", "x" * 65_537):  # as SendMessage refuses it: nobody could take it out again
        status, text, _ = call(url, "/_local/enqueue?anyway=1", "POST", unfit)
        assert (status, "MessageBody" in text) == (400, True)
    assert cloud.state()["mns"]["queues"][defaults.QUEUE]["visible"] == 1


def test_a_count_makes_many_requests(provisioned: tuple[Cloud, str]) -> None:
    """One call sends so many requests, each of its own id, and so many copies of each; other numbers are refused."""
    cloud, url = provisioned
    status, text, _ = call(url, "/_local/enqueue?count=3&copies=2", "POST", PLAIN_BODY)
    assert (status, json.loads(text)["sent"], json.loads(text)["requestId"]) == (201, 6, "order-1-003")
    assert sorted(cloud.recorder.trace.requests) == ["order-1-001", "order-1-002", "order-1-003"]
    assert cloud.state()["mns"]["queues"][defaults.QUEUE]["visible"] == 6
    for query in ("count=0", "count=1000", "count=x", "copies=-1", "count=%D9%A3"):
        status, text, _ = call(url, f"/_local/enqueue?{query}", "POST", PLAIN_BODY)
        assert (status, "from 1 to 999" in text) == (400, True)
    assert call(url, "/_local/enqueue?count=2&anyway=1", "POST", "{}")[0] == 400
    assert cloud.state()["mns"]["queues"][defaults.QUEUE]["visible"] == 6


def test_the_papers_of_a_request(provisioned: tuple[Cloud, str]) -> None:
    """One request shows its message, masked, and every different outcome as it was published, the same bytes once."""
    cloud, url = provisioned
    body = json.loads(PLAIN_BODY)
    body["parameters"]["Password"] = "Secret-123456"
    call(url, "/_local/enqueue", "POST", json.dumps(body))
    end = {"type": "provisioning.instance.completed", "data": {"requestId": "order-1"}}
    bodies = [json.dumps({**end, "id": str(number)}) for number in (1, 1, 2, 3, 4, 5, 6)]
    with cloud.lock:
        for each in bodies:
            cloud.recorder.published(defaults.TOPIC, each, 1.0)
    shown = json.loads(call(url, "/_local/requests/order-1")[1])
    assert shown["message"]["parameters"] == body["parameters"] | {"Password": "***"}
    assert shown["outcomes"] == [bodies[0], *bodies[-3:]]
    assert "message" not in json.dumps(list(cloud.recorder.trace.changes().data["requests"][0]))


def test_dead_letters(provisioned: tuple[Cloud, str]) -> None:
    """They are listed, masked, envelope taken off, and sent again by id or all at once; an unknown id is an error."""
    cloud, url = provisioned
    assert json.loads(call(url, "/_local/dead-letters")[1]) == []
    event = {"type": "mns:Queue:SendMessage", "data": {"messageId": "M1", "messageBody": PLAIN_BODY}}
    secret = '{"requestId": "order-2", "Password": "Secret-123456"}'
    with QueueClient(Access.local(url), defaults.DEAD_LETTERS) as queue:
        for body in (json.dumps(event), secret, "no json"):
            queue.send(body)
    letters = json.loads(call(url, "/_local/dead-letters")[1])
    assert [each["messages"][0]["requestId"] for each in letters] == ["order-1", "order-2", None]
    assert letters[0]["messages"][0]["message"] == json.loads(PLAIN_BODY)
    assert "Secret-123456" not in json.dumps(letters)
    assert call(url, f"/_local/dead-letters/{letters[0]['id']}", "POST")[0] == 201
    assert call(url, f"/_local/dead-letters/{letters[0]['id']}", "POST")[0] == 400
    assert len(json.loads(call(url, "/_local/dead-letters", "POST")[1])["messageIds"]) == 2
    assert call(url, "/_local/dead-letters", "POST")[0] == 400
    assert cloud.state()["mns"]["queues"][defaults.QUEUE]["visible"] == 3
    with QueueClient(Access.local(url), defaults.QUEUE) as queue:
        assert {decode(message.body) for message in queue.receive(16, 0)} == {PLAIN_BODY, secret, "no json"}


def test_a_silent_feed_can_be_told_from_a_dead_one(provisioned: tuple[Cloud, str]) -> None:
    """Every two seconds the feed tells the cloud's time, whether or not anything changed."""
    cloud, url = provisioned
    with listening(url) as events:
        times = [data["now"] for _, data in islice((one for one in events if "now" in one[1]), 2)]
    assert 1.5 < times[1] - times[0] < 6
    assert abs(times[1] - cloud.clock.now()) < 6


def test_a_worker_is_seen(provisioned: tuple[Cloud, str]) -> None:
    """A post to the log, even an empty one, says that a worker is there."""
    cloud, url = provisioned
    cloud.look()
    assert cloud.recorder.trace.part("worker") == {"state": "never"}
    assert call(url, "/_local/log", "POST")[0] == 204
    time.sleep(0.11)
    cloud.look()
    assert cloud.recorder.trace.part("worker") == {"state": "here"}


def test_the_configuration_is_shown(provisioned: tuple[Cloud, str]) -> None:
    """It is shown as it is set, so that what is read can be changed and sent back."""
    _, url = provisioned
    limits = {"stock": {"*": {"ecs.g6.large": 2}}, "readLagSeconds": 1.5}
    call(url, "/_local/config", "POST", json.dumps(limits))
    shown = json.loads(call(url, "/_local/config")[1])
    assert limits.items() <= shown.items()
    assert call(url, "/_local/config", "POST", json.dumps(shown))[0] == 204


def test_faults_are_listed_and_removed(provisioned: tuple[Cloud, str]) -> None:
    """Each pending fault has an id; one or all can be removed; an id that does not wait is an error."""
    _, url = provisioned
    faults = [{"service": "ecs", "action": "StartInstance", "effect": "delay", "delaySeconds": 1, "times": 2}] * 3
    call(url, "/_local/faults", "POST", json.dumps(faults))
    listed = json.loads(call(url, "/_local/faults")[1])
    assert [fault["id"] for fault in listed] == [1, 2, 3]
    assert faults[0].items() <= listed[0].items()
    assert call(url, "/_local/faults/2", "DELETE")[0] == 204
    assert [fault["id"] for fault in json.loads(call(url, "/_local/faults")[1])] == [1, 3]
    assert call(url, "/_local/faults/2", "DELETE")[0] == 400
    assert call(url, "/_local/faults", "DELETE")[0] == 204
    assert json.loads(call(url, "/_local/faults")[1]) == []


def test_one_request(provisioned: tuple[Cloud, str]) -> None:
    """What happened to one request, by its id; 404 for one that nobody has told of."""
    _, url = provisioned
    call(url, "/_local/enqueue", "POST", PLAIN_BODY)
    assert json.loads(call(url, "/_local/requests/order-1")[1])["state"] == "queued"
    assert json.loads(call(url, "/_local/requests?id=order-1")[1])["state"] == "queued"
    assert call(url, "/_local/requests/nobody")[0] == 404


@pytest.mark.parametrize("path", ["/", "/_page/app.js", "/_page/samples.json", "/_local/events", "/_local/requests/x"])
@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_page_and_feed_refuse_other_origins(provisioned: tuple[Cloud, str], path: str, headers: dict[str, str]) -> None:
    """A page of elsewhere gets neither the page nor the feed."""
    assert call(provisioned[1], path, **headers)[0] == 403


def test_page_at_the_root(provisioned: tuple[Cloud, str]) -> None:
    """A browser's GET / gets the page, with nothing from elsewhere in it; an action of ECS at / is still ECS's."""
    _, url = provisioned
    status, text, headers = call(url, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    for found in (call(url, "/?Action=DescribeInstances"), call(url, "/", **{"x-acs-action": "DescribeInstances"})):
        assert json.loads(found[1])["Code"]
    for name in ("look.css", "app.js", "faults.json", "mark.svg"):
        assert call(url, f"/_page/{name}")[0] == 200
    for name in ("../cloud/cloud.py", "..%2fcloud%2fcloud.py", "samples.py", ""):
        assert call(url, f"/_page/{name}")[0] == 404
