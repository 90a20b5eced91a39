"""The feed, the page and the calls behind it, as programs see them."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.config import Config
from local.cloud.server import running
from local.project import EVENTS
from local.runtime.access import Access
from local.runtime.mns import QueueClient
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
    assert cloud.state()["mns"]["queues"][defaults.QUEUE]["visible"] == 1


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
    for name in ("page.css", "app.js", "faults.json"):
        assert call(url, f"/_page/{name}")[0] == 200
    for name in ("../cloud/cloud.py", "..%2fcloud%2fcloud.py", "samples.py", ""):
        assert call(url, f"/_page/{name}")[0] == 404
