"""SQLite connections shared by threads, and the schema they expect.

A connection is taken for one statement (or one page) and given back, so their number follows what runs side by side,
not how many threads ever lived. Writers of one process queue at a lock: SQLite's own way of waiting, sleeping between
tries, is left for other processes. What has queued up meanwhile is written in one transaction by whoever is next: most
of a small write's cost is the transaction. Connections must not cross a fork: open the store in the process that uses
it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

MEMORY = ":memory:"
SCHEMA_VERSION = 1

# The columns beside `body` repeat what a round asks of open work, so that it never has to read or decode a record.
# They are part of the partial index: a round touches as many pages as the open work fills, whatever the table holds.
_SCHEMA = """
CREATE TABLE requests (
    request_id TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL,
    state TEXT NOT NULL, region_id TEXT NOT NULL, instance_id TEXT,
    due_at REAL NOT NULL, deadline REAL NOT NULL, absent_since REAL, opened_at REAL NOT NULL, published_at REAL
);
CREATE INDEX open_requests
    ON requests (due_at, request_id, state, region_id, instance_id, deadline, absent_since, opened_at, published_at)
    WHERE published_at IS NULL;
CREATE INDEX published_requests ON requests (published_at) WHERE published_at IS NOT NULL;
CREATE TABLE leases (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL,
    cursor_due REAL, cursor_id TEXT, last_open_at REAL NOT NULL DEFAULT 0
);
"""


class Connections:
    """A pool over one database file, or the single connection of a database in memory.

    `busy_seconds` is how long a statement waits for another process. Raises StoreUnavailable when the file cannot be
    opened or made.
    """

    def __init__(self, path: str, busy_seconds: float) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._idle: deque[sqlite3.Connection] = deque()
        self._waiting: deque[_Change] = deque()
        self._writing = threading.Lock()
        self._reading = self._writing if path == MEMORY else nullcontext()  # its one connection is for all
        try:
            if path != MEMORY:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            connection = self._connect()
            self._set_up(connection)
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailable(
                f"The store {path} cannot be opened or written: {error}. Name a file in a directory that this user"
                " may write to.",
            ) from error
        self._idle.append(connection)

    def find(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows that a reading statement finds; raise StoreUnavailable."""
        with self._reading:
            connection = self._take()
            try:
                return connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise self._unavailable(error) from error
            finally:
                self._idle.append(connection)

    def change(self, statement: str, values: Sequence[Any]) -> int:
        """Run one writing statement and return how many rows it wrote, once that is committed.

        Raises StoreUnavailable.
        """
        change = _Change(statement, values)
        self._waiting.append(change)
        with self._writing:
            if not change.done:
                self._write_waiting()
        if isinstance(change.error, sqlite3.Error):
            raise self._unavailable(change.error) from change.error
        if change.error:
            raise change.error
        return change.rows

    def close(self) -> None:
        """Close what is idle; a later use of a file opens it again."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _write_waiting(self) -> None:
        changes = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            connection = self._take()
        except StoreUnavailable as error:
            _fail(changes, error)
            return
        try:
            _write(connection, changes)
        except BaseException:  # whoever pressed Ctrl-C takes the others' changes along
            _fail(changes, StoreUnavailable(f"The store {self._path} was interrupted."))
            raise
        finally:
            if connection.in_transaction:  # it could not even be rolled back
                connection.close()
            else:
                self._idle.append(connection)

    def _take(self) -> sqlite3.Connection:
        """Take the connection that was used last: its statements are prepared, its pages read."""
        try:
            return self._idle.pop()
        except IndexError:
            pass
        try:
            return self._connect()
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: sqlite3.Error) -> StoreUnavailable:
        return StoreUnavailable(f"The store {self._path} did not answer: {error}")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
        )
        # With a write-ahead log this survives the death of any process; only a power cut can lose the last moments.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        if _schema_version(connection) == 0:
            self._switch_to_wal(connection)
            connection.execute("BEGIN IMMEDIATE")
            if _schema_version(connection) == 0:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        if (found := _schema_version(connection)) != SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"its schema is version {found}, this program knows version {SCHEMA_VERSION}")

    def _switch_to_wal(self, connection: sqlite3.Connection) -> None:
        # SQLite does not wait by itself here: two processes that make the file together would fail.
        give_up_at = time.monotonic() + self._busy_seconds
        while not _is_wal(connection):
            if time.monotonic() > give_up_at:
                raise sqlite3.OperationalError("another process keeps it locked")
            time.sleep(0.01)


@dataclass(slots=True)
class _Change:
    """A writing statement, and what became of it."""

    statement: str
    values: Sequence[Any]
    done: bool = False
    rows: int = 0
    error: Exception | None = None


def _write(connection: sqlite3.Connection, changes: Sequence[_Change]) -> None:
    """Write changes together; when one of them cannot be written, each by itself."""
    try:
        if len(changes) == 1:
            _execute(connection, changes)
        else:
            connection.execute("BEGIN IMMEDIATE")
            _execute(connection, changes)
            connection.execute("COMMIT")
    except BaseException as error:
        begun = connection.in_transaction
        if begun:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        if not isinstance(error, Exception):
            raise
        if not begun or connection.in_transaction:
            _fail(changes, error)
            return
        for change in changes:
            _write(connection, [change])
    else:
        for change in changes:
            change.done = True


def _execute(connection: sqlite3.Connection, changes: Sequence[_Change]) -> None:
    for change in changes:
        change.rows = connection.execute(change.statement, change.values).rowcount


def _fail(changes: Sequence[_Change], error: Exception) -> None:
    """Answer those that were not written with an error."""
    for change in changes:
        if not change.done:
            change.error, change.done = error, True


def _is_wal(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    return True


def _schema_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
