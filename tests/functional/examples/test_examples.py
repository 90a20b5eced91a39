"""The examples, as they stand, in processes of their own against a local cloud and the worker."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mns.topic import TopicMessage

from local import defaults
from local.project import ROOT
from tests.support.clients import Clients
from tests.support.examples import LANGUAGES, PYTHON, Language
from tests.support.place import PARAMETERS
from tests.support.processes import CLEAN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mns.account import Account

    from tests.support.place import Place

pytestmark = pytest.mark.slow


def message(folder: Path, request_id: str, parameters: dict[str, object] | None = None, **more: object) -> str:
    """Write a message to a file and return its name."""
    path = folder / f"{request_id}.json"
    path.write_text(json.dumps({"requestId": request_id, "parameters": PARAMETERS | (parameters or {}), **more}))
    return str(path)


@LANGUAGES
def test_sent_and_received(language: Language) -> None:
    """Each kind of outcome comes back to the receiver as one line; a message sent twice buys one instance."""
    place = language.place
    files = [
        message(place.folder, "good"),
        message(place.folder, "dry", {"DryRun": True}),
        message(place.folder, "bad", {"InstanceName": "x"}),
        message(place.folder, "good"),
    ]
    assert [line.split(" sent as ")[0] for line in language.run("send", *files)] == ["good", "dry", "bad", "good"]
    with place.worker():
        lines = sorted(language.run("receive", "3"))
    assert lines[0].startswith("bad: InvalidInstanceName.Malformed (invalid_parameter, retry never): ")
    assert lines[1] == "dry: the dry run passed"
    assert lines[2].startswith("good: i-")
    assert lines[2].endswith(" is Running")
    assert place.instances() == {"good": 1}


@LANGUAGES
def test_a_body_travels_in_base64(language: Language) -> None:
    """What the sender puts in is base64 of the JSON, as the queue's trigger expects it, non-ASCII characters too."""
    language.run("send", message(language.place.folder, "one", metadata={"who": "Zoë"}))
    with connected(language.place) as account:
        queue = account.get_queue(defaults.QUEUE)
        queue.set_encoding(False)
        body = queue.receive_message(1).message_body
    assert json.loads(base64.b64decode(body, validate=True))["metadata"] == {"who": "Zoë"}


@contextmanager
def connected(place: Place) -> Iterator[Account]:
    """Connect to the cloud's MNS."""
    clients = Clients(place.cloud, place.url, "http")
    try:
        yield clients.mns()
    finally:
        clients.close()


def publish(place: Place, *bodies: str) -> None:
    """Publish outcomes as the worker does, bytes as they are."""
    with connected(place) as account:
        topic = account.get_topic(defaults.TOPIC)
        for body in bodies:
            topic.publish_message(TopicMessage(body, "completed"))


def outcome(identity: str, **change: Any) -> str:
    """Return a completed outcome of a dry run."""
    event = {
        "specversion": "1.0", "id": identity, "type": "provisioning.instance.completed", "subject": identity,
        "data": {"requestId": identity, "instance": None, "dryRun": True},
    }  # fmt: skip
    return json.dumps(event | change)


@LANGUAGES
def test_a_repeat_is_handled_once(language: Language) -> None:
    """The same id again, in this run or a later one, is deleted and nothing more; an unknown type is no end."""
    publish(language.place, outcome("a"), outcome("a"), outcome("b", type="provisioning.instance.moved"))
    lines = language.run("receive", "2")
    assert lines == ["a: the dry run passed", "b: ignored, an outcome of type provisioning.instance.moved"]
    publish(language.place, outcome("a"), outcome("c"))
    assert language.run("receive", "1") == ["c: the dry run passed"]
    assert set(language.place.queue(defaults.INBOX).values()) == {0}


@LANGUAGES
def test_what_cannot_be_handled_stays(language: Language) -> None:
    """An outcome whose handling fails is not deleted, and does not stop the next one."""
    publish(language.place, "no JSON", outcome("a"))
    done = subprocess.run(
        language.command("receive", "1"), env=language.environ, cwd=language.place.folder, capture_output=True,
        text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout == "a: the dry run passed\n"
    assert " comes again: " in done.stderr
    assert language.place.queue(defaults.INBOX)["inFlight"] == 1


@pytest.mark.parametrize(("interpreter", "folder", "ending"), [PYTHON])
def test_each_consumer_has_an_inbox(language: Language) -> None:
    """A second inbox gets every outcome, whoever reads the first; subscribing again changes nothing."""
    for _ in range(2):
        language.run("subscribe", "billing")
    publish(language.place, outcome("a"))
    for inbox in (defaults.INBOX, "billing"):
        handled = str(language.place.folder / inbox)
        assert language.run("receive", "1", INBOX=inbox, HANDLED=handled) == ["a: the dry run passed"]


@LANGUAGES
def test_pushes(language: Language, tmp_path: Path) -> None:
    """A subscribed endpoint gets outcomes by signed pushes, and handles each once."""
    subscriber = Language(language.place, [sys.executable], "python", "py")
    with (tmp_path / "errors").open("w") as errors, language.serving("receive_pushes", errors) as (url, lines):
        subscriber.run("subscribe", "site", url + "outcomes?token=1")
        publish(language.place, outcome("a"), outcome("a"), outcome("b"))
        assert [lines.readline() for _ in range(2)] == ["a: the dry run passed\n", "b: the dry run passed\n"]
    assert (tmp_path / "errors").read_text() == ""


def test_the_variables_are_named(tmp_path: Path) -> None:
    """Without an endpoint an example says which variable to set, and prints no traceback."""
    environ = {name: value for name, value in os.environ.items() if name != "MNS_ENDPOINT"}
    command = [sys.executable, str(ROOT / "examples/python/receive.py"), "1"]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "set MNS_ENDPOINT; docs/integrate.md says to what\n")


def test_mnscmd_sends(place: Place) -> None:
    """The shell's lines of docs/integrate.md put a message in, in base64."""
    command = str(Path(sys.executable).with_name("mnscmd"))
    environ = CLEAN | {"HOME": str(place.folder)}
    keys = [f"--accesskeyid={defaults.ACCESS_KEY_ID}", f"--accesskeysecret={defaults.ACCESS_KEY_SECRET}"]
    body = '{"requestId": "from-shell"}'
    for arguments in (
        ["config", f"--mnsendpoint={place.url}", *keys],
        ["sendmessage", f"--queuename={defaults.QUEUE}", f"--body={body}"],
    ):
        subprocess.run(
            [command, *arguments], env=environ, cwd=place.folder, timeout=60, check=True, capture_output=True
        )
    with connected(place) as account:
        queue = account.get_queue(defaults.QUEUE)
        queue.set_encoding(False)
        assert base64.b64decode(queue.receive_message(1).message_body, validate=True).decode() == body


def test_the_guide_names_what_is_there() -> None:
    """Every script the guide runs exists, and every script that can be run is in the guide."""
    guide = (ROOT / "docs/integrate.md").read_text(encoding="utf-8")
    named = set(re.findall(r"examples/(?:python|node)/[a-z_]+\.(?:py|js)", guide))
    helpers = {"clients", "outcomes"}
    there = {
        str(path.relative_to(ROOT)) for kind in ("python/*.py", "node/*.js") for path in (ROOT / "examples").glob(kind)
    }
    assert named == {name for name in there if Path(name).stem not in helpers}
