"""The commands together, each in a process of its own, as a person uses them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from local.samples import Samples
from tests.support.processes import command, free_port, json_lines, serving

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
PLAIN = "events/messages/plain.json"


@pytest.mark.parametrize("store", ["sqlite", "tablestore"])
def test_demo(store: str) -> None:
    """`demo` prints each outcome's CloudEvent as a JSON line and ends with 0 when all are as they should be."""
    done = command("demo", "--store", store)
    assert done.returncode == 0, done.stderr
    outcomes = json_lines(done.stdout)
    assert len(outcomes) == len(Samples.load().messages)
    assert {outcome["specversion"] for outcome in outcomes} == {"1.0"}
    assert "10 of 10" in done.stderr


def test_up_enqueue_listen_status(tmp_path: Path) -> None:
    """A message put in with `enqueue` comes out with `listen`, and `status` knows it."""
    data = str(tmp_path / "data")
    with serving(tmp_path / "log", "up", "--port", str(free_port()), "--data", data, "--speed", "20") as ready:
        endpoint = ready["endpoint"]
        sent = json_lines(command("enqueue", PLAIN, "--endpoint", endpoint).stdout)
        heard = command("listen", "--count", "1", "--timeout", "20", environ={"PROVISIONER_ENDPOINT": endpoint})
        (outcome,) = json_lines(heard.stdout)
        assert heard.returncode == 0
        assert outcome["data"]["messageId"] == sent[0]["messageId"]
        known = command("status", "sample-plain", "--endpoint", endpoint)
        offline = command("status", "sample-plain", "--data", data)
        assert (known.returncode, known.stdout) == (offline.returncode, offline.stdout)
        assert known.returncode == 0
        record = json.loads(known.stdout)
        assert (record["state"], record["outcome"]) == ("completed", outcome)
        assert not [name for name, value in record.items() if isinstance(value, float) and value > 1e9]
        assert command("status", "nobody", "--data", data).returncode == 1
        quiet = command("listen", "--count", "1", "--timeout", "1", "--endpoint", endpoint)
        assert (quiet.returncode, quiet.stdout) == (1, "")


def test_cloud_and_run_apart(tmp_path: Path) -> None:
    """`cloud` and `run` are the two halves of `up`, also with the records in the cloud's Tablestore."""
    port = str(free_port())
    with serving(tmp_path / "cloud.log", "cloud", "--port", port, "--speed", "20") as cloud:
        endpoint = cloud["endpoint"]
        run = ["run", "--endpoint", endpoint, "--store", "tablestore", "--data", str(tmp_path)]
        with serving(tmp_path / "run.log", *run):
            command("enqueue", PLAIN, "--endpoint", endpoint)
            heard = command("listen", "--count", "1", "--timeout", "20", "--endpoint", endpoint)
            assert heard.returncode == 0
        known = command("status", "sample-plain", "--endpoint", endpoint)
        assert json.loads(known.stdout)["state"] == "completed"


def test_invoke(tmp_path: Path) -> None:
    """`invoke` prints what the function returned; a function that fails prints its error object, exit code 1."""
    with serving(tmp_path / "log", "cloud", "--port", str(free_port()), "--speed", "20") as cloud:
        local = ["--endpoint", cloud["endpoint"], "--data", str(tmp_path)]
        done = command("invoke", "provision", "--event", "events/triggers/streaming.json", *local)
        assert done.returncode == 0, done.stderr
        json.loads(done.stdout)
        single = command("invoke", "provision", "--event", "-", *local, stdin="no event at all")
        assert single.returncode == 1
        assert json.loads(single.stdout)["errorMessage"]


def test_enqueue_splits_json_lines(tmp_path: Path) -> None:
    """One object a file or one a line; what is no JSON is sent as it is, with a warning that names its line."""
    lines = tmp_path / "many.jsonl"
    lines.write_text('{"requestId": "one"}\n\n{"requestId": "two"}\nbroken\n')
    with serving(tmp_path / "log", "cloud", "--port", str(free_port())) as cloud:
        done = command("enqueue", str(lines), PLAIN, "events/messages/malformed.txt", "--endpoint", cloud["endpoint"])
        assert done.returncode == 0
        files = [line["file"].rsplit("/", 1)[-1] for line in json_lines(done.stdout)]
        assert files == ["many.jsonl"] * 3 + ["plain.json", "malformed.txt"]
        assert "many.jsonl:4 is no JSON" in done.stderr
        piped = command("enqueue", "-", "--endpoint", cloud["endpoint"], stdin='{"requestId": "three"}')
        assert [line["file"] for line in json_lines(piped.stdout)] == ["-"]
