"""The schema of an SQLite store, and the steps that bring an older file up to it.

A step may add tables, columns with a default, and columns to an index; it renames and removes nothing. So a version
can use the file of the one that follows, too: it leaves alone what it does not know.
"""

from __future__ import annotations

import sqlite3

# The columns beside `body` repeat what a round asks of open work, so that it never has to read or decode a record.
# They are part of the partial index: a round touches as many pages as the open work fills, whatever the table holds.
_STEPS = (
    """
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
""",
    """
ALTER TABLE requests ADD COLUMN schema INTEGER NOT NULL DEFAULT 1;
DROP INDEX open_requests;
CREATE INDEX open_requests
    ON requests (
        due_at, request_id, state, region_id, instance_id, deadline, absent_since, opened_at, schema, published_at
    )
    WHERE published_at IS NULL;
CREATE TABLE identity (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL);
""",
    """
CREATE TABLE places (
    bucket TEXT NOT NULL, holder TEXT NOT NULL, taken_at REAL NOT NULL, PRIMARY KEY (bucket, holder)
) WITHOUT ROWID;
CREATE TABLE pause (
    one INTEGER PRIMARY KEY CHECK (one = 1), active INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE policies (version INTEGER PRIMARY KEY, document TEXT NOT NULL, set_at REAL NOT NULL);
""",
)
SCHEMA_VERSION = len(_STEPS)
NEWEST_USABLE = SCHEMA_VERSION + 1


def schema_version(connection: sqlite3.Connection) -> int:
    """Return how many steps a file has behind it; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Take the steps that are missing, all or none; other processes wait or find it done.

    Raises sqlite3.Error, also for a file of a version too far ahead.
    """
    if schema_version(connection) < SCHEMA_VERSION:
        connection.execute("BEGIN IMMEDIATE")
        for step in _STEPS[schema_version(connection) :]:
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {max(schema_version(connection), SCHEMA_VERSION)}")
        connection.execute("COMMIT")
    if (found := schema_version(connection)) > NEWEST_USABLE:
        raise sqlite3.DatabaseError(f"its schema is version {found}, this program knows up to {NEWEST_USABLE}")
