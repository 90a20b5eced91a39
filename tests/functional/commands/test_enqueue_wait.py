"""`enqueue --count --wait`, and the two ways in which `up` begins."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.processes import command, free_port, json_lines, serving

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
PLAIN = "events/messages/plain.json"


def state_of(endpoint: str) -> dict[str, Any]:
    """Return what the cloud has."""
    with urllib.request.urlopen(f"{endpoint}/_local/state", timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def test_count_and_wait(tmp_path: Path) -> None:
    """`--count` numbers the ids; `--wait` prints one outcome a request, takes none from the inbox, tells failure."""
    options = ["--port", str(free_port()), "--data", str(tmp_path / "data"), "--speed", "20"]
    with serving(tmp_path / "log", "up", *options) as ready:
        to = ["--endpoint", ready["endpoint"]]
        done = command("enqueue", PLAIN, "--count", "3", "--wait", *to)
        sent, heard = json_lines(done.stdout)[:3], json_lines(done.stdout)[3:]
        assert done.returncode == 0, done.stderr
        assert [(line["requestId"], line["line"]) for line in sent] == [(f"sample-plain-00{n}", 1) for n in (1, 2, 3)]
        assert sorted(outcome["subject"] for outcome in heard) == [line["requestId"] for line in sent]
        again = command("enqueue", PLAIN, "--count", "3", "--wait", *to)
        assert {outcome["id"] for outcome in json_lines(again.stdout)[3:]} == {outcome["id"] for outcome in heard}
        twice = json_lines(command("enqueue", "events/messages/twice.json", "--wait", *to).stdout)
        assert ["data" in line for line in twice] == [False, False, True]
        bad = command("enqueue", "events/messages/quota.json", "events/messages/malformed.txt", "--wait", *to)
        assert bad.returncode == 1
        codes = {outcome["data"]["error"]["code"] for outcome in json_lines(bad.stdout)[2:]}
        assert codes == {"QuotaExceed.ElasticQuota", "MalformedMessage"}
        assert command("listen", "--count", "6", "--timeout", "5", *to).returncode == 0
        assert not [name for name in state_of(ready["endpoint"])["mns"]["queues"] if name.startswith("provision-wait")]
        with urllib.request.urlopen(f"{ready['endpoint']}/_local/requests/sample-plain-001", timeout=5) as answer:
            assert "repeated" in [step["kind"] for step in json.load(answer)["steps"]]


def test_other_content_under_the_same_id_is_answered_by_itself(tmp_path: Path) -> None:
    """Two contents under one id are two things asked for: one instance, and one refusal."""
    lines = tmp_path / "two.jsonl"
    with serving(tmp_path / "log", "up", "--port", str(free_port()), "--data", str(tmp_path / "d")) as ready:
        made = [command("new", "--id", "order-1", *more).stdout for more in ([], ["--spot"])]
        lines.write_text("\n".join(json.dumps(json.loads(text)) for text in made))
        done = command("enqueue", str(lines), "--wait", "--endpoint", ready["endpoint"])
        kinds = sorted(outcome["type"].rpartition(".")[2] for outcome in json_lines(done.stdout)[2:])
        assert (done.returncode, kinds) == (1, ["completed", "failed"])


def test_up_begins_fresh_or_goes_on(tmp_path: Path) -> None:
    """`up` forgets cloud and records together; `--keep` has both: the instance is there, and the request is known."""
    options = ["--port", str(free_port()), "--data", str(tmp_path / "data"), "--speed", "20"]
    rounds = []
    for more in ([], ["--keep"], []):
        with serving(tmp_path / "log", "up", *options, *more) as ready:
            before = len(state_of(ready["endpoint"])["ecs"]["instances"])
            known = command("status", "sample-plain", "--data", str(tmp_path / "data")).returncode == 0
            done = command("enqueue", PLAIN, "--wait", "--endpoint", ready["endpoint"])
            assert done.returncode == 0, done.stderr
            rounds.append((before, known, json_lines(done.stdout)[-1]["id"]))
    assert [(before, known) for before, known, _ in rounds] == [(0, False), (1, True), (0, False)]
    assert rounds[0][2] == rounds[1][2]
