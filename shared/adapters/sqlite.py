"""The store on SQLite: the embedded default for local runs, tests and simulations.

Every port call is one statement, and every statement is atomic; record and open entry are one row, so they cannot
part. Several processes may use one file. What the port promises stands in `shared.ports.Store`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.adapters.sqlite_connections import Connections
from shared.adapters.system import SystemEntropy
from shared.domain.lifecycle.record import OpenEntry, Record, State
from shared.domain.lifecycle.record_json import NEWEST_READABLE, from_json, to_json
from shared.domain.policy.control import Pause
from shared.domain.policy.places import hour_bucket
from shared.ports import IDENTITY_DIGITS, Conflict, Lease, StoredPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.ports import Entropy

PAGE_ROWS = 500
BUSY_SECONDS = 10.0

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

# Two kinds of conflict are one: the holder has a place already, or the row comes to nothing since all are taken.
_TAKE_PLACE = (
    "INSERT INTO places (bucket, holder, taken_at) SELECT ?, ?, ?"
    " WHERE (SELECT COUNT(*) FROM places WHERE bucket = ?) < ? ON CONFLICT DO NOTHING"
)
_HAS_PLACE = "SELECT 1 FROM places WHERE bucket = ? AND holder = ?"
_GIVE_BACK = "DELETE FROM places WHERE bucket = ? AND holder = ?"
_HOLDERS = "SELECT holder, taken_at FROM places WHERE bucket = ?"
_PURGE_PLACES = "DELETE FROM places WHERE bucket < ? AND bucket >= ?"
_PAUSE = "SELECT active, by, reason, at FROM pause"
_FIRST_PAUSE = "INSERT INTO pause (one, active, by, reason, at) VALUES (1, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_NEXT_PAUSE = (
    "UPDATE pause SET active = ?, by = ?, reason = ?, at = ? WHERE active = ? AND by = ? AND reason = ? AND at = ?"
)

_IDENTITY = "SELECT value FROM identity"
_GIVE_IDENTITY = "INSERT INTO identity (one, value) VALUES (1, ?) ON CONFLICT DO NOTHING"

_POLICY = "SELECT version, document, set_at FROM policies ORDER BY version DESC LIMIT 1"
_POLICY_VERSION = "SELECT version, document, set_at FROM policies WHERE version = ?"
_PUT_POLICY = (
    "INSERT INTO policies (version, document, set_at) SELECT ?, ?, ?"
    " WHERE (SELECT COALESCE(MAX(version), 0) FROM policies) = ?"
)

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
        self._connections = Connections(path, busy_seconds)
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
        """Remove at most `limit` finished records that were published before, and hours' places; return how many."""
        self._connections.change(_PURGE_PLACES, (hour_bucket(before), hour_bucket(0.0)))
        return self._connections.change(_PURGE, (before, limit))

    def take_place(self, bucket: str, holder: str, limit: int, now: float) -> bool:
        """Take a place, unless `limit` others are taken; True when the holder has one."""
        taken = self._connections.change(_TAKE_PLACE, (bucket, holder, now, bucket, limit))
        return taken == 1 or bool(self._connections.find(_HAS_PLACE, (bucket, holder)))

    def give_back(self, bucket: str, holder: str) -> None:
        """Give back the holder's place, if he has one."""
        self._connections.change(_GIVE_BACK, (bucket, holder))

    def holders(self, bucket: str) -> dict[str, float]:
        """Return who holds a place of a bucket, and since when."""
        return dict(self._connections.find(_HOLDERS, (bucket,)))

    def pause(self) -> Pause | None:
        """Return the operators' last word; None when nobody ever said one."""
        found = self._connections.find(_PAUSE)
        return Pause(bool(found[0][0]), *found[0][1:]) if found else None

    def put_pause(self, pause: Pause, before: Pause | None) -> None:
        """Put another in the place of the word that was read before; raise Conflict."""
        statement, last = (_FIRST_PAUSE, ()) if before is None else (_NEXT_PAUSE, _values(before))
        if self._connections.change(statement, (*_values(pause), *last)) != 1:
            raise Conflict("somebody else paused or resumed meanwhile")

    def policy(self) -> StoredPolicy | None:
        """Return the policy in force, or None."""
        return _stored(self._connections.find(_POLICY))

    def policy_version(self, version: int) -> StoredPolicy | None:
        """Return a version of the policy, or None."""
        return _stored(self._connections.find(_POLICY_VERSION, (version,)))

    def put_policy(self, policy: StoredPolicy) -> None:
        """Put a policy in force in the place of the version before it; raise Conflict."""
        values = (policy.version, policy.text, policy.set_at, policy.version - 1)
        if self._connections.change(_PUT_POLICY, values) != 1:
            raise Conflict(f"version {policy.version - 1} of the policy is not in force")

    def close(self) -> None:
        """Close the connections that are idle."""
        self._connections.close()


def _entry(row: tuple[Any, ...]) -> OpenEntry:
    request_id, state, *_, due_at, _, _, opened_at, schema = row
    if state not in _STATES or schema > NEWEST_READABLE:
        return OpenEntry.unclear(request_id, due_at, opened_at, schema)
    return OpenEntry(request_id, _STATES[state], *row[2:])


def _values(pause: Pause) -> tuple[bool, str, str, float]:
    return pause.active, pause.by, pause.reason, pause.at


def _stored(found: Sequence[tuple[Any, ...]]) -> StoredPolicy | None:
    return StoredPolicy(*found[0]) if found else None


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
