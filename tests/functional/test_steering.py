"""Limits, pause and cancel with the real handlers' use cases over the local cloud: who waits, and how it ends."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from shared import bootstrap
from shared.adapters.control import KeptControl
from shared.adapters.policy_cache import PolicyCache
from shared.domain.lifecycle.events import CancelAsked
from shared.domain.lifecycle.outcome import rfc3339
from shared.domain.lifecycle.record import Generation, Record, State
from shared.domain.policy.control import Pause, StoredPolicy
from shared.domain.policy.places import OPEN, hour_bucket
from shared.usecases.steer import CancelEnd, cancel, say
from tests.support.worker import Worker, message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.clients import Clients


@pytest.fixture
def worker(cloud: Clients, tmp_path: Path) -> Iterator[Worker]:
    """Return a worker over a provisioned local cloud, in process and over HTTP."""
    yield Worker(cloud, tmp_path)
    bootstrap.close()


def limit(worker: Worker, version: int = 1, **limits: int) -> None:
    """Put limits in force; what was read before is old."""
    store, now = worker.ports.store, worker.cloud.clock.now()
    store.put_policy(StoredPolicy(version, json.dumps({"limits": limits}), now))
    worker.use(policies=PolicyCache(store))


def pause(worker: Worker, *, active: bool = True) -> None:
    """Pause, or resume; workers go by what they read before."""
    assert say(worker.ports.store, Pause(active, "ann", "the bill", worker.cloud.clock.now())) is None


def fresh(worker: Worker) -> None:
    """Let the worker forget what it read, as half a minute does."""
    worker.use(control=KeptControl(worker.ports.store))


def lose(worker: Worker, effect: str) -> None:
    """Lose the answers of the calls that one invocation makes."""
    worker.clients.local("faults", {"service": "ecs", "action": "CreateInstance", "times": 2, "effect": effect})


def take_back(worker: Worker, request_id: str) -> CancelEnd:
    """Cancel a request."""
    asked = CancelAsked("ann", "no longer wanted")
    return cancel(worker.ports.store, worker.ports.clock, worker.settings.timings, request_id, asked).end


def codes(worker: Worker) -> dict[str, str | None]:
    """Return the code of each request's outcome, None where it is completed."""
    data = [event["data"] for event in worker.outcomes()]
    return {each["requestId"]: each["error"]["code"] if "error" in each else None for each in data}


def lines(worker: Worker, event: str) -> list[dict[str, Any]]:
    """Return the log's lines of an event."""
    found = [json.loads(line) for line in worker.log.getvalue().splitlines()]
    return [line for line in found if line["event"] == event]


def test_one_place_serves_one_request_after_the_other(worker: Worker) -> None:
    """With one open place three requests all get their instance, and never two are open at once."""
    limit(worker, open=1)
    worker.enqueue(*(message(f"r{number}", timeoutSeconds=7200) for number in range(3)))
    worker.settle()
    assert codes(worker) == {"r0": None, "r1": None, "r2": None}
    spans = sorted((worker.record(f"r{n}").created_at, worker.record(f"r{n}").finished_at) for n in range(3))
    assert all(before[1] <= after[0] for before, after in pairwise(spans))  # type: ignore[operator] # all have ended
    assert worker.ports.store.holders(OPEN) == {}


def test_what_waits_says_so_and_fails_when_its_time_is_over(worker: Worker) -> None:
    """A request that gets no place is `waiting`, buys nothing, and its outcome names the limit."""
    limit(worker, open=1)
    assert worker.ports.store.take_place(OPEN, "somebody", 1, 0.0)
    worker.ports.store.claim(worker_record(worker, "somebody"))
    worker.enqueue(message("r1", timeoutSeconds=60))
    worker.deliver()
    assert (worker.record("r1").state, worker.record("r1").held) == (State.WAITING, "PolicyLimit")
    assert lines(worker, "message")[-1]["held"] == "PolicyLimit"
    worker.cloud.clock.advance(61)
    worker.poll()
    data = worker.outcome("r1")
    assert (data["stage"], data["error"]["code"], data["error"]["category"]) == ("create", "PolicyLimit", "policy")
    assert (data["instance"], worker.calls("CreateInstance")) == (None, 0)


def worker_record(worker: Worker, request_id: str) -> Record:
    """Return the record of a request that is open for long."""
    now = worker.cloud.clock.now()
    return Record(
        request_id=request_id, version=1, state=State.CREATING, message_id="m", accepted_at=now, due_at=now + 9e4,
        deadline=now + 9e4, places=(OPEN,), generations=(Generation(1, 0, "t"),),
    )  # fmt: skip


def test_not_after_holds_while_it_waits(worker: Worker) -> None:
    """A request that still waits at its notAfter fails with MessageExpired, long before its deadline."""
    pause(worker)
    soon = worker.cloud.clock.now() + 120
    worker.enqueue(message("r1", timeoutSeconds=3600, notAfter=rfc3339(soon)))
    worker.settle()
    data = worker.outcome("r1")
    assert (data["error"]["code"], worker.calls("CreateInstance")) == ("MessageExpired", 0)
    assert worker.record("r1").finished_at == pytest.approx(soon, abs=30)


def test_an_hour_has_its_places_and_the_next_has_others(worker: Worker) -> None:
    """Two an hour: the third buys in the next hour; who never bought gives his place back."""
    limit(worker, perHour=2)
    clock = worker.cloud.clock
    clock.advance(3600 - clock.now() % 3600 + 60)
    hour = clock.now()
    worker.enqueue(message("dry", parameters={"DryRun": True}))
    worker.settle()
    worker.enqueue(*(message(f"r{number}", timeoutSeconds=7200) for number in range(3)))
    worker.settle(7200)
    assert set(codes(worker).values()) == {None}
    holders = worker.ports.store.holders(hour_bucket(hour)).keys()
    later = worker.ports.store.holders(hour_bucket(hour + 3600)).keys()
    assert (len(holders), holders | later) == (2, {"r0", "r1", "r2"})
    assert worker.record(next(iter(later))).created_at >= hour + 3600 - 60  # type: ignore[operator] # it has one


def test_a_pause_is_noticed_within_half_a_minute_and_ends(worker: Worker) -> None:
    """Within 30 seconds nothing is called any more, what exists is finished, and after `resume` the rest is."""
    worker.enqueue(message("r0", start=True))
    worker.deliver()
    pause(worker)
    worker.cloud.clock.advance(31)
    worker.enqueue(message("r1", timeoutSeconds=7200))
    worker.deliver()
    assert (worker.record("r1").state, worker.record("r1").held) == (State.WAITING, "PolicyPaused")
    for _ in range(20):
        worker.poll()
        worker.deliver()
    assert codes(worker) == {"r0": None}
    assert worker.calls("CreateInstance") == 1
    assert lines(worker, "paused")[-1]["reason"] == "the bill"
    assert lines(worker, "still_paused") == []
    pause(worker, active=False)
    worker.settle()
    assert codes(worker) == {"r0": None, "r1": None}


def test_what_is_in_doubt_in_a_pause_is_looked_up(worker: Worker) -> None:
    """A lost answer is settled by its tag while buying is paused: the token is not tried, the instance is adopted."""
    lose(worker, "lose-response")
    worker.enqueue(message("r1"))
    worker.deliver()
    calls = worker.calls("CreateInstance")
    pause(worker)
    fresh(worker)
    worker.settle()
    assert (codes(worker), worker.calls("CreateInstance")) == ({"r1": None}, calls)


def test_no_call_starts_after_its_fence_however_long_the_pause_takes_to_read(worker: Worker) -> None:
    """Where the store takes long to tell of a pause, the call is announced anew instead of made too late."""
    clock, late, reads = worker.cloud.clock, [], []
    kept, compute = worker.ports.control, worker.ports.compute

    class Slow:
        def current(self, now: float) -> Any:
            reads.append(now)
            clock.advance(20 if len(reads) == 2 else 0)
            return kept.current(now)

    class Watched:
        def __getattr__(self, name: str) -> Any:
            if name == "create" and clock.now() + 15 > worker.record("r1").call_until:
                late.append(clock.now())
            return getattr(compute, name)

    worker.use(control=Slow(), compute=Watched())
    worker.enqueue(message("r1"))
    worker.settle()
    assert (codes(worker), late) == ({"r1": None}, [])


def test_a_long_pause_is_told_of(worker: Worker) -> None:
    """After an hour a line for the alarm says who paused, why, and how long ago."""
    pause(worker)
    worker.cloud.clock.advance(3599)
    fresh(worker)
    worker.poll(2)
    assert lines(worker, "still_paused") == []
    worker.cloud.clock.advance(2)
    fresh(worker)
    worker.poll(2)
    (told,) = lines(worker, "still_paused")
    assert (told["by"], told["reason"], told["level"]) == ("ann", "the bill", "error")
    assert told["seconds"] >= 3600


def test_cancel_before_the_call_buys_nothing(worker: Worker) -> None:
    """What waits is taken back at once; its copies change nothing, and its outcome says by whom and why."""
    pause(worker)
    worker.enqueue(message("r1"))
    worker.deliver()
    assert take_back(worker, "r1") is CancelEnd.CANCELLED
    assert take_back(worker, "r1") is CancelEnd.CANCELLED
    pause(worker, active=False)
    worker.settle()
    data = worker.outcomes()[0]["data"]
    assert (data["error"]["code"], data["error"]["category"]) == ("Cancelled", "cancelled")
    assert "ann" in data["error"]["message"]
    assert "no longer wanted" in data["error"]["message"]
    assert worker.calls("CreateInstance") == 0
    assert len(set(worker.published())) == 1


@pytest.mark.parametrize("on_failure", ["keep", "release"])
def test_cancel_releases_the_instance_whatever_on_failure_says(worker: Worker, on_failure: str) -> None:
    """An instance goes, and only then the outcome says so; the place comes back."""
    limit(worker, open=1)
    worker.enqueue(message("r1", onFailure=on_failure))
    worker.deliver()
    assert take_back(worker, "r1") is CancelEnd.RELEASING
    worker.settle()
    data = worker.outcome("r1")
    assert (data["error"]["code"], data["instance"]["disposition"]) == ("Cancelled", "released")
    assert worker.instances() == []
    assert worker.ports.store.holders(OPEN) == {}
    assert take_back(worker, "r1") is CancelEnd.ENDED


@pytest.mark.parametrize(("effect", "disposition"), [("lose-response", "released"), ("lose-request", None)])
def test_cancel_in_doubt_is_settled_first(worker: Worker, effect: str, disposition: str | None) -> None:
    """After a lost answer the outcome waits for what ECS shows: an instance is released, absence buys nothing."""
    lose(worker, effect)
    worker.enqueue(message("r1"))
    worker.deliver()
    calls = worker.calls("CreateInstance")
    assert take_back(worker, "r1") is CancelEnd.SETTLING
    assert worker.outcomes() == []
    worker.settle()
    (data,) = [event["data"] for event in {text: json.loads(text) for text in worker.published()}.values()]
    assert data["error"]["code"] == "Cancelled"
    assert (data["instance"] or {}).get("disposition") == disposition
    assert (worker.instances(), worker.calls("CreateInstance")) == ([], calls)


@pytest.mark.parametrize(
    "parameters",
    [
        {"InstanceChargeType": "PrePaid", "Period": 1},
        {"DeletionProtection": True},
        {"DataDisk": [{"Category": "cloud_essd", "Size": 40, "DeleteWithInstance": False}]},
    ],
)
def test_what_cannot_be_released_is_not_taken_back(worker: Worker, parameters: dict[str, Any]) -> None:
    """The operator is told at once, nothing changes, and the request ends as if nobody had asked."""
    worker.enqueue(message("r1", parameters=parameters))
    worker.deliver()
    before = worker.record("r1")
    assert before.state is State.PENDING
    assert take_back(worker, "r1") is CancelEnd.KEPT
    assert worker.record("r1") == before
    assert next(iter(parameters)) in before.kept_because
    worker.settle()
    assert codes(worker) == {"r1": None}


def test_cancel_of_nothing_is_told(worker: Worker) -> None:
    """An id of which nothing is recorded, and one that has ended, are told apart; neither changes."""
    assert take_back(worker, "r1") is CancelEnd.UNKNOWN
    worker.enqueue(message("r1"))
    worker.settle()
    before = worker.record("r1")
    assert take_back(worker, "r1") is CancelEnd.ENDED
    assert worker.record("r1") == before


def test_a_lowered_limit_lets_what_is_open_end(worker: Worker) -> None:
    """Under a limit below what is open, what is open ends well, and who comes waits until enough has ended."""
    limit(worker, open=3)
    worker.enqueue(*(message(f"r{number}") for number in range(3)))
    worker.deliver()
    limit(worker, 2, open=1)
    worker.enqueue(message("late", timeoutSeconds=7200))
    worker.deliver()
    assert worker.record("late").state is State.WAITING
    worker.settle()
    assert set(codes(worker).values()) == {None}
    assert worker.record("late").created_at >= max(worker.record(f"r{n}").finished_at for n in range(3))  # type: ignore[operator, type-var] # all have ended


def test_without_policy_and_pause_nothing_more_is_asked(worker: Worker) -> None:
    """However many messages come, policy and pause are read once in half a minute, and no place is touched."""
    asked: list[str] = []
    store = worker.ports.store

    class Counted:
        def pause(self) -> Pause | None:
            asked.append("pause")
            return store.pause()

        def policy(self) -> StoredPolicy | None:
            asked.append("policy")
            return store.policy()

    counted: Any = Counted()
    worker.use(control=KeptControl(counted), policies=PolicyCache(counted))
    worker.enqueue(*(message(f"r{number}") for number in range(40)))
    began = worker.cloud.clock.now()
    while worker.deliver():
        pass
    assert worker.cloud.clock.now() < began + 30
    assert sorted(asked) == ["pause", "policy"]
    assert worker.record("r0").places == ()
    assert store.holders(OPEN) == {}
