"""The examples, as they stand, in processes of their own against a local cloud and the worker."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import pytest
from mns.topic import TopicMessage

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.config import Config
from local.cloud.server import running
from local.project import ROOT
from tests.support.clients import Clients
from tests.support.place import PARAMETERS, Place
from tests.support.processes import CLEAN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mns.account import Account

NODE = shutil.which("node")
MODULES = ROOT / "tests/functional/node/node_modules"
without_node = pytest.mark.skipif(
    NODE is None or not MODULES.is_dir(),
    reason="Node.js or its SDKs are not here: npm ci --prefix tests/functional/node",
)
PYTHON = pytest.param([sys.executable], "python", "py", id="python")
NODE_JS = pytest.param([str(NODE)], "node", "js", id="node", marks=without_node)
LANGUAGES = pytest.mark.parametrize(("interpreter", "folder", "ending"), [PYTHON, NODE_JS])

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Run a local cloud."""
    cloud = Cloud(config=Config(speed=20), provisioned=True)
    with running(cloud) as url:
        yield Place(cloud, url, tmp_path)


class Language:
    """Runs the examples of one language as docs/integrate.md says."""

    def __init__(self, place: Place, interpreter: list[str], folder: str, ending: str) -> None:
        self._command = interpreter
        self._folder, self._ending = ROOT / "examples" / folder, ending
        self.place = place
        self.environ = CLEAN | {
            "MNS_ENDPOINT": place.url,
            "ACCOUNT": defaults.ACCOUNT_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": defaults.ACCESS_KEY_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": defaults.ACCESS_KEY_SECRET,
            "HANDLED": str(place.folder / f"handled-{folder}"),
            "NODE_PATH": str(MODULES),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def command(self, script: str, *arguments: str) -> list[str]:
        """Return the command line of a script."""
        return [*self._command, str(self._folder / f"{script}.{self._ending}"), *arguments]

    def run(self, script: str, *arguments: str, **environ: str) -> list[str]:
        """Run a script to its end and return the lines it prints."""
        done = subprocess.run(
            self.command(script, *arguments), env=self.environ | environ, cwd=self.place.folder, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    @contextmanager
    def serving(self, script: str, errors: IO[str]) -> Iterator[tuple[str, IO[str]]]:
        """Run a script that listens; yield its URL and what it prints after it."""
        command = self.command(script, "0")
        with subprocess.Popen(
            command, env=self.environ, cwd=self.place.folder, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process:
            assert process.stdout is not None
            try:
                yield process.stdout.readline().rpartition(" ")[2].strip(), process.stdout
            finally:
                process.terminate()


@pytest.fixture
def language(place: Place, interpreter: list[str], folder: str, ending: str) -> Language:
    """Return the examples of a language."""
    return Language(place, interpreter, folder, ending)


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
    lines = language.run("receive", "3")
    assert lines == ["a: the dry run passed", "b: ignored, an outcome of type provisioning.instance.moved"]
    publish(language.place, outcome("a"), outcome("c"))
    assert language.run("receive", "2") == ["c: the dry run passed"]
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
