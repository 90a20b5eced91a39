from __future__ import annotations

import json
from typing import Any

from local import defaults
from local.compare.losses import COMPLETED, Losses, losses

FAILED = "provisioning.instance.failed"


def state(instances: dict[str, tuple[str, str]], *outcomes: tuple[str, str, str | None]) -> dict[str, Any]:
    """Return a cloud's state: name and status by instance id; type, request and named instance of each outcome."""
    listed = [
        {"InstanceId": key, "Status": status, "Parameters": {"InstanceName": name}}
        for key, (name, status) in instances.items()
    ]
    bodies = [
        json.dumps({"type": kind, "data": {"requestId": name, "instance": {"instanceId": key} if key else None}})
        for kind, name, key in outcomes
    ]
    calls = {"ecs.DescribeInstanceStatus": 3, "ecs.DescribeInstances": 1, "ecs.CreateInstance": 9}
    return {"ecs": {"instances": listed}, "mns": {"topics": {defaults.TOPIC: bodies}}, "calls": calls}


def counted(found: Losses) -> tuple[int, int, int, int]:
    """Return duplicates, orphans, unanswered and wrong."""
    return found.duplicates, found.orphans, found.unanswered, found.wrong


ASKED = {"a": True, "bad": False}
RIGHT = ((COMPLETED, "a", "i-1"), (FAILED, "bad", None))


def test_nothing_is_lost() -> None:
    """A server that runs and is named, and a refusal of what cannot be made, are right, also when told twice."""
    found = losses(state({"i-1": ("a", "Running")}, *RIGHT, *RIGHT), ASKED)
    assert found.none
    assert found.status_calls == 4


def test_each_loss_is_seen() -> None:
    """A control for every count: what it is there for makes it one, and nothing else."""
    twice = {"i-1": ("a", "Running"), "i-2": ("a", "Running")}
    assert counted(losses(state(twice, *RIGHT), ASKED)) == (1, 1, 0, 0)
    assert counted(losses(state(twice, *RIGHT, (COMPLETED, "a", "i-2")), ASKED)) == (1, 0, 0, 0)
    assert counted(losses(state({"i-1": ("a", "Running")}, (COMPLETED, "a", "i-1")), ASKED)) == (0, 0, 1, 0)
    failed = ((FAILED, "a", "i-1"), RIGHT[1])
    assert counted(losses(state({"i-1": ("a", "Running")}, *failed), ASKED)) == (0, 0, 0, 1)
    assert counted(losses(state({"i-1": ("a", "Running")}, *RIGHT, failed[0]), ASKED)) == (0, 0, 0, 1)
    assert counted(losses(state({"i-1": ("a", "Stopped")}, *RIGHT), ASKED)) == (0, 0, 0, 1)
    assert counted(losses(state({}, *RIGHT), ASKED)) == (0, 0, 0, 1)
    assert counted(losses(state({"i-1": ("a", "Running")}, RIGHT[0], (COMPLETED, "bad", None)), ASKED)) == (0, 0, 0, 1)
