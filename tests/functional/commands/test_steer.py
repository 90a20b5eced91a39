"""`pause`, `resume` and `cancel`, and what `status` tells of them, on either store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local import defaults
from local.cloud.clock import DrivenClock
from local.cloud.cloud import Cloud
from local.cloud.server import running
from local.commands.status import readable
from local.project import EVENTS
from local.terminal.local_cloud import tell_worker
from shared.adapters.sqlite import SqliteStore
from shared.adapters.tablestore.store import TablestoreStore
from shared.domain.lifecycle.record import Generation, Record, State
from shared.settings import Credentials
from tests.support.processes import inside, json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.ports import Store

NOW = 1_795_000_000.0
ARGUMENTS = ("--by", "ann", "--reason", "the bill")


@pytest.fixture(params=["sqlite", "tablestore"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """Run a local cloud; return the options that name it, and one store."""
    with running(Cloud(DrivenClock(), provisioned=True)) as url:
        yield ("--endpoint", url, "--store", request.param, "--data", str(tmp_path))


@pytest.fixture
def store(where: tuple[str, ...]) -> Iterator[Store]:
    """Open the store that the options name."""
    keys = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)
    opened: SqliteStore | TablestoreStore = (
        SqliteStore(f"{where[5]}/provisioner.db")
        if where[3] == "sqlite"
        else TablestoreStore(where[1], defaults.TABLESTORE_INSTANCE, keys)
    )
    yield opened
    opened.close()


def record(state: State, **changes: object) -> Record:
    """Return an open record."""
    made = Record(
        request_id="r1", version=1, state=state, message_id="m", accepted_at=NOW, due_at=NOW, deadline=NOW + 1e9,
        region_id=defaults.REGION, generations=(Generation(1, 0, "t"),),
    )  # fmt: skip
    return made.changed(**changes)


def test_pause_and_resume(where: tuple[str, ...], store: Store) -> None:
    """A pause is written with who and why; a second one, and a resume of nothing, are told and change nothing."""
    nothing = inside("resume", *where)
    assert (nothing.exit_code, json_lines(nothing.stdout)) == (1, [{"changed": False, "paused": None}])
    done = inside("pause", *ARGUMENTS, *where)
    assert done.exit_code == 0, done.output
    (said,) = json_lines(done.stdout)
    assert (said["changed"], said["paused"]["by"], said["paused"]["reason"]) == (True, "ann", "the bill")
    again = inside("pause", "--by", "bob", "--reason", "too", *where)
    assert again.exit_code == 1
    assert "already paused by ann: the bill" in again.stderr
    ended = inside("resume", *where)
    assert (ended.exit_code, json_lines(ended.stdout)) == (0, [{"changed": True, "paused": None}])
    pause = store.pause()
    assert pause is not None
    assert not pause.active
    assert pause.by


def test_cancel_and_what_status_tells(where: tuple[str, ...], store: Store) -> None:
    """What waits is taken back; `status` tells of the pause before, and of the act after."""
    inside("pause", *ARGUMENTS, *where)
    store.claim(record(State.WAITING, held="PolicyPaused"))
    (before,) = json_lines(inside("status", "r1", *where).stdout)
    assert (before["state"], before["held"], before["paused"]["by"]) == ("waiting", "PolicyPaused", "ann")
    done = inside("cancel", "r1", *ARGUMENTS, *where)
    assert done.exit_code == 0, done.output
    assert json_lines(done.stdout) == [
        {"requestId": "r1", "result": "cancelled", "state": "failed", "instanceId": None, "keptBecause": None}
    ]
    (after,) = json_lines(inside("status", "r1", *where).stdout)
    assert (after["cancel"]["by"], after["cancel"]["reason"]) == ("ann", "the bill")
    assert after["cancel"]["at"].endswith("Z")
    assert after["outcome"]["data"]["error"]["code"] == "Cancelled"
    assert "paused" not in after


@pytest.mark.parametrize(
    ("changes", "result", "words", "exit_code"),
    [
        ({"state": State.CREATING, "calling": True}, "settling", "in doubt", 0),
        ({"state": State.PENDING, "instance_id": "i-1"}, "releasing", "i-1 of r1 is being released", 0),
        ({"state": State.PENDING, "instance_id": "i-1", "unreleasable": ["DeletionProtection is true"]}, "kept",
         "cannot be released: DeletionProtection is true; nothing was changed", 1),
        ({"state": State.COMPLETED, "finished_at": NOW, "outcome": "{}"}, "ended", "has ended: completed at 2026", 1),
        ({"state": State.COMPLETED, "finished_at": NOW, "outcome": "{}", "instance_id": "i-1"}, "ended",
         "i-1 is not touched", 1),
    ],
)  # fmt: skip
def test_cancel_says_what_it_came_to(
    where: tuple[str, ...], store: Store, changes: dict[str, object], result: str, words: str, exit_code: int
) -> None:
    """In doubt it is settled first, an instance goes, what cannot go stays, what has ended stays ended."""
    found = record(State.CREATING).changed(**changes)
    store.claim(found)
    done = inside("cancel", "r1", *where)
    assert (done.exit_code, json_lines(done.stdout)[0]["result"]) == (exit_code, result)
    assert words in done.stderr
    if exit_code:
        assert store.get("r1") == found


def test_cancel_of_nothing(where: tuple[str, ...], store: Store) -> None:
    """An id of which nothing is recorded is told, and nothing is made of it."""
    store.identity()
    done = inside("cancel", "r9", *where)
    assert (done.exit_code, json_lines(done.stdout)[0]["result"]) == (1, "unknown")
    assert store.get("r9") is None


@pytest.mark.parametrize("request_id", ["", "a b", "r1\x1b[31m", "r" * 65, "\udcff"])
def test_cancel_of_what_can_be_no_request(request_id: str) -> None:
    """What no message can have for an id is wrong use: nothing will become of it, and no store is asked."""
    done = inside("cancel", request_id, "--endpoint", "http://127.0.0.1:9")
    assert done.exit_code == 2
    assert "A-Z a-z 0-9" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("command", [("pause", *ARGUMENTS), ("policy", "set", str(EVENTS / "policy.yaml"))])
def test_records_that_no_worker_reads(tmp_path: Path, command: tuple[str, ...]) -> None:
    """What a worker has to follow is not written to new records of nobody, and told where others are there."""
    with running(Cloud(DrivenClock(), provisioned=True)) as url:
        tell_worker(url, "sqlite", str(tmp_path / "own"))
        done = inside(*command, "--endpoint", url, "--data", str(tmp_path / "typo"))
        assert done.exit_code == 2
        assert str(tmp_path / "own") in done.stderr
        assert not (tmp_path / "typo").exists()
        elsewhere = inside(*command, "--endpoint", url, "--store", "tablestore")
        assert elsewhere.exit_code == 0, elsewhere.output
        assert "does not follow" in elsewhere.stderr
        (tmp_path / "own").mkdir()
        own = inside(*command, "--endpoint", url, "--data", str(tmp_path / "typo/../own"))
        assert own.exit_code == 0, own.output
        assert "does not follow" not in own.stderr


def test_an_act_is_readable() -> None:
    """The record's JSON has the time of the act as text, like every other time."""
    acted = record(State.FAILED, cancel={"by": "ann", "reason": "x", "at": NOW}, not_after=NOW)
    shown = readable(acted)
    assert shown["cancel"]["at"] == shown["not_after"] == "2026-11-18T11:06:40.000Z"
