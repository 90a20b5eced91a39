"""Every alarm of template.yml fires when its fault is played, and none on a healthy run.

Faults are played with the real handlers over the local cloud; what they wrote is put at the times that the platform
would have called them, beside the platform's own line for each invocation.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from mns.queue import Message as MnsMessage

from functions import poll, provision
from local import defaults
from local.project import TEMPLATE
from local.runtime.queue_trigger import STRATEGIES
from local.runtime.specification import Deployment
from local.runtime.template import Resolver, load
from shared.adapters.ecs.client import Ecs
from shared.adapters.system import SystemClock
from shared.adapters.tablestore import rows, schema
from shared.adapters.tablestore.client import connect, tablestore
from shared.adapters.tablestore.store import TablestoreStore
from shared.bootstrap import close
from shared.domain.policy.control import Pause
from shared.ports import StoredPolicy
from tests.support.alarm_queries import Alarm, Line, NotInSubset, Query, collected, invocation, look
from tests.support.worker import CREDENTIALS, Worker
from tests.support.worker import message as patient_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shared.domain.lifecycle.record import Record
    from tests.support.clients import Clients

ONE_WAY = pytest.mark.parametrize("cloud", ["http"], indirect=True)
DATA = load(TEMPLATE)
ALERTS = {
    item["Properties"]["Detail"]["Name"]: Resolver(DATA).value(item["Properties"])
    for item in DATA["Resources"].values()
    if item["Type"] == "ALIYUN::SLS::Alert"
}
ALARMS = {name: Alarm.of(properties) for name, properties in ALERTS.items()}
RULES = {
    name: Resolver(DATA).value(item["Properties"])
    for name, item in DATA["Resources"].items()
    if item["Type"] == "ALIYUN::CMS::ResourceMetricRule"
}
FUNCTIONS = {name: Deployment(TEMPLATE).function(name).name for name in ("provision", "poll")}
MINUTE, DAY = 60, 86_400
EVERY = 5 * MINUTE
CONTEXT = SimpleNamespace(request_id="r", function=SimpleNamespace(timeout=100))
PARAMETERS = {
    "RegionId": defaults.REGION,
    "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
    "InstanceType": "ecs.g6.large",
    "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
    "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
}


def event(*request_ids: str) -> bytes:
    """Return a trigger event with valid messages."""
    bodies = [json.dumps({"requestId": each, "start": False, "parameters": PARAMETERS}) for each in request_ids]
    return json.dumps(
        [
            {"id": f"e-{index}", "type": "mns:Queue:SendMessage", "time": "2026-11-24T00:00:00Z",
             "data": {"messageId": f"M-{request_ids[index]}", "messageBody": body}}
            for index, body in enumerate(bodies)
        ]
    ).encode()  # fmt: skip


@dataclass
class Stage:
    """Calls functions at chosen times (seconds from 0) and keeps what the log store would have."""

    cloud: Clients
    output: Callable[[], str]
    lines: list[Line] = field(default_factory=list)

    def call(self, name: str, at: float, what: bytes = b"{}") -> bool:
        """Call a function; return whether it succeeded."""
        handler = poll.handler if name == "poll" else provision.handler
        self.output()
        try:
            handler(what, CONTEXT)
            failed = False
        except (Exception, SystemExit):  # noqa: BLE001 - whatever it is, the platform counts it
            failed = True
        self.put(collected(self.output(), FUNCTIONS[name]), at)
        self.lines.append(invocation(FUNCTIONS[name], at, failed=failed))
        return not failed

    def put(self, lines: list[Line], at: float) -> None:
        """Keep lines at a time."""
        self.lines += [{**line, "__time__": at} for line in lines]

    def timer(self, minutes: int) -> None:
        """Let the timer call its function once a minute."""
        for minute in range(minutes):
            self.call("poll", minute * MINUTE)

    def active(self, queue: str) -> int:
        """Return a queue's visible messages: CloudMonitor's ActiveMessages."""
        visible: int = self.cloud.cloud.state()["mns"]["queues"][queue]["visible"]
        return visible

    def fired(self, now: float) -> set[str]:
        """Return the names of the alarms that fire at a moment."""
        return {name for name, alarm in ALARMS.items() if alarm.fires(self.lines, now)}


@pytest.fixture(name="stage")
def fixture_stage(
    cloud: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    """Set what the platform would set, with the resources of the deployment and the real store's SDK."""
    cloud.cloud.provision_defaults()
    settings = {
        "DEPLOYMENT": "test", "STORE": "tablestore", "TABLESTORE_ENDPOINT": cloud.url, "TABLESTORE_INSTANCE":
        defaults.TABLESTORE_INSTANCE, "MNS_ENDPOINT": cloud.url, "ECS_ENDPOINT": cloud.ecs_endpoint,
        "POLL_SECONDS": "1", "CALL_SECONDS": "10", "SQLITE_PATH": str(tmp_path / "store.db"),
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(f"PROVISIONER_{name}", value)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", defaults.ACCESS_KEY_ID)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", defaults.ACCESS_KEY_SECRET)
    yield Stage(cloud, lambda: capfd.readouterr().out)
    close()


@ONE_WAY
def test_a_healthy_run_is_silent(stage: Stage) -> None:
    """Messages in, instances and outcomes out, a refused message and an idle timer: no alarm at any evaluation."""
    for minute in range(20):
        if minute in (1, 2):
            assert stage.call("provision", minute * MINUTE, event(f"order-{minute}", "no good id!"))
            stage.cloud.cloud.clock.advance(60)
        assert stage.call("poll", minute * MINUTE)
    states = [line["message"]["state"] for line in stage.lines if line.get("message", {}).get("event") == "request"]
    assert states == ["completed", "completed"]
    for now in range(EVERY, 21 * MINUTE, EVERY):
        assert stage.fired(now) == set()


@ONE_WAY
def test_the_store_is_away(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Tablestore unreachable the functions do not fail, and the alarm fires within five minutes."""
    monkeypatch.setenv("PROVISIONER_TABLESTORE_ENDPOINT", "http://127.0.0.1:9")
    stage.timer(EVERY // MINUTE)
    assert all(line["hasFunctionError"] == "false" for line in stage.lines if "hasFunctionError" in line)
    assert stage.fired(EVERY) == {"store-unavailable"}


@ONE_WAY
def test_the_timer_is_dead(stage: Stage) -> None:
    """When the timer stops, work or no work, its alarm fires within a quarter of an hour."""
    stage.timer(20)
    assert stage.fired(20 * MINUTE) == set()
    stage.call("provision", 21 * MINUTE, event("order-1"))
    assert "timer-silent" in stage.fired(35 * MINUTE)


@ONE_WAY
def test_the_timer_never_ran(stage: Stage) -> None:
    """Nothing in the log at all is an alarm, too: a count over nothing is 0."""
    assert stage.fired(EVERY) == {"timer-silent"}


@ONE_WAY
def test_the_timer_fails(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer function that raises is told twice: it fails, and does not do its runs."""
    monkeypatch.setenv("PROVISIONER_WORKERS", "many")
    stage.timer(EVERY // MINUTE)
    assert stage.fired(EVERY) == {"timer-errors", "timer-silent"}


@ONE_WAY
def test_keys_are_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role whose keys are no longer taken is told by the first run, by the store's refusal or by ECS's."""
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "another")
    stage.timer(1)
    assert "authentication-failures" in stage.fired(MINUTE)
    stage.lines.clear()
    # With the same keys the process would end before it calls anything.
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "a third")
    monkeypatch.setenv("PROVISIONER_STORE", "sqlite")
    stage.call("provision", 0, event("order-1"))
    assert "authentication-failures" in stage.fired(MINUTE)


@ONE_WAY
def test_many_fail_alike(stage: Stage) -> None:
    """Ten requests of one category within a quarter of an hour fire; nine, or ten spread over two hours, do not."""
    stage.cloud.local("config", {"stock": {"*": {"ecs.g6.large": 0}}})
    stage.call("provision", 0, event(*(f"order-{number}" for number in range(9))))
    stage.timer(15)
    assert stage.fired(14 * MINUTE) == set()
    stage.call("provision", 14 * MINUTE, event("order-9"))
    assert stage.fired(14 * MINUTE) == {"failures-by-category"}
    failed = [line for line in stage.lines if line.get("message", {}).get("category")]
    assert {line["message"]["category"] for line in failed} == {"capacity"}
    stage.lines = [{**line, "__time__": 12 * MINUTE * number} for number, line in enumerate(failed)]
    assert not any("failures-by-category" in stage.fired(now) for now in range(0, 2 * 3600, EVERY))


@ONE_WAY
def test_a_failed_request_counts_once(stage: Stage) -> None:
    """However often the message of a request that failed is sent again: its failure is one."""
    stage.cloud.local("config", {"stock": {"*": {"ecs.g6.large": 0}}})
    for _ in range(12):
        stage.call("provision", 0, event("order-1"))
    stage.timer(15)
    assert stage.fired(14 * MINUTE) == set()


def searched(search: str, line: Line) -> bool:
    """Tell whether a line is found: conditions on fields, `and`, `or` and brackets mean in SLS what they do here."""
    return bool(eval(re.sub(r"([\w.]+): (\w+)", lambda m: repr(str(look(line, m[1])) == m[2]), search)))  # noqa: S307


@ONE_WAY
def test_the_dashboard_counts_every_outcome_once(stage: Stage) -> None:
    """Whichever function ended a request, its outcome is on the dashboard, once, and whether it was in time."""
    stage.cloud.local("config", {"stock": {"*": {"ecs.g6.large": 1}}})
    stage.call("provision", 0, event("order-1"))
    stage.call("provision", 0, event("order-2"))
    stage.call("provision", 0, event("order-2"))
    stage.cloud.cloud.clock.advance(60)
    stage.call("poll", MINUTE)
    charts = [one for one in DATA["Resources"]["Dashboard"]["Properties"]["Charts"]
              if "completed" in one["search"]["query"]]  # fmt: skip
    assert len(charts) == 2
    for chart in charts:
        search = chart["search"]["query"].partition(" | ")[0]
        told = [line["message"] for line in stage.lines if searched(search, line)]
        assert sorted((one["request_id"], one["state"], one["category"], one["on_time"]) for one in told) == [
            ("order-1", "completed", None, True), ("order-2", "failed", "capacity", True),
        ]  # fmt: skip


@ONE_WAY
def test_a_request_stays_open(stage: Stage, cloud: Clients, tmp_path: Path) -> None:
    """A request open for longer than an hour is told; until then it is not."""
    worker = Worker(cloud, tmp_path)
    cloud.local("config", {"delays": {"Pending": 90_000}})
    worker.enqueue(patient_message("order-1", timeoutSeconds=86_400))
    worker.deliver()
    for hours, told in ((0.5, False), (1.5, True)):
        worker.log.seek(0)
        worker.log.truncate()
        cloud.cloud.clock.advance(hours * 3600)
        worker.poll(2)
        stage.lines.clear()
        stage.put(collected(worker.log.getvalue(), FUNCTIONS["poll"]), 0)
        assert ("oldest-open-request" in stage.fired(MINUTE)) is told


@ONE_WAY
def test_a_request_stays_unsettled(stage: Stage, cloud: Clients, tmp_path: Path) -> None:
    """A call of which nobody knows what it did, past the deadline: told while no look-up is answered, then no more."""
    worker = Worker(cloud, tmp_path)
    for action in ("CreateInstance", "DescribeInstances"):
        cloud.cloud.faults.add({"service": "ecs", "action": action, "effect": "lose-response", "times": 1000})
    worker.enqueue(patient_message("order-1", timeoutSeconds=60))
    worker.deliver()
    told = {}
    for minutes in (1, 6, 20):
        worker.log.seek(0)
        worker.log.truncate()
        cloud.cloud.clock.advance(minutes * 60)
        worker.poll(60)
        stage.lines.clear()
        stage.put(collected(worker.log.getvalue(), FUNCTIONS["poll"]), 0)
        told[minutes] = "unsettled-requests" in stage.fired(MINUTE)
    assert told == {1: False, 6: False, 20: True}
    cloud.cloud.faults.remove("")
    worker.log.seek(0)
    worker.log.truncate()
    worker.settle()
    stage.lines.clear()
    stage.put(collected(worker.log.getvalue(), FUNCTIONS["poll"]), 0)
    assert "unsettled-requests" not in stage.fired(MINUTE)
    assert worker.outcome("order-1")["instance"] is not None


@ONE_WAY
def test_a_bug(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nobody expected fails no batch, and is told."""

    def broken(_: Ecs, __: dict[str, Any]) -> None:
        raise RuntimeError

    monkeypatch.setattr(Ecs, "create", broken)
    stage.timer(5)
    assert stage.call("provision", MINUTE, event("order-1"))
    assert stage.fired(EVERY) == {"unexpected"}


@ONE_WAY
def test_a_record_that_cannot_be_read(stage: Stage) -> None:
    """A record that another version wrote, or that is spoilt, stops no round and is told by each run."""
    assert stage.call("provision", 0, event("order-1"))
    client = connect(stage.cloud.url, defaults.TABLESTORE_INSTANCE, CREDENTIALS, try_seconds=2)
    columns = [(schema.VERSION, 9), (schema.BODY, '{"schema": 99}'), (schema.WRITER, "x")]
    row = tablestore.Row([(schema.REQUEST_ID, "order-1")], columns)
    client.put_row(defaults.REQUESTS_TABLE, row, tablestore.Condition(tablestore.RowExistenceExpectation.IGNORE))
    stage.cloud.cloud.clock.advance(60)
    stage.timer(5)
    assert stage.fired(EVERY) == {"unreadable-records"}


@ONE_WAY
def test_a_policy_that_cannot_be_read(stage: Stage) -> None:
    """A policy with a rule that this version does not know holds up what is new, and is told."""
    client = connect(stage.cloud.url, defaults.TABLESTORE_INSTANCE, CREDENTIALS, try_seconds=2)
    row = rows.policy_row(StoredPolicy(1, '{"quotas": {}}', 0.0), "x", copy=False)
    client.put_row(defaults.OPEN_TABLE, row, rows.absent())
    assert stage.call("provision", 0, event("order-1"))
    stage.timer(5)
    assert stage.fired(EVERY) == {"unreadable-policy"}
    assert stage.cloud.cloud.calls["ecs.CreateInstance"] == 0


@ONE_WAY
def test_a_pause_is_forgotten(stage: Stage) -> None:
    """A pause is told of once it has lasted an hour, and nothing is bought meanwhile."""
    store = TablestoreStore(stage.cloud.url, defaults.TABLESTORE_INSTANCE, CREDENTIALS)
    store.put_pause(Pause(active=True, by="ann", reason="the bill", at=SystemClock().now() - 3000), None)
    stage.timer(5)
    assert stage.call("provision", 0, event("order-1"))
    assert stage.fired(EVERY) == set()
    before = store.pause()
    store.put_pause(Pause(active=True, by="ann", reason="the bill", at=SystemClock().now() - 3700), before)
    close()
    stage.timer(5)
    assert stage.fired(EVERY) == {"still-paused"}
    assert stage.cloud.cloud.calls["ecs.CreateInstance"] == 0


@ONE_WAY
def test_a_message_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that meets a bug for the last time is refused, and its sender can do nothing: it is told here."""

    def broken(_: TablestoreStore, __: Record) -> None:
        raise RuntimeError

    monkeypatch.setattr(TablestoreStore, "claim", broken)
    (last,) = json.loads(event("order-1"))
    last["data"]["messageBody"] = json.dumps(json.loads(last["data"]["messageBody"]) | {"deferred": 10})
    stage.timer(5)
    assert stage.call("provision", MINUTE, json.dumps([last]).encode())
    assert stage.fired(EVERY) == {"messages-given-up", "unexpected"}


@ONE_WAY
def test_batches_on_their_way_to_the_dead_letters(stage: Stage) -> None:
    """From the third failure on the alarm stays until the tries are over, although they come to be 512 s apart."""
    tries, faults = STRATEGIES["EXPONENTIAL_DECAY_RETRY"], stage.cloud.cloud.faults
    for service, action in (("ecs", "CreateInstance"), ("mns", "SendMessage")):
        faults.add({"service": service, "action": action, "effect": "lose-request", "times": 5})
    assert not stage.call("provision", 0, event("order-1"))
    (failure,) = [line for line in stage.lines if "hasFunctionError" in line]
    at, times = 0.0, [0.0]
    for number in range(1, tries.tries):
        at += tries.delay(number)
        times.append(at)
    stage.lines = [{**failure, "__time__": each} for each in times]
    assert times[-1] > 0.9 * DAY
    assert "dead-letters" not in stage.fired(times[1])
    for now in range(EVERY, int(times[-1]), EVERY):
        assert "dead-letters" in stage.fired(now)
    assert "dead-letters" not in stage.fired(times[-1] + 2 * 3600)


def metric_fires(name: str, periods: list[list[int]]) -> bool:
    """Tell whether a CloudMonitor rule fires, given the samples of its metric in each period, the last at the end."""
    critical = RULES[name]["Escalations"]["Critical"]
    assert critical["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    of_a_period = {"Minimum": min, "Maximum": max}[critical["Statistics"]]
    last = periods[-critical["Times"] :]
    return len(last) == critical["Times"] and all(of_a_period(each) >= int(critical["Threshold"]) for each in last)


@ONE_WAY
def test_nobody_takes_messages(stage: Stage) -> None:
    """A stream that never started is told after a quarter of an hour; a queue that is emptied in between is not."""
    queue = stage.cloud.mns().get_queue(defaults.QUEUE)
    assert RULES["BacklogAlarm"]["Resources"][0]["queue"] == queue.queue_name
    periods = [[stage.active(defaults.QUEUE)]]
    queue.send_message(MnsMessage("{}"))
    periods += [[stage.active(defaults.QUEUE)] for _ in range(2)]
    assert not metric_fires("BacklogAlarm", periods)
    waiting = stage.active(defaults.QUEUE)
    assert metric_fires("BacklogAlarm", [*periods, [waiting]])
    queue.delete_message(queue.receive_message().receipt_handle)
    assert not metric_fires("BacklogAlarm", [*periods, [waiting, stage.active(defaults.QUEUE)]])


@ONE_WAY
def test_a_dead_letter_arrives(stage: Stage) -> None:
    """One dead letter is enough, and the alarm lasts until it is removed."""
    queue = stage.cloud.mns().get_queue(defaults.DEAD_LETTERS)
    assert RULES["DeadLetterLengthAlarm"]["Resources"][0]["queue"] == queue.queue_name
    assert not metric_fires("DeadLetterLengthAlarm", [[stage.active(defaults.DEAD_LETTERS)]])
    queue.send_message(MnsMessage("{}"))
    assert metric_fires("DeadLetterLengthAlarm", [[0, stage.active(defaults.DEAD_LETTERS)]])


@pytest.mark.parametrize(
    "text",
    [
        "message.event: run",
        "message.event: run | SELECT avg(message.age) AS age",
        "message.event: a or message.event: b | SELECT count(*) AS n",
        'message.event: a | SELECT "message.code" AS code, count(*) AS n',
        "not message.event: a | SELECT count(*) AS n",
        "message.event: a | SELECT count(*) AS n GROUP BY code",
    ],
)
def test_queries_outside_the_subset_are_refused(text: str) -> None:
    """What the evaluator does not understand cannot be in the template without a test that fails."""
    with pytest.raises(NotInSubset):
        Query.parse(text)
