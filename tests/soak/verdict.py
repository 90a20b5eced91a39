"""What must hold at the end of a run, read from the cloud's state and the files that the run left."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from local import defaults

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

GONE = ("released", "vanished")


def answers(state: dict[str, Any]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the outcomes' bodies by request, and the refusals' by message."""
    outcomes: dict[str, set[str]] = defaultdict(set)
    refusals: dict[str, set[str]] = defaultdict(set)
    for body in state["mns"]["topics"][defaults.TOPIC]:
        data = json.loads(body)["data"]
        (refusals[data["messageId"]] if data.get("refused") else outcomes[data["requestId"]]).add(body)
    return outcomes, refusals


def broken(state: dict[str, Any], requests: set[str], refused: int = 0) -> list[str]:
    """Return every broken guarantee, in words."""
    outcomes, refusals = answers(state)
    found = [f"{key} has {len(bodies)} outcomes" for key, bodies in outcomes.items() if len(bodies) != 1]
    found += [f"message {key} has {len(bodies)} refusals" for key, bodies in refusals.items() if len(bodies) != 1]
    if outcomes.keys() != requests or len(refusals) != refused:
        found.append(f"{len(outcomes)} outcomes and {len(refusals)} refusals, not {len(requests)} and {refused}")
    alive: dict[str, list[str]] = defaultdict(list)
    for instance in state["ecs"]["instances"]:
        alive[request_of(instance)].append(instance["InstanceId"])
    for key in alive.keys() | outcomes.keys():
        told = [json.loads(body)["data"]["instance"] or {} for body in outcomes[key]]
        named = [each["instanceId"] for each in told if each and each.get("disposition") not in GONE]
        if alive[key] != named:
            found.append(f"{key} has the instances {alive[key]}, and its outcome names {named}")
    for name, counts in state["mns"]["queues"].items():
        if name != defaults.INBOX and any(counts.values()):
            found.append(f"queue {name} holds {counts}")
    return found


def request_of(instance: dict[str, Any]) -> str:
    """Return the id of the request that an instance was made for."""
    return str(instance["Tags"][defaults.REQUEST_TAG].partition("/")[2])


def codes(state: dict[str, Any]) -> dict[str, str | None]:
    """Return the code that each request ended with; None where it is completed."""
    data = [json.loads(body)["data"] for bodies in answers(state)[0].values() for body in bodies]
    return {each["requestId"]: each["error"]["code"] if "error" in each else None for each in data}


def log_lines(log: Path) -> list[dict[str, Any]]:
    """Return the functions' log lines; whatever else is in the log has no claim to be read."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def secrets_in(folder: Path, state: dict[str, Any], spellings: Collection[str]) -> list[str]:
    """Return the places that hold a password or user data the run used, in any spelling."""
    places = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "requests.jsonl"
    }
    assert any(name.endswith("run.log") and content for name, content in places.items())
    places["outcomes"] = json.dumps(state["mns"]["topics"]).encode()
    places["URLs on the wire"] = "\n".join(state["access"]).encode()
    assert "/" in state["access"]  # ECS was called, and without a query
    searched = [spelling.encode() for spelling in spellings]
    return [name for name, content in places.items() if any(spelling in content for spelling in searched)]
