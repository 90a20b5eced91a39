"""What only the SQLite store can get wrong; what every store promises is in tests/contract."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters import sqlite
from shared.adapters.sqlite import SqliteStore
from shared.adapters.sqlite_schema import NEWEST_USABLE
from shared.domain.lifecycle.record import Record, State
from shared.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Opened = Callable[..., SqliteStore]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Yield what opens a store; all of them are closed at the end."""
    with ExitStack() as stores:
        yield lambda path, **options: stores.enter_context(closing(SqliteStore(str(path), **options)))


def record(number: int, published_at: float | None = None) -> Record:
    """Return a record that is open, or was published then."""
    return Record(
        request_id=f"order-{number}",
        version=1,
        state=State.CREATING if published_at is None else State.COMPLETED,
        message_id="m",
        accepted_at=float(number),
        due_at=float(number),
        published_at=published_at,
    )


def test_the_directory_is_made(tmp_path: Path, opened: Opened) -> None:
    """A data directory that is missing is no error."""
    path = tmp_path / "a" / "b" / "store.db"
    opened(path).claim(record(1))
    assert opened(path).get("order-1") == record(1)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The error says which file, why, and what to do."""
    (tmp_path / "file").write_text("in the way")
    path = str(tmp_path / "file" / "store.db")
    with pytest.raises(StoreUnavailable) as caught:
        SqliteStore(path)
    assert path in str(caught.value)
    assert "Name a file in a directory that this user may write to" in str(caught.value)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file that is something else stays as it is."""
    path = tmp_path / "store.db"
    path.write_text("not a database, but long enough to be taken for one" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="not a database"):
        SqliteStore(str(path))
    assert path.read_bytes() == before


def test_a_schema_too_far_ahead_is_refused(tmp_path: Path) -> None:
    """A program does not write into the file of one that is two versions newer."""
    path = str(tmp_path / "store.db")
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST_USABLE + 1}")
    connection.close()
    with pytest.raises(StoreUnavailable, match="schema"):
        SqliteStore(path)


def test_the_next_version_s_file_is_used(tmp_path: Path) -> None:
    """A file to which the next version added a column and a table is read and written; what it added stays."""
    path = str(tmp_path / "store.db")
    store = SqliteStore(path)
    store.claim(record(1))
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE requests ADD COLUMN novelty TEXT NOT NULL DEFAULT 'new'")
        connection.execute("CREATE TABLE novelties (name TEXT)")
        connection.execute("UPDATE requests SET novelty = 'kept'")
        connection.execute(f"PRAGMA user_version = {NEWEST_USABLE}")
    connection.close()
    store = SqliteStore(path)
    store.claim(record(2))
    store.update(replace(record(1), version=2))
    assert [entry.request_id for entry in store.open_work(9.0)] == ["order-1", "order-2"]
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT novelty FROM requests ORDER BY 1").fetchall() == [("kept",), ("new",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (NEWEST_USABLE,)
    connection.close()


def test_a_locked_file_is_unavailable(tmp_path: Path, opened: Opened) -> None:
    """Another process that keeps the file locked makes a write fail in time; reads go on."""
    path = str(tmp_path / "store.db")
    store = opened(path, busy_seconds=0.05)
    store.claim(record(1))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.claim(record(2))
    assert store.get("order-1") == record(1)
    other.execute("ROLLBACK")
    assert store.claim(record(2)) is None
    other.close()


def test_a_full_disk_is_unavailable(tmp_path: Path, opened: Opened) -> None:
    """Where no page more can be had, writes fail and change nothing, reads go on; with space again so do writes."""
    store = opened(tmp_path / "store.db")
    connections = store._connections  # noqa: SLF001 - the limit is one of the connection
    (pages,) = connections.find("PRAGMA page_count")[0]
    connections.find(f"PRAGMA max_page_count = {pages + 2}")
    claimed: list[str] = []

    def claim() -> None:
        for number in range(1000):
            store.claim(record(number))
            claimed.append(f"order-{number}")

    with pytest.raises(StoreUnavailable, match="full"):
        claim()
    assert claimed
    assert [entry.request_id for entry in store.open_work(9e9)] == claimed
    connections.find("PRAGMA max_page_count = 1000000")
    assert store.claim(record(len(claimed))) is None
    assert len(list(store.open_work(9e9))) == len(claimed) + 1


@pytest.mark.parametrize("bad", [("b", None, 1.0), ("b", "\ud800", 1.0), ("b", 1 << 70, 1.0)])
def test_a_row_that_cannot_be_written_spoils_no_other(tmp_path: Path, opened: Opened, bad: Sequence[Any]) -> None:
    """What SQLite, or its driver, refuses fails for its own writer alone; the connection is fit for use."""
    connections = opened(tmp_path / "store.db")._connections  # noqa: SLF001 - no port call writes such a row
    insert = "INSERT INTO leases (name, holder, until) VALUES (?, ?, ?)"
    with pytest.raises((StoreUnavailable, UnicodeEncodeError, OverflowError)):
        connections.change(insert, bad)
    assert connections.change(insert, ("c", "me", 1.0)) == 1
    assert connections.find("SELECT name FROM leases") == [("c",)]


def test_an_interrupt_writes_nothing(tmp_path: Path, opened: Opened) -> None:
    """Whoever is interrupted while writing leaves no open transaction behind."""

    class Interrupts:
        """A value at which somebody presses Ctrl-C."""

        def __conform__(self, _protocol: object) -> str:
            raise KeyboardInterrupt

    connections = opened(tmp_path / "store.db")._connections  # noqa: SLF001 - no port call takes such a value
    insert = "INSERT INTO leases (name, holder, until) VALUES (?, ?, ?)"
    with pytest.raises(KeyboardInterrupt):
        connections.change(insert, (Interrupts(), "me", 1.0))
    assert connections.change(insert, ("d", "me", 1.0)) == 1
    assert connections.find("SELECT name FROM leases") == [("d",)]


def test_connections_follow_what_runs_side_by_side(tmp_path: Path, opened: Opened) -> None:
    """Threads that come and go leave no connections behind."""
    store = opened(tmp_path / "store.db")
    for number in range(50):
        thread = threading.Thread(target=store.claim, args=(record(number),))
        thread.start()
        thread.join()
    assert len(list(store.open_work(100.0))) == 50
    assert len(store._connections._idle) == 1  # noqa: SLF001 - the pool is what this is about


def test_a_round_over_open_work_never_touches_finished_records(tmp_path: Path) -> None:
    """Open work is read from a covering partial index, and old records are found by an index of their own."""
    path = str(tmp_path / "store.db")
    SqliteStore(path).close()
    connection = sqlite3.connect(path)

    def plan(statement: str) -> str:
        values = [0] * statement.count("?")
        return " | ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values))

    assert "USING COVERING INDEX open_requests ((due_at,request_id)>(?,?)" in plan(sqlite._OPEN_PAGE)  # noqa: SLF001 - the plan of this very statement
    assert "SEARCH requests USING COVERING INDEX open_requests" in plan(sqlite._NEXT_DUE)  # noqa: SLF001 - as above
    assert "USING COVERING INDEX published_requests" in plan(sqlite._PURGE)  # noqa: SLF001 - as above
    assert "TEMP B-TREE" not in plan(sqlite._OPEN_PAGE) + plan(sqlite._PURGE)  # noqa: SLF001 - as above
    connection.close()


def test_purging_is_bounded_and_takes_the_oldest(tmp_path: Path, opened: Opened) -> None:
    """One call removes at most so many, the oldest first, and never what is open or not old enough."""
    store = opened(tmp_path / "store.db")
    for number in range(10):
        store.claim(record(number, published_at=float(number)))
    store.claim(record(99))
    assert store.purge(before=7.0, limit=5) == 5
    assert [number for number in range(10) if store.get(f"order-{number}")] == [5, 6, 7, 8, 9]
    assert store.purge(before=7.0, limit=5) == 2
    assert store.purge(before=7.0, limit=5) == 0
    assert store.get("order-7")
    assert store.next_due() is not None


WRITER = """
import sys
from shared.adapters.sqlite import SqliteStore
from shared.adapters.sqlite_schema import NEWEST_USABLE
from shared.domain.lifecycle.record import Record, State
store, number = SqliteStore(sys.argv[1]), 0
while True:
    fresh = Record(request_id=f"order-{number}", version=1, state=State.CREATING, message_id="m", accepted_at=0.0,
                   due_at=0.0, metadata={"k": "x" * 5000})
    store.claim(fresh)
    print(number, flush=True)
    number += 1
"""


def test_a_killed_process_leaves_whole_records(tmp_path: Path, opened: Opened) -> None:
    """What was answered before `kill -9` is there, whole and open, and the file takes writes at once."""
    path = str(tmp_path / "store.db")
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        answered = [int(writer.stdout.readline()) for _ in range(50)]
        os.kill(writer.pid, signal.SIGKILL)
    store = opened(path)
    open_ids = {entry.request_id for entry in store.open_work(1.0)}
    assert {f"order-{number}" for number in answered} <= open_ids
    assert all(store.get(request_id) is not None for request_id in open_ids)
    assert store.claim(record(10_000)) is None
