"""The ends of the road: what becomes of a request that cannot go where it wants to."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.lifecycle.outcome import MAX_BYTES, rfc3339
from tests.reliability.cloud import FOR_EVER, Outage, Used
from tests.reliability.kernel import START
from tests.reliability.scenario import AWAY, SECRET, Case
from tests.reliability.stage import FixedEcs, body, outcome, refusals, stage
from tests.reliability.world import SimCompute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.domain.create_instance.schema import Scalar
    from shared.domain.lifecycle.record import Created, Instance
    from tests.reliability.scenario import Simulation
    from tests.reliability.stage import Fault

ALWAYS = 1e9
TIMEOUT = "ProvisioningTimeout"
BALANCE = "InvalidAccountStatus.NotEnoughBalance"


def seconds(data: dict[str, Any]) -> float:
    """Return how long a request took."""
    first, last = (datetime.fromisoformat(data[name].replace("Z", "+00:00")) for name in ("acceptedAt", "finishedAt"))
    return (last - first).total_seconds()


def slow_to_stop(ecs: FixedEcs) -> None:
    """Let instances stay Pending."""
    ecs.stop_seconds = 1e6


def slow_to_boot(ecs: FixedEcs) -> None:
    """Let instances stay Starting."""
    ecs.boot_seconds = 1e6


def throttled(ecs: FixedEcs) -> None:
    """Throttle CreateInstance for ever."""
    ecs.throttled["r"] = 10**6


def nothing(_ecs: FixedEcs) -> None:
    """Leave it as it is."""


@pytest.mark.parametrize("on_failure", ["keep", "release"])
@pytest.mark.parametrize(
    ("prepare", "faults", "start", "expected"),
    [
        pytest.param(throttled, {}, False, ("create", "Throttling.User", False), id="creating, throttled"),
        pytest.param(
            nothing, {"ecs.create": ("lost request", 0, ALWAYS)}, False, ("create", "NoAnswer", False),
            id="creating, no answer and no instance",
        ),
        pytest.param(
            slow_to_stop, {"ecs.create": ("lost response", 0, ALWAYS)}, False, ("wait", TIMEOUT, True),
            id="creating, no answer but an instance",
        ),
        pytest.param(slow_to_stop, {}, True, ("wait", TIMEOUT, True), id="pending"),
        pytest.param(
            slow_to_stop, {"ecs.statuses": ("server error", 0, 900)}, True, ("wait", "InternalError", True),
            id="pending, nobody tells its status",
        ),
        pytest.param(slow_to_boot, {}, True, ("start", TIMEOUT, True), id="starting"),
        pytest.param(
            slow_to_stop, {"store.write": ("unavailable", 20, 600)}, True, ("wait", TIMEOUT, True),
            id="pending, the store fails at the deadline",
        ),
    ],
)  # fmt: skip
def test_deadline(
    prepare: Callable[[FixedEcs], None], faults: dict[str, Fault], start: bool, expected: tuple[str, str, bool],  # noqa: FBT001 - a table
    on_failure: str,
) -> None:  # fmt: skip
    """At its deadline a request ends from every state, says at which stage and why, and accounts for its instance."""
    data = outcome(stage(body(start=start, onFailure=on_failure), prepare=prepare, faults=faults))
    stage_name, code, exists = expected
    assert (data["stage"], data["error"]["code"]) == (stage_name, code)
    dispositions = {"keep": "kept", "release": "released"}
    assert (data["instance"] or {}).get("disposition") == (dispositions[on_failure] if exists else None)
    assert seconds(data) >= (60 if code == "Throttling.User" else 120)  # no time for another try ends it, too


def test_ready_at_the_deadline_is_ready() -> None:
    """An instance that got ready unseen, because nobody answered until after the deadline, completes its request."""
    done = stage(body(), faults={"ecs.statuses": ("server error", 0, 118), "ecs.describe": ("throttled", 0, 118)})
    assert outcome(done)["instance"]["status"] == "Stopped"


class Unseen(SimCompute):
    """ECS for a role that may ask for the status of instances but not for the instances: no error, an empty answer."""

    def describe(self, region_id: str, instance_ids: Sequence[str]) -> dict[str, Instance]:
        """Show none."""
        del region_id, instance_ids
        return {}


@pytest.mark.parametrize(("on_failure", "disposition"), [("keep", "kept"), ("release", "released")])
def test_an_instance_that_is_never_described_ends_at_its_deadline(on_failure: str, disposition: str) -> None:
    """An instance that is ready by its status and never shown completes nothing, and is accounted for in time."""
    data = outcome(stage(body(onFailure=on_failure), compute=Unseen))
    assert (data["error"]["code"], data["instance"]["disposition"]) == (TIMEOUT, disposition)
    assert 120 <= seconds(data) < 300


def test_an_ended_request_is_published_past_its_deadline() -> None:
    """What ended in time stays as it ended, however long the topic is down."""
    data = outcome(stage(body(), faults={"topic.publish": ("lost request", 0, 1000)}))
    assert data["instance"]["status"] == "Stopped"
    assert seconds(data) < 120


def test_release_waits_for_initialising() -> None:
    """A delete that is refused for a new instance is tried again until it is accepted, and the id is gone."""
    played = stage(
        body(start=True, onFailure="release"),
        prepare=lambda ecs: (ecs.start_fails.add("r"), setattr(ecs, "initialising_seconds", 200.0)),
    )
    data = outcome(played)
    assert (data["stage"], data["instance"]["disposition"]) == ("start", "released")
    assert "IncorrectInstanceStatus.Initializing" in codes(played)
    assert all(machine.deleted_at is not None for machine in played.world.ecs.machines.values())


@pytest.mark.parametrize(
    ("refusing", "faults", "reason"),
    [
        ({"DeleteInstance": (403, "InvalidOperation.DeletionProtection")}, {}, "InvalidOperation.DeletionProtection"),
        ({}, {"ecs.delete": ("lost request", 0, ALWAYS)}, "no answer"),
        ({}, {"ecs.delete": ("throttled", 0, ALWAYS)}, "Throttling.User"),
    ],
)
def test_release_gives_up_after_ten_minutes(
    refusing: dict[str, tuple[int, str]], faults: dict[str, Fault], reason: str
) -> None:
    """An instance that cannot be deleted is kept after ten minutes, and its outcome says why."""
    played = stage(
        body(start=True, onFailure="release"),
        prepare=lambda ecs: (ecs.start_fails.add("r"), ecs.refusing.update(refusing)),
        faults=faults,
    )
    data = outcome(played)
    assert data["instance"]["disposition"] == "kept"
    assert data["instance"]["reason"].startswith(reason)
    assert data["error"]["code"] == "OperationDenied.NoStock"
    assert 600 <= seconds(data) < 800


@pytest.mark.parametrize(("on_failure", "disposition"), [("keep", "kept"), ("release", "released")])
@pytest.mark.parametrize(
    ("refusing", "code", "where"),
    [
        ("StartInstance", "OperationDenied.NoStock", "start"),
        ("StartInstance", BALANCE, "start"),
        ("AllocatePublicIpAddress", BALANCE, "publicIp"),
        ("AllocatePublicIpAddress", "QuotaExceed.PublicIpAddress", "publicIp"),
    ],
)
def test_a_step_that_cannot_succeed(refusing: str, code: str, where: str, on_failure: str, disposition: str) -> None:
    """A start for which there is no stock, or an address nobody gives, ends the request at its stage."""
    asked = body(start=True, allocatePublicIp=True, onFailure=on_failure)
    data = outcome(stage(asked, prepare=lambda ecs: ecs.refusing.update({refusing: (403, code)})))
    assert (data["stage"], data["error"]["code"]) == (where, code)
    assert data["instance"]["disposition"] == disposition


def test_a_reused_id_while_the_first_runs() -> None:
    """Another request under an open request's id is refused and names it; the first goes on undisturbed."""
    played = stage(Case(body(), 1.0), Case(body(timeoutSeconds=300), 6.0), Case(body(start=True), 6.5))
    assert outcome(played)["instance"]["status"] == "Stopped"
    assert [data["duplicateOf"] for data in refusals(played)] == ["r", "r"]
    assert {data["error"]["code"] for data in refusals(played)} == {"IdempotentParameterMismatch"}
    assert len(played.world.ecs.machines) == 1


def test_not_after() -> None:
    """What is first taken after notAfter buys nothing; what was taken in time is seen through."""
    limit = {"notAfter": rfc3339(START + 30)}
    late = stage(body(**limit), faults={"store.write": ("unavailable", 0, 40)})
    assert [data["error"]["code"] for data in refusals(late)] == ["MessageExpired"]
    assert not late.world.ecs.machines
    in_time = stage(body(timeoutSeconds=900, **limit), prepare=lambda ecs: ecs.throttled.update(r=6))
    assert seconds(outcome(in_time)) > 30
    assert outcome(in_time)["instance"]["status"] == "Stopped"


def test_outcomes_at_their_size_limit() -> None:
    """An outcome that would be too large gives up details, never the answer: who, what, why, what exists."""
    disks = [{"Category": "cloud_essd", "Size": 40, "Description": "é" + "盘" * 255} for _ in range(16)]
    large = body(
        "large",
        alternatives=[{"InstanceType": f"ecs.g{n}.large", "DataDisk": disks} for n in range(7, 10)],
        metadata={f"{n:02d}": "値" * 60 for n in range(20)},
    )
    wrong = body("wrong", parameters={f"Parameter{'x' * 60}{n}": "盘" * 30 for n in range(300)})
    text = json.dumps(large, ensure_ascii=False)
    assert 40_000 < len(text.encode()) < MAX_BYTES < len(json.dumps(large))
    sold_out = {f"ecs.g{n}.large" for n in range(7, 10)} | {"ecs.g6.large"}
    played = stage(Case(text, 1.0), Case(wrong, 1.0), prepare=lambda ecs: ecs.sold_out.update(sold_out))
    assert all(len(text) <= MAX_BYTES and text.isascii() for text in played.world.published)
    data = outcome(played, "large")
    assert [attempt["errorCode"] for attempt in data["attempts"]] == ["OperationDenied.NoStock"] * 4
    assert data["metadata"] == large["metadata"]
    (refused,) = refusals(played)
    assert len(refused["violations"]) + refused["violationsOmitted"] == 300 + 1  # each name, and the size of it all


@pytest.mark.parametrize("kind", ["refused", "lost request", "lost response"])
def test_topic_that_takes_nothing_for_an_hour(kind: str) -> None:
    """Outcomes and refusals wait for the topic, are tried now and then, and come as they were frozen."""
    played = stage(Case(body(), 1.0), Case("{", 1.0), faults={"topic.publish": (kind, 0, 3600)})
    assert outcome(played)["instance"]["status"] == "Stopped"
    assert len(refusals(played)) == 1
    tries = played.world.plan.injected[kind]
    assert 100 < tries < 2 * 3600 / 10 + 10


def test_a_process_that_freezes_in_its_call() -> None:
    """A worker that wakes up long after its request was settled removes what its call made, and says so."""
    played = stage(body(), compute=Frozen)
    data = outcome(played)
    assert (data["stage"], data["instance"]) == ("create", None)
    (machine,) = played.world.ecs.machines.values()
    assert machine.deleted_at is not None
    assert any(line["event"] == "straggler" for line in played.world.log)


class Frozen(SimCompute):
    """ECS as a process sees it that stops in the middle of CreateInstance and goes on half an hour later."""

    def create(self, parameters: Mapping[str, Scalar]) -> Created:
        self.call.actor.kill_at += 1e6
        self.call.actor.wait(1800)
        return super().create(parameters)


def test_two_passwords_for_one_request() -> None:
    """Copies of a request that differ in their secrets make one instance, whoever comes first, and leak neither."""
    other = body(parameters={"Password": SECRET + "x"})
    for faults in ({}, {"ecs.create": ("lost response", 0, 20)}, {"ecs.create": ("lost request", 0, 20)}):
        played = stage(Case(body(), 1.0), Case(other, 1.0), Case(other, 9.0), faults=faults)
        assert len(played.world.ecs.machines) == 1
        assert outcome(played)["instance"]["status"] == "Stopped"
        assert all(SECRET not in text for text in played.world.published)


def test_a_throttled_request_costs_no_storm() -> None:
    """However long it waits, one copy of a message is on its way, and each try costs one call."""
    played = stage(body(timeoutSeconds=3600), prepare=throttled)
    assert outcome(played)["error"]["code"] == "Throttling.User"
    assert played.world.ecs.creates["r"] < 60
    assert played.world.sent < 65


@pytest.mark.slow
def test_more_open_work_than_a_run_can_do() -> None:
    """A hundred requests while every status answer takes nine seconds: all end, none before an older one by much."""
    cases = [Case(body(f"r{number}", timeoutSeconds=7200), 1.0 + number) for number in range(100)]
    played = stage(*cases, faults={"ecs.statuses": ("slow", 0, 1200)})
    assert all(outcome(played, f"r{number}")["instance"] for number in range(100))


SETTLED = {"ecs.create": ("lost response", 0.0, 5.0)}


def test_a_forgotten_token_is_not_called() -> None:
    """When a lost answer's copy comes back long after ECS has forgotten the token, the instance is found by its tag."""
    played = stage(
        body(timeoutSeconds=3600),
        prepare=lambda ecs: setattr(ecs, "token_seconds", 300.0),
        faults=SETTLED | {"queue.send": ("slow", 0.0, 30.0), "store.scan": ("unavailable", 0.0, 900.0)},
    )
    assert outcome(played)["instance"]["status"] == "Stopped"
    assert len(played.world.ecs.machines) == 1


def test_a_senders_token_that_was_used_before() -> None:
    """A token that stands for something else of the sender's ends the request; nothing is bought under another."""
    asked = body(parameters={"ClientToken": "mine"}, alternatives=[{"InstanceType": "ecs.g7.r"}])
    data = outcome(stage(asked, prepare=lambda ecs: ecs.tokens.update(mine=Used((("ImageId", "other"),), START))))
    assert (data["stage"], data["error"]["code"]) == ("create", "IdempotentParameterMismatch")
    assert data["instance"] is None
    assert len(data["attempts"]) == 1


def test_a_senders_token_that_is_new() -> None:
    """It is the first generation's, lost answers or not."""
    played = stage(body(parameters={"ClientToken": "mine"}), faults=SETTLED)
    (machine,) = played.world.ecs.machines.values()
    assert machine.token == "mine"
    assert outcome(played)["instance"]["status"] == "Stopped"


def test_a_region_that_cannot_be_reached() -> None:
    """When no call ever left, the request fails at its deadline with that error, and says what to look at."""
    away = Outage(True, START, FOR_EVER)  # noqa: FBT003 - nothing is sent
    played = stage(
        body(parameters={"RegionId": AWAY}, timeoutSeconds=900), body("other"),
        prepare=lambda ecs: ecs.outages.update({AWAY: away}),
    )  # fmt: skip
    data = outcome(played)
    assert (data["stage"], data["error"]["code"], data["instance"]) == ("create", "NoAnswer", None)
    assert "RegionId" in data["error"]["remedy"]
    assert 600 < seconds(data) < 1000
    assert outcome(played, "other")["instance"]["status"] == "Stopped"
    assert seconds(outcome(played, "other")) < 90
    assert played.world.sent < 25


@pytest.mark.parametrize("for_ever", [True, False])
def test_a_region_that_does_not_answer(for_ever: bool) -> None:  # noqa: FBT001 - a table
    """What a lost call left there nobody can tell: no outcome, a cheap look now and then, and an alarm that says so."""
    away = Outage(False, START, FOR_EVER if for_ever else START + 3000)  # noqa: FBT003 - calls go out
    played = stage(
        body(parameters={"RegionId": AWAY}), body("other"), prepare=lambda ecs: ecs.outages.update({AWAY: away})
    )
    assert seconds(outcome(played, "other")) < 90
    alarms = [line for line in played.world.log if line["event"] == "unsettled"]
    assert {line["request_id"] for line in alarms} == {"r"}
    assert 8 <= len(alarms) <= 40
    assert [line["age"] for line in alarms] == sorted(line["age"] for line in alarms)
    assert played.world.sent < 15
    if not for_ever:
        assert outcome(played)["instance"]["status"] == "Stopped"


def codes(simulation: Simulation) -> set[str]:
    """Return the codes of failed calls in the log."""
    return {line["code"] for line in simulation.world.log if line["event"] == "call_failed"}
