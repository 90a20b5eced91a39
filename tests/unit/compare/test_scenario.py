from __future__ import annotations

import json
from collections import defaultdict

import pytest

from local.compare.scenario import EVERYTHING, KILLED, NAMES, NONE, TWICE, scenario


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_says_everything(name: str) -> None:
    """The same seed draws the same messages and faults; another one draws others."""
    assert scenario(name, 7) == scenario(name, 7)
    if name != NONE:
        assert scenario(name, 7) != scenario(name, 8)


@pytest.mark.parametrize("seed", range(20))
def test_a_request_suffers_one_thing(seed: int) -> None:
    """Every loss has one cause: no request meets two faults of different calls, and what cannot be made meets none."""
    drawn = scenario(EVERYTHING, seed)
    calls = defaultdict(set)
    for fault in drawn.faults:
        calls[fault["match"]["requestId"]].add(fault["action"])
    assert all(len(actions) == 1 for actions in calls.values())
    assert all(drawn.asked[request_id] for request_id in calls)
    sent = [json.loads(body)["requestId"] for body in drawn.bodies]
    twice = {request_id for request_id in sent if sent.count(request_id) == 2}
    assert len(twice) == 4
    assert twice.isdisjoint(calls)


def test_twenty_lost_and_ten_throttled() -> None:
    """Everything at once is ten throttled calls, requests and answers that get lost, one process that dies, repeats."""
    drawn = scenario(EVERYTHING, 1)
    throttled = [fault["times"] for fault in drawn.faults if "error" in fault]
    lost = {fault["match"]["requestId"] for fault in drawn.faults if str(fault.get("effect")).startswith("lose-")}
    assert sum(throttled) == 10
    assert len(lost) == 18
    assert drawn.killed
    assert len(drawn.bodies) == 64
    assert sum(drawn.asked.values()) == 54


def test_each_kind_is_drawn_alone() -> None:
    """What is played alone is one kind: no faults means none, repeats are repeats only, and so on."""
    assert scenario(NONE, 1).faults == ()
    assert scenario(TWICE, 1).faults == ()
    assert [fault["effect"] for fault in scenario(KILLED, 1).faults] == ["delay"]
    assert {fault["effect"] for fault in scenario("lost requests", 1).faults} == {"lose-request"}
