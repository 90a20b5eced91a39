"""The guarantees under kill -9: the real cloud and worker as processes, faults, and functions that die at random.

Meanwhile the policy changes, and an operator takes requests back.
"""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.soak.crowd import FORBIDDEN, SOLD_OUT, crowd, faults, policies
from tests.soak.processes import PROC, kill_one
from tests.soak.site import site
from tests.soak.size import SIZE
from tests.soak.verdict import broken, codes, secrets_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.soak.site import Site

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not (PROC / "self" / "task").exists(), reason="finds the functions' processes in /proc"),
]


@pytest.mark.parametrize(("store", "seed"), [("sqlite", 1), ("tablestore", 3)])
def test_requests_survive_kills(store: str, seed: int, tmp_path: Path) -> None:
    """Whatever dies: at most one instance and one outcome a request, within the policy; nothing open, no secret."""
    rng = Random(seed)  # noqa: S311 - a seed, no secret
    requests, (first, later) = crowd(rng, SIZE.requests), policies(SIZE.requests)
    with site(tmp_path, store) as place:
        place.local("config", {"stock": {"*": {SOLD_OUT: 0}}})
        place.put_policy(first)
        place.send(requests.bodies)
        place.local("faults", faults(rng, tables=store == "tablestore"))
        killed, most = 0, 0
        for policy in (first, later):
            with place.worker():  # the second time the worker itself was started anew
                done, opened = disturb(place, rng, SIZE.kill_seconds / 2)
                killed, most = killed + done, max(most, opened)
                if policy is first:
                    place.put_policy(later)
                    continue
                place.wait_until_quiet(requests.requests, requests.refused)
        state = place.state() | {"access": place.local("access")}
        audit = place.audit()
        with place.records() as records:
            places_left = records.holders("open")
    assert killed >= SIZE.kill_seconds / 4
    assert broken(state, requests.requests, requests.refused) == []
    assert (audit.returncode, audit.stdout) == (0, ""), audit.stdout + audit.stderr
    assert secrets_in(tmp_path, state, requests.spellings) == []
    assert most <= first["limits"]["open"]
    assert places_left == {}
    assert [each["InstanceId"] for each in state["ecs"]["instances"] if each["InstanceType"] == FORBIDDEN] == []
    ends = codes(state)
    assert place.cancelled
    assert [key for key, said in place.cancelled.items() if ends[key] is None] == []
    assert [key for key, said in place.cancelled.items() if said != "releasing" and ends[key] != "Cancelled"] == []


def disturb(place: Site, rng: Random, seconds: float) -> tuple[int, int]:
    """Kill function processes and take requests back, at random moments.

    Return how many died, and how many requests with an instance were seen open at once.
    """
    ends_at, killed, most = time.monotonic() + seconds, 0, 0
    while time.monotonic() < ends_at or not killed:
        time.sleep(rng.uniform(0.1, 1.0))
        killed += kill_one(rng)
        place.cancel(f"crowd-{rng.randrange(SIZE.requests):03d}")
        most = max(most, place.open_instances())
    return killed, most
