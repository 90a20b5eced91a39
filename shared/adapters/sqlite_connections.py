"""Connections to one SQLite database, for any number of threads."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.adapters.sqlite_schema import bring_up_to_date, schema_version
from shared.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

MEMORY = ":memory:"


class Connections:
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
