"""The error map end to end: every documented pair through the local cloud, the real SDK and the queue function.

What ends a request is read from the published outcome; what is tried again, from the record the function left.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from functions.provision import handler
from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.in_process import in_process
from local.cloud.server import running
from shared import bootstrap, invocation
from shared.adapters.sqlite import SqliteStore
from shared.domain.errors.catalogue import classify
from shared.domain.errors.listing import Entry, entries
from shared.domain.errors.model import ApiError, Retry, TokenRule, Verdict
from shared.domain.lifecycle.record import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.lifecycle.record import Record

PAGE = Path(__file__).parents[1] / "unit" / "errors" / "page_pairs.tsv"
BATCH = 60
TIME = "2026-11-24T00:00:00Z"
WORDS = "These are the words of the service itself."
PARAMETERS = {"RegionId": defaults.REGION, "ImageId": "img-1", "InstanceType": "ecs.g6.large"}


@dataclass
class Place:
    """The local cloud and a store, with the worker's settings in the environment."""

    cloud: Cloud
    store: SqliteStore

    def deliver(self, messages: list[dict[str, Any]]) -> None:
        """Invoke the queue function with the messages, some at a time."""
        for first in range(0, len(messages), BATCH):
            events = [
                {
                    "id": message["requestId"],
                    "source": "acs:mns",
                    "type": "mns:Queue:SendMessage",
                    "time": TIME,
                    "data": {"messageId": message["requestId"], "messageBody": json.dumps(message)},
                }
                for message in messages[first : first + BATCH]
            ]
            context = SimpleNamespace(request_id="invocation-1", function=SimpleNamespace(timeout=60))
            handler(json.dumps(events).encode(), context)

    def outcomes(self) -> dict[str, dict[str, Any]]:
        """Return every published outcome by its subject."""
        events = [json.loads(body) for body in self.cloud.state()["mns"]["topics"][defaults.TOPIC]]
        return {event["subject"]: event for event in events}

    def record(self, request_id: str) -> Record:
        """Return a record that must exist."""
        record = self.store.get(request_id)
        assert record is not None
        return record


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Return the worker's surroundings: ECS answers inside this process, the rest on a loopback port."""
    cloud = Cloud(provisioned=True)
    path = tmp_path / "records.db"
    with running(cloud) as url, in_process(cloud):
        for name, value in {
            "PROVISIONER_DEPLOYMENT": defaults.DEPLOYMENT,
            "PROVISIONER_STORE": "sqlite",
            "PROVISIONER_SQLITE_PATH": str(path),
            "PROVISIONER_MNS_ENDPOINT": url,
            "PROVISIONER_CALLS_PER_SECOND": "10000",
            "FC_REGION": defaults.REGION,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": defaults.ACCESS_KEY_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": defaults.ACCESS_KEY_SECRET,
        }.items():
            monkeypatch.setenv(name, value)
        store = SqliteStore(str(path))
        yield Place(cloud, store)
        store.close()
        bootstrap.close()


def documented() -> list[Entry]:
    """Return the catalogue's entry for every pair that the API's page lists."""
    known = {(entry.status, entry.code): entry for entry in entries()}
    with PAGE.open(encoding="ascii", newline="") as file:
        return [known[int(row["httpStatus"]), row["code"]] for row in csv.DictReader(file, delimiter="\t")]


def message(number: int, **more: object) -> dict[str, Any]:
    """Return a small valid request."""
    return {"requestId": f"pair-{number:03}", "parameters": PARAMETERS, **more}


def fault(number: int, entry: Entry, times: int = 100) -> dict[str, Any]:
    """Return the fault that answers a request's calls with the entry's error."""
    error = {"status": entry.status, "code": entry.code, "message": WORDS}
    return {
        "service": "ecs",
        "action": "CreateInstance",
        "match": {"requestId": f"pair-{number:03}"},
        "times": times,
        "error": error,
    }


@pytest.mark.slow
def test_every_pair(place: Place) -> None:
    """Each pair of the page leads to the outcome, or to the next try, that its catalogue entry says."""
    pairs = documented()
    assert len(pairs) == 300
    check(place, pairs)


@pytest.mark.slow
def test_codes_the_page_leaves_out(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """So does what arrives without being listed there; keys that are refused wait, with one alarm an invocation."""
    listed = {(entry.status, entry.code) for entry in documented()}
    pairs = [
        entry
        for entry in entries()
        if entry.status is not None
        and {"any", "CreateInstance"} & set(entry.calls)
        and (entry.status, entry.code) not in listed
        and entry.code not in ("DryRunOperation", "Throttling.Local")
    ]
    assert len(pairs) > 40
    ours = [entry for entry in pairs if entry.verdict.category == "authentication"]
    check(place, [entry for entry in pairs if entry not in ours])
    assert '"authentication_failed"' not in capsys.readouterr().out
    for number, entry in enumerate(ours, len(pairs)):
        invocation._refused.clear()  # noqa: SLF001 - a new process: the old one ends with its keys
        place.cloud.faults.add([fault(number, entry)])
        place.deliver([message(number)])
        assert f"pair-{number:03}" not in place.outcomes()
        assert place.record(f"pair-{number:03}").last_error.code == entry.code
    assert capsys.readouterr().out.count('"authentication_failed"') == len(ours) > 0


def check(place: Place, pairs: list[Entry]) -> None:
    """Send every pair through, and hold what comes of it against the catalogue."""
    place.cloud.faults.add([fault(number, entry) for number, entry in enumerate(pairs)])
    place.deliver([message(number) for number in range(len(pairs))])
    outcomes, waiting = place.outcomes(), 0
    for number, entry in enumerate(pairs):
        request_id = f"pair-{number:03}"
        verdict = classify(ApiError("CreateInstance", entry.status, entry.code, WORDS))
        if verdict.retry is Retry.LATER:
            assert request_id not in outcomes
            check_next_try(place.record(request_id), entry, verdict)
            waiting += 1
        else:
            assert verdict == entry.verdict
            check_outcome(outcomes[request_id], entry)
    queue = place.cloud.state()["mns"]["queues"][defaults.QUEUE]
    assert queue["delayed"] + queue["visible"] == waiting


def check_outcome(outcome: dict[str, Any], entry: Entry) -> None:
    """Hold an outcome against the catalogue; its words are the service's own."""
    data, verdict = outcome["data"], entry.verdict
    error = data["error"]
    request_id = error.pop("apiRequestId")
    assert request_id
    assert error == {
        "code": entry.code,
        "httpStatus": entry.status,
        "message": WORDS,
        "category": verdict.category,
        "retry": verdict.retry.value,
        "parameter": verdict.parameter,
        "remedy": verdict.remedy,
    }
    assert outcome["type"] == "provisioning.instance.failed"
    assert (data["stage"], data["instance"]) == ("create", None)
    assert [attempt["errorCode"] for attempt in data["attempts"]] == [entry.code]


def check_next_try(record: Record, entry: Entry, verdict: Verdict) -> None:
    """Hold a record against the catalogue: the error for a later outcome, and the token its rule asks for."""
    error = record.last_error
    assert isinstance(error, ApiError)
    assert (error.http_status, error.code, error.message) == (entry.status, entry.code, WORDS)
    assert error.request_id
    assert classify(error) == verdict
    assert record.state is State.CREATING
    assert record.unknown is verdict.unknown
    assert record.settling is (verdict.token is TokenRule.SETTLE)
    assert len({generation.token for generation in record.generations}) == len(record.generations)
    turned_over = verdict.token is TokenRule.NEXT
    assert record.generation.number == (2 if turned_over else 1)
    assert record.generation.alternative == 0
    assert record.next_try_at is not None


def test_codes_nobody_has_seen(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A code without an entry is tried again with the same token, and logged so that the catalogue can grow."""
    entry = replace(entries()[0], status=403, code="Purple.Rain")
    place.cloud.faults.add(fault(0, entry))
    place.deliver([message(0)])
    verdict = classify(ApiError("CreateInstance", 403, "Purple.Rain", WORDS))
    check_next_try(place.record("pair-000"), entry, verdict)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["code"] for line in lines if line.get("catalogued") is False] == ["Purple.Rain"]


@pytest.mark.slow
def test_alternatives_are_tried_where_they_can_help(place: Place) -> None:
    """Every pair that another alternative can mend moves on to it at once, with a token of its own."""
    pairs = dict(enumerate(entry for entry in documented() if entry.verdict.retry is Retry.ALTERNATIVE))
    place.cloud.faults.add([fault(number, entry, times=1) for number, entry in pairs.items()])
    other = {"InstanceType": "ecs.g7.large"}
    place.deliver([message(number, alternatives=[other]) for number in pairs])
    for number, entry in pairs.items():
        record = place.record(f"pair-{number:03}")
        first, second = record.generations
        assert record.state is State.PENDING
        assert (first.error_code, first.alternative) == (entry.code, 0)
        assert (second.error_code, second.alternative, second.overrides) == (None, 1, other)
        assert first.token != second.token
    instances = place.cloud.state()["ecs"]["instances"]
    assert [instance["InstanceType"] for instance in instances] == ["ecs.g7.large"] * len(pairs)
