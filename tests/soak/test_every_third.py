"""Every third call of every kind fails, all the time: what the worker is asked for is done all the same, once."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from local import defaults
from local.cloud.faults import Fault
from local.cloud.service import ServiceError
from tests.bench.cloud import cloud_process
from tests.soak.site import Site
from tests.soak.size import SIZE
from tests.soak.verdict import broken, codes, log_lines, secrets_in
from tests.support.place import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from local.cloud.cloud import Cloud

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(SIZE.failing == 0, reason="in the full form only: its waits take minutes"),
]
PASSWORD = "Z9+third<q>"
SPEED = 10.0
DEADLINE_SECONDS = 86_400
PLATFORM = frozenset({"BatchReceiveMessage", "ReceiveMessage", "BatchDeleteMessage", "DeleteMessage",
                      "ChangeMessageVisibility", "PeekMessage"})  # fmt: skip
"""The calls of the trigger, which are the platform's own."""
THROTTLED = ServiceError(400, "Throttling.User", "slow down", {"x-acs-retry-after": "500"})
BROKEN = ServiceError(500, "InternalError", "try again")
AWAY = {
    "ecs": BROKEN,
    "mns": BROKEN,
    "ots": ServiceError(503, "OTSServerBusy", "busy"),
}


@dataclass
class EveryThird:
    """The cloud's faults: each third call of a kind is lost, loses its answer, finds the service broken, or throttled.

    Which of these comes next goes by turns. Everything that the worker calls fails so.
    """

    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    turns: Iterator[int] = field(default_factory=itertools.count)

    def take(self, service: str, action: str, _request_ids: Callable[[], Iterable[str]]) -> Fault | None:
        """Return the fault that strikes this call."""
        if action in PLATFORM or service not in AWAY:
            return None
        self.seen[service, action] += 1
        if self.seen[service, action] % 3:
            return None
        kinds: list[dict[str, Any]] = [
            {"effect": "lose-request"},
            {"effect": "lose-response"},
            {"error": AWAY[service]},
        ]
        if service == "ecs":
            kinds.append({"error": THROTTLED})
        return Fault(service, action, **kinds[next(self.turns) % len(kinds)])

    def to_json(self) -> list[dict[str, Any]]:
        """Return nothing: no fault waits."""
        return []


def prepare(cloud: Cloud, names: list[str]) -> None:
    """Put the messages into the queue, and the failing calls in the place of the cloud's own faults."""
    cloud.config.speed = SPEED
    cloud.faults = EveryThird()  # type: ignore[assignment] # what is asked of them here is all that it answers
    parameters = {**PARAMETERS, "Password": PASSWORD}
    for name in names:
        body = {"requestId": name, "parameters": parameters, "timeoutSeconds": DEADLINE_SECONDS}
        cloud.mns.enqueue(defaults.QUEUE, json.dumps(body))


@pytest.mark.parametrize("store", ["sqlite", "tablestore"])
def test_every_third_call_fails(store: str, tmp_path: Path) -> None:
    """Every request is completed, by one instance and one outcome; no bug met, nothing given up, no secret told."""
    names = [f"third-{number:05d}" for number in range(SIZE.failing)]
    with cloud_process(partial(prepare, names=names)) as url:
        place = Site(url, tmp_path, store)
        began = time.monotonic()
        with place.worker():
            place.wait_until_quiet(set(names))
        state, audit = place.state() | {"access": place.local("access")}, place.audit()
    calls = {name: number for name, number in state["calls"].items() if name.partition(".")[2] not in PLATFORM}
    print(store, len(names), round(time.monotonic() - began), "s", calls)  # noqa: T201 - measured, shown by -rP
    assert broken(state, set(names)) == []
    assert set(codes(state).values()) == {None}
    assert len(state["ecs"]["instances"]) == len(names)
    assert (audit.returncode, audit.stdout) == (0, ""), audit.stdout + audit.stderr
    assert [line for line in log_lines(place.log) if line["event"] in ("unexpected", "message_given_up")] == []
    assert secrets_in(tmp_path, state, [PASSWORD]) == []
