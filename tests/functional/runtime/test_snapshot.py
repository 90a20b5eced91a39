"""What one run leaves for the next, and how the next one shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.snapshot import load, save
from tests.support.place import request

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.place import Place


def test_requests_of_the_last_run_are_seen_as_they_stand(place: Place, tmp_path: Path) -> None:
    """What has ended is shown as ended, since when it began; what waits in the queue waits under its own id."""
    with place.worker():
        place.send(request("good"), request("bad", start="perhaps"))
        ended = {outcome["data"]["requestId"] for outcome in place.outcomes(2)}
    assert ended == {"good", "bad"}
    place.cloud.mns.enqueue(defaults.QUEUE, request("waits"))
    before = place.cloud.recorder.trace.requests
    save(place.cloud, tmp_path / "cloud")
    cloud = Cloud()
    load(cloud, tmp_path / "cloud")
    cloud.look()
    after = cloud.recorder.trace.requests
    assert {key: one.state for key, one in after.items()} == {"good": "completed", "bad": "refused", "waits": "queued"}
    assert after["good"].outcomes == before["good"].outcomes
    assert abs(after["good"].changed_at - before["good"].changed_at) < 5
    assert after["waits"].message["requestId"] == "waits"
