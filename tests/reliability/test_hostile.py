"""Twenty thousand hostile parameter sets: no call for a foreign host, nothing raises, every message is answered."""

from __future__ import annotations

import json
import re
import socket
import threading
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import responses
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions

from shared.adapters.control import KeptControl
from shared.adapters.ecs.client import Ecs
from shared.adapters.policy_cache import PolicyCache
from shared.adapters.sqlite import SqliteStore
from shared.adapters.system import SystemClock, SystemEntropy
from shared.domain.create_instance.view import CheckOptions
from shared.domain.message.request import Delivery
from shared.domain.timings import Timings
from shared.logs import open_log
from shared.ports import ApiFailure, Ports
from shared.settings import Credentials
from shared.usecases.provision import provision
from tests.reliability.hostile import parameters, region

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import PreparedRequest

SETS, PARTS, BATCH = 20_000, 4, 50
RULE = re.compile(r"ecs\.(?:[a-z]{2}|rus)(?:-[a-z0-9]+)+\.aliyuncs\.com")
KEYS = Credentials("key-id", "very-secret-key", "sts-token")


class Outside:
    """Queue and topic, which take what they are given, and the net below the SDK, which notes every host."""

    def __init__(self) -> None:
        self.hosts: set[str] = set()
        self.urls: list[str] = []
        self.published: list[str] = []
        self.sent: list[str] = []

    def publish(self, body: str, _tag: str) -> None:
        """Publish an outcome."""
        self.published.append(body)

    def send(self, body: str, _delay: int) -> str:
        """Send a message again."""
        self.sent.append(body)
        return f"copy-{len(self.sent)}"

    def answer(self, request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        """Answer a call, whatever it asks."""
        url = str(request.url)
        self.urls.append(url)
        self.hosts |= {urlsplit(url).netloc, str(request.headers["host"])}
        return 200, {}, json.dumps({"InstanceId": f"i-{len(self.urls)}"})


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    """Stand below the SDK: every request is answered here, and no name is looked up.

    Another test's server may still be at work in a thread of its own: its look-ups are not these messages'.
    """
    found, own, look_up = Outside(), threading.current_thread(), socket.getaddrinfo

    def refuse(host: str, *more: Any, **options: Any) -> Any:
        if threading.current_thread() is not own:
            return look_up(host, *more, **options)
        found.hosts.add(host)
        raise socket.gaierror(socket.EAI_NONAME, "looked up")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:

        def answer(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
            mock.calls.reset()
            return found.answer(request)

        mock.add_callback("POST", re.compile(".*", re.DOTALL), answer)
        yield found


def foreign(hosts: set[str]) -> set[str]:
    """Return the hosts that are neither the SDK's own for a region nor made by its rule."""
    client = Client(Config(access_key_id="id", access_key_secret="secret", region_id="cn-hangzhou"))
    known = set(client._endpoint_map.values())  # noqa: SLF001 - the SDK shows it nowhere else
    return {host for host in hosts if host not in known and not RULE.fullmatch(host)}


@pytest.mark.parametrize("part", range(PARTS))
def test_no_message_sends_a_call_elsewhere(part: int, outside: Outside) -> None:
    """Whatever a message holds, it is answered, and calls go to hosts of the endpoint map alone."""
    store = SqliteStore(":memory:")
    clock = SystemClock()
    ecs = Ecs(KEYS, call_seconds=5)
    ports = Ports(
        ecs, store, outside, outside, clock, SystemEntropy(), open_log("error"), PolicyCache(store), KeptControl(store)
    )  # type: ignore[arg-type] # the queue function's part of them
    for first in range(part * SETS // PARTS, (part + 1) * SETS // PARTS, BATCH):
        batch = [_delivery(number) for number in range(first, first + BATCH)]
        before = len(outside.published)
        done = provision(
            batch, ports, Timings(deployment="hostile"), CheckOptions(), ends_at=clock.now() + 100, workers=1
        )
        assert done.unacknowledged == ()
        assert sum(done.ends.values()) == BATCH
        refused = {json.loads(text)["data"]["messageId"] for text in outside.published[before:]}
        assert len(refused) + done.ends.get("created", 0) == BATCH, done.ends
    store.close()
    assert foreign(outside.hosts) == set()
    assert outside.sent == []
    assert len(outside.urls) > SETS / PARTS / 50  # good ones are among them
    assert {urlsplit(url).query for url in outside.urls} == {""}


def test_no_record_sends_a_call_elsewhere(outside: Outside) -> None:
    """The same for what an old record may hold: the adapter refuses it by itself, with an answer of the port's."""
    ecs = Ecs(KEYS, call_seconds=5)
    answered = 0
    for number in range(SETS):
        rng = Random(number)  # noqa: S311 - a seed, no secret
        where = region(rng)
        try:
            if number % 2:
                ecs.create({"RegionId": where, "InstanceType": "t", "ClientToken": "c"})
            else:
                ecs.delete(where if isinstance(where, str) else str(where), "i-1")
            answered += 1
        except ApiFailure as failure:
            assert failure.error.code == "InvalidRegionId.NotFound"  # noqa: PT017 - most, not all, are refused
    assert foreign(outside.hosts) == set()
    assert answered == len(outside.urls) > SETS / 50


@pytest.mark.parametrize("where", ["evil.example.com/x", "x@host:1/", "oss-cn-hangzhou"])
def test_the_search_for_foreign_hosts_finds_them(where: str, outside: Outside) -> None:
    """Control: without the adapter's check, the same net sees the SDK's call go elsewhere."""
    client = Client(Config(access_key_id="id", access_key_secret="secret", region_id=where))
    client.start_instance_with_options(models.StartInstanceRequest(instance_id="i-1"), RuntimeOptions())
    assert foreign(outside.hosts)


def _delivery(number: int) -> Delivery:
    drawn: dict[str, Any] = {"requestId": f"hostile-{number}", "parameters": parameters(Random(number))}  # noqa: S311 - a seed
    return Delivery(f"m-{number}", json.dumps(drawn), 0.0)
