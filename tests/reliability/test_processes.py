"""The guarantees under kill -9: the real cloud and worker as processes, faults, and functions that die at random."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from local import defaults
from local.runtime.environment import DATABASE
from shared.adapters.sqlite import SqliteStore
from tests.reliability.crowd import SOLD_OUT, Crowd, crowd, faults
from tests.support.processes import command, free_port, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the functions' processes in /proc"),
]
REQUESTS = 200
QUEUE_FUNCTION, TIMER_FUNCTION = "provision-create", "provision-poll"
KILL_SECONDS = 20.0
QUIET_SECONDS = 120.0


@pytest.mark.parametrize(("store", "seed"), [("sqlite", 1), ("tablestore", 3)])
def test_two_hundred_requests_survive_kills(store: str, seed: int, tmp_path: Path) -> None:
    """Whatever dies: at most one instance and one outcome a request, each instance named, nothing open, no secret."""
    rng = Random(seed)  # noqa: S311 - a seed, no secret
    requests = crowd(rng, REQUESTS)
    (tmp_path / "requests.jsonl").write_text("\n".join(requests.bodies))
    data = ["--data", str(tmp_path / "data"), "--store", store]
    with serving(tmp_path / "cloud.log", "cloud", "--port", str(free_port()), "--speed", "10") as cloud:
        url = cloud["endpoint"]
        local(url, "config", {"stock": {"*": {SOLD_OUT: 0}}})
        assert command("enqueue", str(tmp_path / "requests.jsonl"), "--endpoint", url).returncode == 0
        local(url, "faults", faults(rng, tables=store == "tablestore"))
        killed = 0
        with serving(tmp_path / "run.log", "run", "--endpoint", url, *data):
            killed += kill_functions(rng, KILL_SECONDS / 2)
        with serving(tmp_path / "run.log", "run", "--endpoint", url, *data):  # the worker itself was started anew
            killed += kill_functions(rng, KILL_SECONDS / 2)
            wait_until_quiet(url, tmp_path, requests)
        state = local(url, "state") | {"access": local(url, "access")}
        audit = command("audit", "--endpoint", url, *data)
    assert killed >= 8
    assert broken(state, requests) == []
    assert (audit.returncode, audit.stdout) == (0, ""), audit.stdout + audit.stderr
    assert secrets_in(tmp_path, state, requests) == []


def local(url: str, call: str, body: object = None) -> dict[str, Any]:
    """Make a `/_local` call."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{url}/_local/{call}", data, timeout=30) as answer:
        return json.loads(answer.read() or b"{}")


def functions() -> dict[str, list[int]]:
    """Return the ids of the function processes below this one, by the function's name."""
    children: dict[int, list[Path]] = defaultdict(list)
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with suppress(OSError):
                children[int((path / "stat").read_text().rpartition(")")[2].split()[1])].append(path)
    found: dict[str, list[int]] = defaultdict(list)
    todo = [os.getpid()]
    while todo:
        for path in children[todo.pop()]:
            todo.append(int(path.name))
            with suppress(OSError):
                for variable in (path / "environ").read_text().split("\0"):
                    name, _, value = variable.partition("=")
                    if name == "FC_FUNCTION_NAME":
                        found[value].append(int(path.name))
    return found


def kill_functions(rng: Random, seconds: float) -> int:
    """Kill one function process after another, at random moments; return how many.

    The queue function dies most often: a timer run that follows a dead one waits until its lease is over.
    """
    ends_at, killed = time.monotonic() + seconds, 0
    while time.monotonic() < ends_at:
        time.sleep(rng.uniform(0.1, 1.0))
        for pid in functions().get(rng.choice((QUEUE_FUNCTION,) * 4 + (TIMER_FUNCTION,)), ()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
    return killed


def wait_until_quiet(url: str, folder: Path, requests: Crowd) -> None:
    """Wait until every message is answered, the queue is empty and no work is open."""
    ends_at = time.monotonic() + QUIET_SECONDS
    while True:
        state = local(url, "state")
        queue = state["mns"]["queues"][defaults.QUEUE]
        subjects, refusals = answers(state)
        missing = requests.requests - set(subjects)
        if not (missing or any(queue.values()) or len(refusals) < requests.refused or is_open(folder)):
            return
        assert time.monotonic() < ends_at, f"not quiet: queue {queue}, no outcome of {sorted(missing)}"
        time.sleep(0.5)


def is_open(folder: Path) -> bool:
    """Tell whether the SQLite store, where there is one, holds open work; the audit looks into either."""
    if not (folder / "data" / DATABASE).exists():
        return False
    store = SqliteStore(str(folder / "data" / DATABASE))
    try:
        return store.next_due() is not None
    finally:
        store.close()


def answers(state: dict[str, Any]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the outcomes' bodies by request, and the refusals' by message."""
    outcomes: dict[str, set[str]] = defaultdict(set)
    refusals: dict[str, set[str]] = defaultdict(set)
    for body in state["mns"]["topics"][defaults.TOPIC]:
        data = json.loads(body)["data"]
        (refusals[data["messageId"]] if data.get("refused") else outcomes[data["requestId"]]).add(body)
    return outcomes, refusals


def broken(state: dict[str, Any], requests: Crowd) -> list[str]:
    """Return every broken guarantee, in words."""
    outcomes, refusals = answers(state)
    found = [f"{key} has {len(bodies)} outcomes" for key, bodies in outcomes.items() if len(bodies) != 1]
    found += [f"message {key} has {len(bodies)} refusals" for key, bodies in refusals.items() if len(bodies) != 1]
    if outcomes.keys() != requests.requests or len(refusals) != requests.refused:
        found.append(f"{len(outcomes)} outcomes and {len(refusals)} refusals, not {requests.refused}")
    alive: dict[str, list[str]] = defaultdict(list)
    for instance in state["ecs"]["instances"]:
        alive[instance["Tags"][defaults.REQUEST_TAG].partition("/")[2]].append(instance["InstanceId"])
    for key, ids in alive.items():
        told = [json.loads(body)["data"]["instance"] or {} for body in outcomes[key]]
        named = [each.get("instanceId") for each in told if each.get("disposition") not in ("released", "vanished")]
        if ids != named:
            found.append(f"{key} has the instances {ids}, and its outcome names {named}")
    for name, counts in state["mns"]["queues"].items():
        if name != defaults.INBOX and any(counts.values()):
            found.append(f"queue {name} holds {counts}")
    return found


def secrets_in(folder: Path, state: dict[str, Any], requests: Crowd) -> list[str]:
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
    spellings = [spelling.encode() for spelling in requests.spellings]
    return [name for name, content in places.items() if any(spelling in content for spelling in spellings)]
