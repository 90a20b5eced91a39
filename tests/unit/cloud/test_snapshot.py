"""What one run leaves for the next, and how the next one shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.snapshot import load, save
from tests.support.place import request

if TYPE_CHECKING:
    from pathlib import Path

OUTCOME = json.dumps(
    {
        "type": "provisioning.instance.completed", "time": "2026-11-24T10:00:41.500Z",
        "data": {"requestId": "ended", "instance": {"instanceId": "i-1"}},
    }
)  # fmt: skip


def test_requests_of_the_last_run_are_seen_as_they_stand(tmp_path: Path) -> None:
    """What has ended is shown as ended, with its outcome and its time; what waits is shown under its own id."""
    before, after = Cloud(), Cloud()
    account = before.mns.account
    account.provision_defaults()
    account.publish(account.topics[defaults.TOPIC], OUTCOME, "completed")
    before.mns.enqueue(defaults.QUEUE, request("waits"))
    save(before, tmp_path / "cloud")
    load(after, tmp_path / "cloud")
    seen = after.recorder.trace.requests
    assert {key: one.state for key, one in seen.items()} == {"ended": "completed", "waits": "queued"}
    assert (seen["ended"].outcomes, seen["ended"].changed_at) == ([OUTCOME], 1795514441.5)
    assert seen["waits"].message["requestId"] == "waits"
