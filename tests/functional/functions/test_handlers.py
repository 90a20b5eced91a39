"""The two handlers, called as the platform calls them, against the local cloud."""

from __future__ import annotations

import base64
import json
import time
from contextlib import nullcontext, suppress
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from mns.queue import QueueMeta
from mns.topic import TopicMeta

from functions import poll, provision
from local import defaults
from shared.bootstrap import close
from shared.domain.errors import catalogue
from shared.domain.redact import Redactor
from shared.settings import SettingsError
from tests.reliability.fuzz import SECRETS, draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.clients import Clients

PASSWORD = "Hunter2+/&%"
KEYS = SimpleNamespace(
    access_key_id=defaults.ACCESS_KEY_ID, access_key_secret=defaults.ACCESS_KEY_SECRET, security_token=None
)
OLD = SimpleNamespace(request_id="r-310", function=SimpleNamespace(timeout=100), credentials=KEYS)
NEW = SimpleNamespace(request_id="r-312", function=SimpleNamespace(timeout=100))
PARAMETERS = {
    "RegionId": defaults.REGION,
    "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
    "InstanceType": "ecs.g6.large",
    "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
    "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
    "Password": PASSWORD,
}


@pytest.fixture(autouse=True)
def environment(cloud: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set what the platform would set, and make the queue and the topic."""
    settings = {
        "DEPLOYMENT": "test",
        "STORE": "sqlite",
        "SQLITE_PATH": str(tmp_path / "store.db"),
        "MNS_ENDPOINT": cloud.url,
        "ECS_ENDPOINT": cloud.ecs_endpoint,
        "POLL_SECONDS": "1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"PROVISIONER_{name}", value)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", defaults.ACCESS_KEY_ID)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", defaults.ACCESS_KEY_SECRET)
    cloud.mns().get_queue(defaults.QUEUE).create(QueueMeta())
    cloud.mns().get_topic(defaults.TOPIC).create(TopicMeta())
    yield
    close()


def event(*bodies: str) -> bytes:
    """Return a trigger event with these bodies."""
    return json.dumps(
        [
            {
                "id": f"e{number}",
                "type": "mns:Queue:SendMessage",
                "time": "2026-11-24T00:00:00Z",
                "data": {"messageId": f"M{number}", "messageBody": body},
            }
            for number, body in enumerate(bodies)
        ]
    ).encode()


def message(request_id: str, **changes: object) -> str:
    """Return a valid message."""
    return json.dumps({"requestId": request_id, "start": False, "parameters": PARAMETERS | changes})


def outcomes(cloud: Clients) -> dict[str, dict[str, Any]]:
    """Return what was published, by subject."""
    published = [json.loads(text) for text in cloud.cloud.state()["mns"]["topics"][defaults.TOPIC]]
    return {outcome["subject"]: outcome for outcome in published}


@pytest.mark.parametrize("context", [OLD, NEW], ids=["3.10", "3.12"])
def test_from_message_to_outcome(cloud: Clients, context: object, capfd: pytest.CaptureFixture[str]) -> None:
    """A batch is provisioned and polled to its outcomes, under both runtimes' contexts, and no secret is written."""
    provision.initializer(context)
    encoded = base64.b64encode(message("order-2").encode()).decode()
    answer = provision.handler(event(message("order-1"), encoded, "no JSON", message("order-3", Size=1)), context)
    assert json.loads(answer) == {"created": 2, "refused": 2}
    cloud.cloud.clock.advance(60)
    poll.initializer(context)
    ended, begun = 0, time.monotonic()
    while ended < 2 and time.monotonic() < begun + 15:
        ended += json.loads(poll.handler(b'{"triggerTime": "2026-11-24T00:00:00Z", "payload": ""}', context))["ended"]
        time.sleep(0.2)
    types = {subject: outcome["type"].rpartition(".")[2] for subject, outcome in outcomes(cloud).items()}
    assert types == {"order-1": "completed", "order-2": "completed", "M2": "failed", "order-3": "failed"}
    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["request_id"] for line in lines if line["event"] == "message"} >= {"order-1", "order-2", "order-3"}
    assert {line["invocation"] for line in lines} == {context.request_id}  # type: ignore[attr-defined] # either shape
    assert "Hunter2" not in out + err
    assert defaults.ACCESS_KEY_SECRET not in out + err
    assert_nothing_in_urls(cloud)


def test_what_errors_mean_is_known_before_the_first(cloud: Clients) -> None:
    """A process that is ready needs no file any more to say what an error means: it may be that it can open none."""
    assert cloud.url
    catalogue.load.cache_clear()
    provision.initializer(NEW)
    assert catalogue.load.cache_info().currsize == 1


def assert_nothing_in_urls(cloud: Clients) -> None:
    """Fail when a URL, as the local cloud saw it on the wire, says anything of a message."""
    assert "/" in cloud.cloud.access  # ECS was called
    for text in ("Hunter2", "order-1", "ecs.g6.large", defaults.REGION):
        assert not any(text in target for target in cloud.cloud.access)


def test_the_search_of_urls_bites(cloud: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with the parameters back in the query the request is made all the same, and its password is seen."""
    monkeypatch.setenv("PROVISIONER_ECS_PARAMETERS", "query")
    provision.initializer(NEW)
    assert json.loads(provision.handler(event(message("order-1")), NEW)) == {"created": 1}
    with pytest.raises(AssertionError):
        assert_nothing_in_urls(cloud)
    assert any("Hunter2" in target for target in cloud.cloud.access)


def test_inline_secrets_can_be_refused(cloud: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """With PROVISIONER_INLINE_SECRETS=refuse a message with a password is refused, and told what to do instead."""
    monkeypatch.setenv("PROVISIONER_INLINE_SECRETS", "refuse")
    provision.initializer(NEW)
    assert json.loads(provision.handler(event(message("order-1")), NEW)) == {"refused": 1}
    (violation,) = outcomes(cloud)["order-1"]["data"]["violations"]
    assert (violation["field"], violation["code"]) == ("parameters.Password", "InvalidParameter")
    assert "KeyPairName" in violation["message"]
    assert "PasswordInherit" in violation["message"]


def test_a_single_event(cloud: Clients) -> None:
    """One CloudEvent that is no array is a batch of one."""
    (single,) = json.loads(event(message("order-1")))
    assert json.loads(provision.handler(json.dumps(single).encode(), NEW)) == {"created": 1}
    assert len(cloud.cloud.state()["ecs"]["instances"]) == 1


@pytest.mark.parametrize("unreadable", [b"\xff{", b'[{"messageBody": "Hunter2"}', b'[{"type": "Hunter2"}]'])
def test_an_event_that_is_no_batch_ends_the_process(
    cloud: Clients, capfd: pytest.CaptureFixture[str], unreadable: bytes
) -> None:
    """What was taken for it is nowhere recorded, so it is not acknowledged; nothing is published or printed."""
    with pytest.raises(SystemExit) as caught:
        provision.handler(unreadable, NEW)
    assert caught.value.code == 1
    assert outcomes(cloud) == {}
    out, err = capfd.readouterr()
    assert json.loads(out)["error"].startswith("The event")
    assert "Hunter2" not in out + err


def test_one_bad_byte_refuses_one_message(cloud: Clients) -> None:
    """A byte that is no UTF-8 makes the message malformed in whose body it stands; its neighbours are provisioned."""
    batch = event(message("order-1"), message("order-2", InstanceName="web-@"), message("order-3"))
    assert json.loads(provision.handler(batch.replace(b"@", b"\xff"), NEW)) == {"created": 2, "refused": 1}
    (outcome,) = outcomes(cloud).values()
    assert (outcome["subject"], outcome["data"]["error"]["code"]) == ("M1", "MalformedMessage")


def test_it_fails_without_a_word_when_a_message_would_be_lost(
    cloud: Clients, capfd: pytest.CaptureFixture[str]
) -> None:
    """When a message can neither be handled nor sent again the process ends: a raise would print the event."""
    provision.initializer(NEW)
    for service, action in (("ecs", "CreateInstance"), ("mns", "SendMessage")):
        cloud.cloud.faults.add({"service": service, "action": action, "effect": "lose-request", "times": 5})
    with pytest.raises(SystemExit) as caught:
        provision.handler(event(message("order-1")), NEW)
    assert caught.value.code == 1
    assert "Hunter2" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("function", [provision.handler, poll.handler])
def test_settings_are_named_at_once(
    function: Callable[..., object], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without its settings a function fails with a line that names them all."""
    monkeypatch.delenv("PROVISIONER_DEPLOYMENT")
    monkeypatch.setenv("PROVISIONER_WORKERS", "many")
    with pytest.raises((SystemExit, poll.PollFailed)):
        function(event(message("order-1")), NEW)
    out, err = capfd.readouterr()
    assert "PROVISIONER_DEPLOYMENT is not set; PROVISIONER_WORKERS is 'many'" in out
    assert "Hunter2" not in out + err


@pytest.mark.parametrize("function", [provision.initializer, poll.initializer])
def test_an_initializer_fails_loudly(function: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong setting is found when the instance starts, before any message is taken."""
    monkeypatch.setenv("PROVISIONER_STORE", "memory")
    with pytest.raises(SettingsError, match="PROVISIONER_STORE"):
        function(NEW)


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """A function without a role says what it lacks."""
    monkeypatch.delenv("ALIBABA_CLOUD_ACCESS_KEY_ID")
    with pytest.raises(poll.PollFailed, match="give the function a role"):
        poll.handler(b"{}", NEW)
    assert "CredentialsMissing" in capfd.readouterr().out


def test_what_nobody_expected_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of an unexpected exception only type and place get out, never its text."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(PASSWORD)

    monkeypatch.setattr(provision, "provision", broken)
    with pytest.raises(SystemExit):
        provision.handler(event(message("order-1")), NEW)
    out, err = capfd.readouterr()
    assert "Hunter2" not in out + err
    line = json.loads(out.splitlines()[-1])
    assert (line["event"], line["error_type"]) == ("provision_failed", "RuntimeError")
    assert line["where"][-1].startswith("test_handlers.py:")


@pytest.mark.slow
def test_spoilt_events_fail_no_invocation(cloud: Clients, capfd: pytest.CaptureFixture[str]) -> None:
    """Through the handler, too: a spoilt event is answered, its good message is taken up, and nothing leaks."""
    for number in range(100):
        drawn = draw(Random(number), number)  # noqa: S311 - a seed, no secret
        with nullcontext() if drawn.good else suppress(SystemExit):
            provision.handler(drawn.text, NEW)
        if drawn.good is not None:
            tags = [item["Tags"][defaults.REQUEST_TAG] for item in cloud.cloud.state()["ecs"]["instances"]]
            assert drawn.good in {tag.partition("/")[2] for tag in tags}
    seen = capfd.readouterr().out + json.dumps(cloud.cloud.state()["mns"]["topics"])
    assert Redactor(SECRETS).redact(seen) == seen
