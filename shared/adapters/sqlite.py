"""The store on SQLite: the embedded default for local runs, tests and simulations.

Every port call is one statement, and every statement is atomic; record and open entry are one row, so they cannot
part. Several processes may use one file. What the port promises stands in `shared.ports.Store`.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.adapters.sqlite_schema import bring_up_to_date, schema_version
from shared.adapters.system import SystemEntropy
from shared.domain.lifecycle.record import OpenEntry, Record, State
from shared.domain.lifecycle.record_json import NEWEST_READABLE, from_json, to_json
from shared.ports import IDENTITY_DIGITS, Conflict, Lease, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.ports import Entropy

PAGE_ROWS = 500
BUSY_SECONDS = 10.0
MEMORY = ":memory:"

_COLUMNS = (
    "version, body, state, region_id, instance_id, due_at, deadline, absent_since, opened_at, published_at, schema,"
    " request_id"
)
_INSERT = f"INSERT INTO requests ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608 - no value in it
_UPDATE = (
    "UPDATE requests SET version = ?, body = ?, state = ?, region_id = ?, instance_id = ?, due_at = ?, deadline = ?,"
    " absent_since = ?, opened_at = ?, published_at = ?, schema = ? WHERE request_id = ? AND version = ?"
)
_SELECT = "SELECT body FROM requests WHERE request_id = ?"
# INDEXED BY makes a plan without the index an error instead of a scan.
_OPEN_PAGE = (
    "SELECT request_id, state, region_id, instance_id, due_at, deadline, absent_since, opened_at, schema"
    " FROM requests INDEXED BY open_requests WHERE published_at IS NULL"
    " AND due_at <= ? AND (due_at, request_id) > (?, ?) ORDER BY due_at, request_id LIMIT ?"
)
_NEXT_DUE = "SELECT MIN(due_at) FROM requests INDEXED BY open_requests WHERE published_at IS NULL"
_PURGE = (
    "DELETE FROM requests WHERE rowid IN (SELECT rowid FROM requests INDEXED BY published_requests"
    " WHERE published_at IS NOT NULL AND published_at < ? ORDER BY published_at LIMIT ?)"
)
_TAKE = (
    "INSERT INTO leases (name, holder, until) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
    " SET holder = excluded.holder, until = excluded.until WHERE until <= ? OR holder = excluded.holder"
)
_HELD = "SELECT holder, until, cursor_due, cursor_id, last_open_at FROM leases WHERE name = ? AND holder = ?"
_LEASE = "SELECT holder, until, cursor_due, cursor_id, last_open_at FROM leases WHERE name = ?"
_SAVE = "UPDATE leases SET until = ?, cursor_due = ?, cursor_id = ?, last_open_at = ? WHERE name = ? AND holder = ?"

_IDENTITY = "SELECT value FROM identity"
_GIVE_IDENTITY = "INSERT INTO identity (one, value) VALUES (1, ?) ON CONFLICT DO NOTHING"

_STATES = {state.value: state for state in State}
_BEGINNING = (float("-inf"), "")


class SqliteStore:
    """The `Store` port over one database file, or `:memory:`.

    The directory is made if it is missing. Raises StoreUnavailable when the file cannot be opened or written.
    """

    def __init__(
        self,
        path: str,
        *,
        busy_seconds: float = BUSY_SECONDS,
        page_rows: int = PAGE_ROWS,
        entropy: Entropy | None = None,
    ) -> None:
        self._connections = _Connections(path, busy_seconds)
        self._page_rows = page_rows
        self._entropy = entropy or SystemEntropy()
        self._identity = ""

    def identity(self) -> str:
        """Return the 8 hexadecimal digits that the store was given at its first use."""
        if not self._identity:
            found = self._connections.find(_IDENTITY)
            if not found:
                self._connections.change(_GIVE_IDENTITY, (self._entropy.token()[:IDENTITY_DIGITS],))
                found = self._connections.find(_IDENTITY)
            self._identity = str(found[0][0])
        return self._identity

    def get(self, request_id: str) -> Record | None:
        """Return the record, or None."""
        found = self._connections.find(_SELECT, (request_id,))
        return from_json(found[0][0]) if found else None

    def claim(self, record: Record) -> Record | None:
        """Create the record and its entry if there is none; return None, or the record that is there."""
        while True:
            if self._connections.change(_INSERT, _row(record)) == 1:
                return None
            if (found := self.get(record.request_id)) is not None:
                return found
            # Purged between the two statements: the id is free again.

    def update(self, record: Record) -> None:
        """Replace the version before this one; raise Conflict."""
        if self._connections.change(_UPDATE, (*_row(record), record.version - 1)) != 1:
            raise Conflict(f"{record.request_id}: version {record.version - 1} is not there")

    def open_work(self, now: float, after: tuple[float, str] | None = None) -> Iterator[OpenEntry]:
        """Yield the entries due at `now` in order of (due_at, request_id) after the given key."""
        key = after or _BEGINNING
        while True:
            page = self._connections.find(_OPEN_PAGE, (now, *key, self._page_rows))
            yield from map(_entry, page)
            if len(page) < self._page_rows:
                return
            key = (page[-1][4], page[-1][0])

    def next_due(self) -> float | None:
        """Return when the first of what is open is due; None when nothing is open."""
        due: float | None = self._connections.find(_NEXT_DUE)[0][0]
        return due

    def forget(self, entry: OpenEntry) -> None:
        """Do nothing: an entry is a part of its record's row here, so none is without a record."""

    def take_lease(self, name: str, holder: str, now: float, seconds: float) -> Lease | None:
        """Take or renew the lease if it is free, over or ours; return it as it stands, or None."""
        self._connections.change(_TAKE, (name, holder, now + seconds, now))
        return _lease(self._connections.find(_HELD, (name, holder)))

    def lease(self, name: str) -> Lease | None:
        """Return a lease as it stands, whoever holds it; None if nobody ever took it."""
        return _lease(self._connections.find(_LEASE, (name,)))

    def save_lease(self, name: str, lease: Lease) -> bool:
        """Write what the holder leaves behind; False when the lease is no longer ours."""
        due, request_id = lease.cursor or (None, None)
        values = (lease.until, due, request_id, lease.last_open_at, name, lease.holder)
        return self._connections.change(_SAVE, values) == 1

    def purge(self, before: float, limit: int) -> int:
        """Remove at most `limit` finished records that were published before; return how many."""
        return self._connections.change(_PURGE, (before, limit))

    def close(self) -> None:
        """Close the connections that are idle."""
        self._connections.close()


def _entry(row: tuple[Any, ...]) -> OpenEntry:
    request_id, state, *_, due_at, _, _, opened_at, schema = row
    if state not in _STATES or schema > NEWEST_READABLE:
        return OpenEntry.unclear(request_id, due_at, opened_at, schema)
    return OpenEntry(request_id, _STATES[state], *row[2:])


def _lease(found: Sequence[tuple[Any, ...]]) -> Lease | None:
    if not found:
        return None
    holder, until, due, request_id, last_open_at = found[0]
    return Lease(holder, until, None if due is None else (due, request_id), last_open_at)


def _row(record: Record) -> tuple[Any, ...]:
    # A refused message may name a region that is no text SQLite can take (a lone surrogate); the body has it whole.
    region_id = record.region_id.encode("utf-8", "backslashreplace").decode()
    return (
        record.version, to_json(record), record.state.value, region_id, record.instance_id, record.due_at,
        record.deadline, record.absent_since, record.accepted_at, record.published_at, record.schema, record.request_id,
    )  # fmt: skip


class _Connections:
    """A pool over one database file, or the single connection of a database in memory.

    A connection is taken for one statement (or one page) and given back, so their number follows what runs side by
    side, not how many threads ever lived. Writers of one process queue at a lock: SQLite's own way of waiting, sleeping
    between tries, is left for other processes. Connections must not cross a fork: open the store in the process that
    uses it.

    `busy_seconds` is how long a statement waits for another process. Raises StoreUnavailable when the file cannot be
    opened or made.
    """

    def __init__(self, path: str, busy_seconds: float) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._idle: deque[sqlite3.Connection] = deque()
        self._writing = threading.Lock()
        self._reading = self._writing if path == MEMORY else nullcontext()  # its one connection is for all
        try:
            if path != MEMORY:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._idle.append(self._connect())
            self._set_up(self._idle[0])
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise StoreUnavailable(
                f"The store {path} cannot be opened or written: {error}. Name a file in a directory that this user"
                " may write to.",
            ) from error

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
        with self._writing:
            connection = self._take()
            try:
                return connection.execute(statement, values).rowcount
            except sqlite3.Error as error:
                raise self._unavailable(error) from error
            finally:
                self._idle.append(connection)

    def close(self) -> None:
        """Close what is idle; a later use of a file opens it again."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

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
        try:
            # With a write-ahead log this survives the death of any process; only a power cut can lose the last moments.
            connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        if schema_version(connection) == 0:
            self._switch_to_wal(connection)
        bring_up_to_date(connection)

    def _switch_to_wal(self, connection: sqlite3.Connection) -> None:
        # SQLite does not wait by itself here: two processes that make the file together would fail.
        give_up_at = time.monotonic() + self._busy_seconds
        while not _is_wal(connection):
            if time.monotonic() > give_up_at:
                raise sqlite3.OperationalError("another process keeps it locked")
            time.sleep(0.01)


def _is_wal(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    return True
