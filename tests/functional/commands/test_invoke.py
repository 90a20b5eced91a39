"""`invoke`: by itself, and beside what runs."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from local.samples import Samples
from tests.support.processes import command, free_port, json_lines, serving

if TYPE_CHECKING:
    from pathlib import Path

    from local.samples import TriggerSample

pytestmark = pytest.mark.slow
PLAIN = "events/messages/plain.json"


@pytest.mark.parametrize("sample", Samples.load().triggers, ids=lambda sample: sample.path.stem)
def test_invoke_works_by_itself(sample: TriggerSample, tmp_path: Path) -> None:
    """Without --endpoint every sample event meets a cloud and a store of its own; nothing is left in the folder."""
    done = command("invoke", sample.function, "--event", str(sample.path), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = json_lines(done.stdout)
    found = [item["Tags"]["provisioner:request"].partition("/")[2] for item in line["instances"]]
    assert (line["succeeded"], sorted(found)) == (True, sorted(sample.instances))
    codes = [outcome["data"]["error"]["code"] for outcome in line["outcomes"]]
    assert codes == (["MalformedMessage"] if sample.path.stem == "streaming" else [])
    assert list(tmp_path.iterdir()) == []


def test_invoke_wraps_messages(tmp_path: Path) -> None:
    """`--message` hands over the file's messages as the trigger would, one event for each; `new` can be piped in."""
    made = command("new", "--id", "order-1").stdout
    done = command("invoke", "provision", "--message", "-", "--json", stdin=made, cwd=tmp_path)
    (line,) = json_lines(done.stdout)
    assert (line["returned"], len(line["instances"])) == ({"created": 1}, 1)


def test_invoke_says_who_is_at_it(tmp_path: Path) -> None:
    """A poll beside a running worker is `busy`, and says which run holds the lease until when."""
    data = str(tmp_path / "data")
    with serving(tmp_path / "log", "up", "--port", str(free_port()), "--data", data, "--speed", "0.02") as ready:
        command("enqueue", PLAIN, "--endpoint", ready["endpoint"])
        local = ["--endpoint", ready["endpoint"], "--data", data]
        until = time.monotonic() + 40
        while json.loads(command("status", "sample-plain", "--data", data).stdout or "{}").get("state") != "pending":
            assert time.monotonic() < until
        done = command("invoke", "poll", "--event", "events/triggers/timer.json", *local)
        assert json.loads(done.stdout)["reason"] == "busy"
        assert "the polling lease is held by run " in done.stderr
