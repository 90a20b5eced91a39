from __future__ import annotations

import json

import pytest

from local import defaults
from local.cloud.clock import DrivenClock
from local.cloud.cloud import Cloud
from local.project import EVENTS, ROOT
from local.samples import without_secrets
from local.trace.request_trace import LONGEST, STATES, RequestTrace, Step, steps_of
from local.trace.trace import PAGE, REQUESTS, Trace
from local.trace.worker_log import read_lines
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle.record import Failure, Generation, Record, State


def told(number: int, most: int = REQUESTS) -> Trace:
    """Return a trace of so many requests."""
    trace = Trace("s1", most)
    for place in range(number):
        trace.tell(f"r-{place}", float(place), "enqueued", "message M1")
    return trace


def ids(data: dict[str, list[dict[str, str]]]) -> list[str]:
    """Return the requests of an answer."""
    return [request["id"] for request in data.get("requests", [])]


def test_only_changes_are_told() -> None:
    """With the last number one gets what changed since: the request, and of its steps the new ones only."""
    trace = told(3)
    first = trace.changes()
    assert ids(first.data) == ["r-0", "r-1", "r-2"]
    assert trace.changes(first.version).data == {}
    trace.tell("r-1", 9.0, "delivered", "message M1", state="delivered")
    trace.set_part("queues", {"a": 1})
    second = trace.changes(first.version)
    ((request,), queues) = second.data["requests"], second.data["queues"]
    assert (request["id"], request["state"], [step["kind"] for step in request["steps"]]) == (
        "r-1", "delivered", ["delivered"],
    )  # fmt: skip
    assert queues == {"a": 1}
    trace.set_part("queues", {"a": 1})
    trace.note("r-1", 9.0, state="delivered")
    assert trace.changes(second.version).data == {}


def test_much_is_told_in_pages() -> None:
    """A page of requests at a time, the one that has been quiet longest first; nothing is left out or told twice."""
    trace = told(450)
    seen: list[str] = []
    since, more = 0, True
    while more:
        page = trace.changes(since)
        since, more = page.version, page.more
        seen += ids(page.data)
        assert len(page.data["requests"]) <= PAGE
    assert seen == [f"r-{place}" for place in range(450)]


def test_it_is_bounded() -> None:
    """Of too many requests the quietest are forgotten, and readers are told which."""
    trace = told(3, most=3)
    since = trace.version
    trace.tell("r-0", 5.0, "delivered", "again")
    trace.tell("r-3", 6.0, "enqueued", "new")
    assert list(trace.requests) == ["r-2", "r-0", "r-3"]
    assert trace.changes(since).data["forgotten"] == ["r-1"]


def test_a_long_trace_keeps_both_ends() -> None:
    """Of very many steps the middle is forgotten; steps stand in order of their time, however late they are told."""
    request = RequestTrace("r", 0.0, 0.0)
    for number in range(LONGEST + 20):
        request.add(Step(number, float(number), "delivered", ""))
    request.add(Step(999, 0.5, "claimed", ""))
    assert len(request.steps) == LONGEST
    assert [step.number for step in request.steps[:3]] == [0, 999, 1]
    assert request.steps[-1].number == LONGEST + 19


@pytest.mark.parametrize("late", STATES[:6])
def test_a_state_is_never_taken_back(late: str) -> None:
    """What is told late does not bring an ended request back; a corrected message may follow a refused one."""
    request = RequestTrace("r", 0.0, 0.0, "completed")
    request.move(late)
    request.move("refused")
    request.move("nonsense")
    assert request.state == "completed"
    refused = RequestTrace("r", 0.0, 0.0, "refused")
    refused.move(late)
    assert refused.state == late


def test_log_lines() -> None:
    """Lines are read by name: the claim's time, what became of a message, changes of state, warnings."""
    trace = told(1)
    lines = [
        "no json", "[]", '{"event": 1}', "[" * 100_000,
        json.dumps({"event": "message", "request_id": "r-0", "message_id": "M1", "state": "creating", "end": "deferred",
                    "accepted_at": 1.5, "time": "1970-01-01T00:00:03Z"}),
        json.dumps({"event": "request", "request_id": "r-0", "state": "failed", "code": "QuotaExceed.ElasticQuota",
                    "age": 2, "time": "1970-01-01T00:00:04Z"}),
        json.dumps({"event": "call_failed", "level": "warning", "code": "Throttling", "error": "s3cret"}),
        json.dumps({"event": "message", "request_id": "unknown", "state": "creating"}),
    ]  # fmt: skip
    read_lines(trace, lines, 7.0)
    request = trace.requests["r-0"]
    assert [(step.kind, step.at) for step in request.steps] == [
        ("enqueued", 0.0), ("claimed", 1.5), ("deferred", 3.0), ("ended", 4.0),
    ]  # fmt: skip
    assert request.state == "failed"
    assert request.steps[-1].error is not None
    assert "s3cret" not in json.dumps(trace.changes().data)
    assert trace.part("notices") == [{"event": "call_failed", "level": "warning", "code": "Throttling", "at": 7.0}]
    assert list(trace.requests) == ["r-0"]


def test_a_message_that_names_no_request_goes_by_its_own_id() -> None:
    """An id that is none (too long, other characters, a secret perhaps) is not shown."""
    cloud = Cloud(DrivenClock(), provisioned=True)
    for number, body in enumerate(["no json", '{"requestId": "a b"}', json.dumps({"requestId": "x" * 65}), "[1]"]):
        cloud.recorder.sent(defaults.QUEUE, f"M{number}", body, 0.0, 0)
    assert list(cloud.recorder.trace.requests) == ["M0", "M1", "M2", "M3"]


def test_every_switch_is_a_fault() -> None:
    """The page's switches are faults the cloud takes, each with an effect of its own."""
    cloud = Cloud(DrivenClock())
    presets = json.loads((ROOT / "local/page/faults.json").read_text())
    cloud.faults.add([preset["fault"] for preset in presets])
    assert len(cloud.faults.pending) == len({preset["label"] for preset in presets})


def test_samples_without_secrets() -> None:
    """A sample on the page has neither password nor user data, and the rest unchanged."""
    body = (EVENTS / "messages/full.json").read_text()
    shown = json.loads(without_secrets(body))
    full = json.loads(body)
    assert set(full["parameters"]) - set(shown["parameters"]) == {"Password", "UserData"}
    assert {**full, "parameters": None} == {**shown, "parameters": None}
    assert without_secrets("{broken") == "{broken"


def test_a_record_tells_its_steps() -> None:
    """From a record alone: claim, failed generations, instance, start, release, end, publishing, in order of time."""
    record = Record(
        request_id="r", version=9, state=State.FAILED, message_id="M1", accepted_at=10.0, due_at=0.0, created_at=12.0,
        generations=(Generation(1, 0, "t1", error_code="OperationDenied.NoStock"), Generation(2, 1, "t2")),
        instance_id="i-1", start_sent_at=15.0, releasing_since=20.0, deleted_at=21.0, finished_at=25.0,
        published_at=26.0, failure=Failure("start", ApiError("StartInstance", 500, "InternalError", "")),
    )  # fmt: skip
    steps = steps_of(record)
    assert [step.kind for step in steps] == [
        "claimed", "error", "created", "start", "decided", "release", "ended", "published",
    ]  # fmt: skip
    assert steps[1].error is not None
    assert steps[1].error["category"] == "capacity"
    assert steps[6].text == "failed: InternalError at start"
