"""The `/_local` calls and the server around them."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from local.cloud.cloud import Cloud
from local.cloud.config import Checks, Config
from local.cloud.server import listen, running
from tests.functional.cloud.test_mns_queues import make
from tests.support.ecs_calls import create, statuses

if TYPE_CHECKING:
    from tests.support.clients import Clients


def refused(cloud: Clients, call: str, data: object = None) -> tuple[int, str]:
    """Return status and words of a refused call."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        cloud.local(call, data)
    with caught.value as answer:
        return answer.code, json.load(answer)["error"]


def test_state(cloud: Clients) -> None:
    """The state shows instances with tags, queues, topics and how often each action was called."""
    create(cloud.ecs(), Tag=[{"Key": "team", "Value": "web"}])
    make(cloud)
    state = cloud.local("state")
    (instance,) = state["ecs"]["instances"]
    assert (instance["Status"], instance["Tags"]) == ("Pending", {"team": "web"})
    assert state["mns"] == {"queues": {"work": {"visible": 0, "inFlight": 0, "delayed": 0}}, "topics": {}}
    assert state["calls"] == {"ecs.CreateInstance": 1, "mns.CreateQueue": 1}


def test_access(cloud: Clients) -> None:
    """The cloud tells path and query of what it was asked, as they were sent; its own calls and a reset aside."""
    create(cloud.ecs(), InstanceName="a-b")
    (target,) = cloud.local("access")
    assert target.startswith("/?")
    assert "InstanceName=a-b" in target
    cloud.local("reset", {})
    assert cloud.local("access") == []


def test_clock_and_reset(cloud: Clients) -> None:
    """The driven clock moves forward only; a reset forgets everything, faults and configuration too."""
    ecs = cloud.ecs()
    instance_id = create(ecs)
    cloud.local("clock", {"advance": 60})
    assert statuses(ecs) == {instance_id: "Stopped"}
    assert refused(cloud, "clock", {"advance": -1})[0] == 400
    assert refused(cloud, "clock", {"seconds": 1})[0] == 400
    cloud.local("faults", {"service": "ecs", "action": "StartInstance", "effect": "delay"})
    cloud.local("config", {"stock": {"*": {"*": 0}}, "delays": {"Pending": 100}})
    cloud.local("reset", {})
    assert cloud.local("state")["ecs"]["instances"] == []
    assert cloud.local("state")["calls"] == {}
    assert cloud.cloud.faults.pending == []
    assert create(ecs) != instance_id
    cloud.local("clock", {"advance": 3})
    assert set(statuses(ecs).values()) == {"Stopped"}


@pytest.mark.parametrize(
    "config",
    [
        [],
        {"stick": {}},
        {"stock": {"cn-hangzhou-h": 1}},
        {"quotas": {"*": {"*": -1}}},
        {"delays": {"Sleeping": 1}},
        {"delays": {"Pending": -1}},
        {"delays": {"Pending": True}},
        {"readLagSeconds": "1"},
        {"tokenSeconds": -1},
    ],
)
def test_a_mistake_in_the_configuration_changes_nothing(cloud: Clients, config: object) -> None:
    """Unknown names and wrong shapes are refused with words."""
    before = (cloud.cloud.config.stock, dict(cloud.cloud.config.delays))
    status, words = refused(cloud, "config", config)
    assert status == 400
    assert words
    assert (cloud.cloud.config.stock, cloud.cloud.config.delays) == before


@pytest.mark.usefixtures("cloud")
def test_nesting_without_end_is_refused(cloud_url: str) -> None:
    """JSON that no reader's stack holds is a mistake in words, like other broken JSON."""
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{cloud_url}/_local/config", b"[" * 50_000, timeout=5)
    with refusal.value as answer:
        assert (answer.code, "nested too deeply" in answer.read().decode()) == (400, True)


def test_unknown_calls_name_the_known_ones(cloud: Clients) -> None:
    """A call that does not exist says which do; a real clock cannot be advanced."""
    assert "POST faults" in refused(cloud, "fault", {})[1]
    assert refused(cloud, "clock")[0] == 404
    with running(Cloud()) as url:
        cloud.url = url
        assert refused(cloud, "clock", {"advance": 1})[0] == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:4566"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:4566"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "127.0.0.1:4566", "Origin": "http://127.0.0.1:4566"}, 200),
        ({"Host": "127.0.0.1:4566", "Origin": "http://127.0.0.1:80"}, 403),
    ],
)
def test_other_origins_are_refused(cloud_url: str, cloud: Clients, headers: dict[str, str], status: int) -> None:
    """A web page of elsewhere can neither change nor read the local cloud, nor through a name of its own."""
    assert cloud.url == cloud_url
    assert status_of(cloud_url, "/_local/state", headers) == status


def status_of(url: str, path: str, headers: dict[str, str]) -> int:
    """Call a path with headers of one's own and return the answer's status."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example:4566"}])
@pytest.mark.parametrize("path", ["/queues/provision-requests/messages?peekonly=true", "/?Action=DescribeInstances"])
def test_the_services_are_for_no_web_page(headers: dict[str, str], path: str) -> None:
    """Signatures keep no web page out, since the keys are published: a foreign Origin or name is refused first."""
    with running(Cloud(config=Config(checks=Checks(signatures=False)))) as url:
        assert status_of(url, path, {}) != 403
        assert status_of(url, path, headers) == 403


def test_a_port_in_use() -> None:
    """A port that is taken is an error that names the address."""
    with listen("127.0.0.1", 0) as taken, pytest.raises(OSError, match="cannot listen on 127.0.0.1:"):  # noqa: RUF043 - dots are fine
        listen("127.0.0.1", taken.getsockname()[1])


def test_loopback_only() -> None:
    """Unless told otherwise the server is on the loopback address."""
    with running(Cloud()) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            assert connection.getpeername()[0] == "127.0.0.1"
        assert url.startswith("http://127.0.0.1:")


def test_speed_divides_the_clouds_own_delays() -> None:
    """At ten times the speed transitions and read lag take a tenth."""
    config = Config(speed=10, read_lag_seconds=5)
    assert (config.delay("Pending"), config.delay("Starting"), config.read_lag) == (0.3, 0.2, 0.5)
