"""What is recorded goes before what is judged: copies, spoilt messages, frozen refusals, bugs, other versions."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from shared import bootstrap
from shared.domain.create_instance.view import CheckOptions
from shared.domain.lifecycle.outcome import rfc3339
from shared.domain.lifecycle.record import SCHEMA, State, UnreadableRecord
from shared.domain.message.envelope import MAX_DEFERRED
from shared.ports import StoreUnavailable
from tests.support.worker import Worker, message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.clients import Clients

LENIENT = CheckOptions(unlisted="warn")
UNLISTED = {"SystemDisk.Category": "cloud_next"}


@pytest.fixture
def worker(cloud: Clients, tmp_path: Path) -> Iterator[Worker]:
    """Return a worker over a provisioned local cloud, in process and over HTTP."""
    yield Worker(cloud, tmp_path)
    bootstrap.close()


def throttle(worker: Worker, request_id: str) -> None:
    """Have a request's first call answered with throttling, so that its message is deferred."""
    error = {"status": 400, "code": "Throttling.User", "message": "slow down"}
    where = {"service": "ecs", "action": "CreateInstance", "match": {"requestId": request_id}}
    worker.clients.local("faults", {**where, "error": error})


def refusals(worker: Worker) -> list[dict[str, Any]]:
    """Return the refusals, repeats among them."""
    return [event for event in worker.outcomes() if event["data"].get("refused")]


def alarms(worker: Worker, event: str) -> list[dict[str, Any]]:
    """Return the log's lines of one kind at level error."""
    lines = [json.loads(line) for line in worker.log.getvalue().splitlines()]
    return [line for line in lines if line["event"] == event and line["level"] == "error"]


def test_new_settings_refuse_no_accepted_request(worker: Worker) -> None:
    """A request that was accepted and deferred goes on when its copy would be refused by now."""
    throttle(worker, "r1")
    worker.options = LENIENT
    worker.enqueue(message("r1", parameters=UNLISTED))
    worker.deliver()
    assert worker.record("r1").state is State.CREATING
    worker.options = CheckOptions()
    worker.settle()
    assert worker.outcome("r1")["instance"]["status"] == "Stopped"
    assert refusals(worker) == []
    worker.enqueue(message("r2", parameters=UNLISTED))
    worker.settle()
    assert worker.outcome("r2")["error"]["code"] != "IdempotentParameterMismatch"


def test_a_finished_request_is_repeated_under_any_settings(worker: Worker) -> None:
    """A late copy publishes the outcome's bytes again, whatever it would be judged to be."""
    worker.options = LENIENT
    worker.enqueue(message("r1", parameters=UNLISTED))
    worker.settle()
    worker.options = CheckOptions()
    worker.enqueue(message("r1", parameters=UNLISTED))
    worker.settle()
    first, second = worker.published()
    assert first == second


@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize(
    "spoilt",
    [
        {"surprise": 1}, {"parameters": "none"}, {"parameters": {}}, {"start": None}, {"timeoutSeconds": "soon"},
        {"notAfter": "2020-01-01T00:00:00Z"}, {"requestId": "r1", "alternatives": [[]]},
    ],
)  # fmt: skip
def test_a_spoilt_message_speaks_for_itself_alone(worker: Worker, spoilt: dict[str, Any], finished: bool) -> None:  # noqa: FBT001 - a table
    """Under the id of a request, open or finished, what is none is refused in its own name, and the request goes on."""
    throttle(worker, "r1")
    worker.enqueue(message("r1"))
    worker.deliver()
    if finished:
        worker.settle()
    worker.enqueue({**message("r1"), **spoilt})
    worker.settle()
    (refused,) = refusals(worker)
    data = refused["data"]
    assert refused["subject"] == data["messageId"]
    assert (data["requestId"], data["duplicateOf"]) == ("r1", "r1")
    assert data["error"]["code"] == "IdempotentParameterMismatch"
    assert worker.outcome("r1")["instance"]["status"] == "Stopped"
    assert len(worker.instances()) == 1


def test_an_invalid_message_names_its_free_id(worker: Worker) -> None:
    """Where nothing is recorded under the id, the refusal's subject is the request id, which stays free."""
    worker.enqueue({**message("r1"), "surprise": 1})
    worker.settle()
    assert worker.outcome("r1")["refused"] is True
    worker.enqueue(message("r1"))
    worker.settle()
    assert [event["type"] for event in worker.outcomes()][-1].endswith("completed")


def test_a_refusal_is_frozen(worker: Worker) -> None:
    """A message delivered again gets the same bytes, though the settings, and so its violations, are others by then."""
    worker.enqueue({**message("r1", parameters=UNLISTED), "surprise": 1})
    (held,) = worker.queue.batch_receive_message(16)
    worker.handle(held)
    worker.options = LENIENT
    worker.cloud.clock.advance(5)
    worker.handle(held)
    first, second = worker.published()
    assert first == second
    assert worker.ports.store.next_due() is None


def test_a_refusal_waits_for_the_topic(worker: Worker) -> None:
    """What the topic does not take is published by the timer, as it was frozen."""
    topic = {"service": "mns", "action": "PublishMessage", "times": 2}
    worker.clients.local("faults", {**topic, "error": {"status": 500, "code": "InternalError", "message": "down"}})
    worker.enqueue("{")
    worker.deliver()
    assert worker.published() == []
    assert worker.ports.store.next_due() is not None
    worker.settle()
    (refused,) = refusals(worker)
    assert refused["data"]["error"]["code"] == "MalformedMessage"


class Spoilt:
    """A store with a bug, or an outage, for one request."""

    def __init__(self, store: Any, error: type[Exception], *names: str) -> None:
        self._store, self._error, self._names = store, error, names

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def claim(self, record: Any) -> Any:
        if record.request_id == "r1" and "claim" in self._names:
            raise self._error("it is")
        return self._store.claim(record)

    def get(self, request_id: str) -> Any:
        if request_id == "r1" and "get" in self._names:
            raise self._error("it is")
        return self._store.get(request_id)


@pytest.mark.parametrize("where", [("claim",), ("claim", "get")])
def test_a_message_that_meets_a_bug_is_given_up(worker: Worker, where: tuple[str, ...]) -> None:
    """It is sent again ten times, then refused with InternalError, and somebody is told; others are not held up."""
    store = worker.ports.store
    worker.use(store=Spoilt(store, ZeroDivisionError, *where))
    worker.enqueue(message("r1", metadata={"ticket": "OPS-12"}), message("r2"))
    worker.settle(limit=8000)
    (refused,) = refusals(worker)
    assert refused["data"]["error"]["code"] == "InternalError"
    assert refused["data"]["error"]["category"] == "internal"
    assert "ticket" not in refused["data"]["error"]["remedy"]  # ECS has no part in it
    assert refused["subject"] == "r1"
    assert len(worker.delivered) == 2 + MAX_DEFERRED
    assert len(alarms(worker, "message_given_up")) == 1
    assert worker.outcome("r2")["instance"]["status"] == "Stopped"
    assert store.get("r1") is None


def test_outages_of_the_store_are_not_counted(worker: Worker) -> None:
    """However often the store does not answer, the message is taken up when it does."""
    store = worker.ports.store
    worker.use(store=Spoilt(store, StoreUnavailable, "claim"))
    worker.enqueue(message("r1"))
    for _ in range(3 * MAX_DEFERRED):
        worker.deliver()
        worker.cloud.clock.advance(16)
    worker.use(store=store)
    worker.settle()
    assert worker.outcome("r1")["instance"]["status"] == "Stopped"


def test_a_bug_after_the_record_is_bounded_by_the_deadline(worker: Worker) -> None:
    """A recorded request whose message meets a bug each time ends at its deadline; nothing circles past it."""
    ports = worker.ports

    class Broken:
        def __getattr__(self, name: str) -> Any:
            return getattr(ports.compute, name)

        def create(self, _parameters: Any) -> Any:
            raise ZeroDivisionError

    worker.use(compute=Broken())
    worker.enqueue(message("r1", timeoutSeconds=900))
    worker.settle(limit=8000)
    assert worker.outcome("r1")["error"]["code"] == "ProvisioningTimeout"
    assert len(worker.delivered) <= 6
    assert refusals(worker) == []


def test_another_version_s_record_is_left_alone(worker: Worker) -> None:
    """Nothing is claimed over a record that cannot be read: messages wait, the round goes on, somebody is told once."""
    worker.clients.local("config", {"delays": {"Pending": 60}})
    worker.enqueue(message("r1"), message("r2"))
    worker.deliver()
    with closing(sqlite3.connect(worker.path)) as connection:
        (body,) = connection.execute("SELECT body FROM requests WHERE request_id = 'r1'").fetchone()
        newer = {**json.loads(body), "state": "resting", "schema": SCHEMA + 1, "novelty": 1}
        connection.execute(
            "UPDATE requests SET body = ?, state = 'resting', due_at = 0 WHERE request_id = 'r1'", (json.dumps(newer),)
        )
        connection.commit()
        worker.enqueue(message("r1"), {**message("r1"), "surprise": 1})
        worker.deliver()
        worker.cloud.clock.advance(120)
        worker.poll(60)
        assert worker.outcome("r2")["instance"]["status"] == "Stopped"
        with pytest.raises(UnreadableRecord):
            worker.ports.store.get("r1")
        assert {line["request_id"] for line in alarms(worker, "unreadable_record")} == {"r1"}
        assert len(alarms(worker, "unreadable_record")) <= 3  # of the batch two, of the timer's run one
        assert refusals(worker) == []
        older = {**newer, "state": json.loads(body)["state"]}
        connection.execute(
            "UPDATE requests SET body = ?, state = ? WHERE request_id = 'r1'", (json.dumps(older), older["state"])
        )
        connection.commit()
    worker.settle()
    (outcome,) = {text for text in worker.published() if json.loads(text)["subject"] == "r1"}  # told to two messages
    assert json.loads(outcome)["data"]["instance"]["status"] == "Stopped"
    assert [event["data"]["duplicateOf"] for event in refusals(worker)] == ["r1"]
    assert worker.record("r1").others == {"novelty": 1}
    assert len(worker.instances()) == 2


def test_no_first_call_starts_after_not_after(worker: Worker) -> None:
    """When the store takes so long that notAfter is past before the first call, nothing is bought."""
    store, clock = worker.ports.store, worker.cloud.clock

    class Slow(Spoilt):
        def claim(self, record: Any) -> Any:
            found = self._store.claim(record)
            clock.advance(20)
            return found

    worker.use(store=Slow(store, ValueError))
    worker.enqueue(message("r1", notAfter=rfc3339(clock.now() + 10)))
    worker.settle()
    data = worker.outcome("r1")
    assert (data["stage"], data["error"]["code"], data["instance"]) == ("create", "MessageExpired", None)
    assert worker.calls("CreateInstance") == 0
