"""The store on two tables in Tablestore. What the port promises stands in `shared.ports.Store`.

The record decides; its entry in the open set is a hint that saves reads, and a row of another table, so the two are
written one after the other: the entry before the record when it is made, after it from then on. A process that dies in
between leaves an entry that is too old, or one without an open record, never an open record without an entry. An entry
carries its record's version, so that a late writer does not put an older hint over a newer one.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from shared.adapters.system import SystemClock, SystemEntropy
from shared.adapters.tablestore import rows, schema
from shared.adapters.tablestore.client import TRIES, Calls, ConditionFailed, connect
from shared.domain.lifecycle.record_json import from_json
from shared.domain.policy.places import is_hour
from shared.ports import IDENTITY_DIGITS, Conflict, Lease, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.lifecycle.record import OpenEntry, Record
    from shared.domain.policy.control import Pause
    from shared.ports import Clock, Entropy, StoredPolicy
    from shared.settings import Credentials


class TablestoreStore:
    """The `Store` port over one instance's tables, for any number of threads. Make one per set of credentials.

    A call is tried a few times, which together last `call_seconds` at most (pauses of half a second aside).
    """

    def __init__(  # noqa: PLR0913 - an endpoint, names and knobs
        self,
        endpoint: str,
        instance: str,
        credentials: Credentials,
        *,
        requests_table: str = schema.REQUESTS.name,
        open_table: str = schema.OPEN.name,
        call_seconds: float = 15.0,
        page_rows: int = schema.PAGE_ROWS,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
    ) -> None:
        self._client = connect(endpoint, instance, credentials, try_seconds=call_seconds / TRIES)
        self._requests = requests_table
        self._open = open_table
        self._page_rows = page_rows
        self._entropy = entropy or SystemEntropy()
        self._calls = Calls(clock or SystemClock(), self._entropy)
        self._identity = ""
        self._call_seconds = call_seconds
        self._turn = threading.Lock()

    def identity(self) -> str:
        """Return the 8 hexadecimal digits that the store was given at its first use."""
        if not self._identity:
            found = self._read(self._open, rows.identity_key())
            if not found:
                given = rows.identity_row(self._entropy.token()[:IDENTITY_DIGITS])
                with suppress(ConditionFailed):  # then another was first
                    self._calls.make(self._client.put_row, self._open, given, rows.absent())
                found = self._read(self._open, rows.identity_key())
            self._identity = str(found[schema.IDENTITY])
        return self._identity

    def get(self, request_id: str) -> Record | None:
        """Return the record, or None."""
        columns = self._read(self._requests, rows.record_key(request_id))
        return from_json(columns[schema.BODY]) if columns else None

    def claim(self, record: Record) -> Record | None:
        """Put the open entry, then create the record if there is none; return None, or the record that is there."""
        for _ in range(TRIES):
            self._put_entry(record)
            if self._put_record(record, rows.absent()):
                return None
            found = self.get(record.request_id)
            if found is not None:
                self._take_back_entry(record, found)
                return found
            # Expired between the two calls: the id is free again.
        raise StoreUnavailable(f"{record.request_id}: there one moment, gone the next")

    def update(self, record: Record) -> None:
        """Replace the version before this one, then its entry; raise Conflict."""
        if not self._put_record(record, rows.same(schema.VERSION, record.version - 1)):
            raise Conflict(f"{record.request_id}: version {record.version - 1} is not there")
        if record.open:
            self._put_entry(record)
        else:
            self._calls.make(self._client.delete_row, self._open, rows.entry_key(record.request_id), None)

    def open_work(self, now: float, after: tuple[float, str] | None = None) -> Iterator[OpenEntry]:
        """Yield the entries due at `now` in order of (due_at, request_id) after the given key.

        The table is in another order, so all its pages are read first: one call for 5,000 open requests.
        """
        entries = (rows.read_entry(row) for row in self._open_rows(column_filter=rows.due(now)))
        keyed = [((entry.due_at, entry.request_id), entry) for entry in entries]
        keyed.sort(key=itemgetter(0))
        for key, entry in keyed:
            if after is None or key > after:
                yield entry

    def next_due(self) -> float | None:
        """Return when the first of what is open is due; None when nothing is open.

        It reads what a round does, so it is asked when a round found nothing due, not with every one.
        """
        dues = map(rows.read_due, self._open_rows(columns_to_get=[schema.DUE_AT]))
        return min((due for due in dues if due is not None), default=None)

    def forget(self, entry: OpenEntry) -> None:
        """Drop an entry whose record is not open, unless a new claim has put it again."""
        record = self.get(entry.request_id)
        if record is None or not record.open:
            self._delete_entry(entry)

    def take_lease(self, name: str, holder: str, now: float, seconds: float) -> Lease | None:
        """Take or renew the lease if it is free, over or ours; return it as it stands, or None."""
        columns = self._read(self._open, rows.lease_key(name))
        if not columns:
            lease, condition = Lease(holder, now + seconds), rows.absent()
        else:
            found = rows.read_lease(columns)
            if found.holder != holder and found.until > now:
                return None
            lease = replace(found, holder=holder, until=now + seconds)
            condition = rows.same(schema.WRITER, columns[schema.WRITER])
        return lease if self._put_lease(name, lease, condition) else None

    def lease(self, name: str) -> Lease | None:
        """Return a lease as it stands, whoever holds it; None if nobody ever took it."""
        columns = self._read(self._open, rows.lease_key(name))
        return rows.read_lease(columns) if columns else None

    def save_lease(self, name: str, lease: Lease) -> bool:
        """Write what the holder leaves behind; False when the lease is no longer ours."""
        return self._put_lease(name, lease, rows.same(schema.HOLDER, lease.holder))

    def purge(self, before: float, limit: int) -> int:
        """Do nothing: the table's time-to-live removes finished records."""
        del before, limit
        return 0

    def take_place(self, bucket: str, holder: str, limit: int, now: float) -> bool:
        """Take a place, unless `limit` others are taken; True when the holder has one.

        The count and the holder change together under both conditions, so nothing is read before and nobody loses a
        race who need not.
        """
        del now  # a cell carries the store's own time
        try:
            self._change_place(bucket, rows.place_taken(bucket, holder), rows.may_take(holder, limit))
        except ConditionFailed:
            return bool(self._read_row(bucket, columns_to_get=[rows.place_column(holder)]))
        return True

    def give_back(self, bucket: str, holder: str) -> None:
        """Give back the holder's place, if he has one."""
        with suppress(ConditionFailed):  # then he has none
            self._change_place(
                bucket, rows.place_given_back(bucket, holder), rows.same(rows.place_column(holder), holder)
            )

    def holders(self, bucket: str) -> dict[str, float]:
        """Return who holds a place of a bucket, and since when."""
        row = self._read_row(bucket)
        return rows.read_holders(row) if row else {}

    def pause(self) -> Pause | None:
        """Return the operators' last word; None when nobody ever said one."""
        columns = self._read(self._open, rows.pause_key())
        return rows.read_pause(columns) if columns else None

    def put_pause(self, pause: Pause, before: Pause | None) -> None:
        """Put another in the place of the word that was read before; raise Conflict."""
        writer = self._entropy.token()
        condition = rows.absent() if before is None else rows.same(schema.AT, float(before.at))
        if not self._put(self._open, rows.pause_row(pause, writer), condition, writer):
            raise Conflict("somebody else paused or resumed meanwhile")

    def policy(self) -> StoredPolicy | None:
        """Return the policy in force, or None."""
        return rows.read_policy(self._read(self._open, rows.policy_key()))

    def policy_version(self, version: int) -> StoredPolicy | None:
        """Return a version of the policy: the one in force, or the copy of an earlier one."""
        found = self.policy()
        if found is not None and found.version == version:
            return found
        return rows.read_policy(self._read(self._open, rows.policy_key(version)))

    def put_policy(self, policy: StoredPolicy) -> None:
        """Put a policy in force in the place of the version before it; raise Conflict.

        One row decides. What it held is copied before, so every version that was ever in force stays readable.
        """
        before, condition = self.policy(), rows.absent()
        if (before.version if before else 0) != policy.version - 1:
            raise Conflict(f"version {policy.version - 1} of the policy is not in force")
        if before is not None:
            self._keep_policy(before)
            condition = rows.same(schema.POLICY_VERSION, before.version)
        writer = self._entropy.token()
        if not self._put(self._open, rows.policy_row(policy, writer, copy=False), condition, writer):
            raise Conflict(f"version {policy.version - 1} of the policy is in force no more")

    def close(self) -> None:
        """Close the connections that are idle."""
        self._client.connection.pool.clear()

    def _read(self, table: str, key: rows.Key) -> dict[str, Any]:
        _, row, _ = self._calls.make(self._client.get_row, table, key, max_version=1)
        return rows.columns_of(row) if row is not None else {}

    def _read_row(self, bucket: str, **selected: Any) -> Any:
        _, row, _ = self._calls.make(
            self._client.get_row, self._table_of(bucket), rows.bucket_key(bucket), max_version=1, **selected
        )
        return row

    def _change_place(self, bucket: str, row: Any, condition: Any) -> None:
        """Change a bucket's row, one thread of this process after the other: the service refuses writers that meet.

        A call that hangs holds nobody up for longer than it may last itself.
        """
        waited = self._turn.acquire(timeout=self._call_seconds)
        try:
            self._calls.make(self._client.update_row, self._table_of(bucket), row, condition)
        finally:
            if waited:
                self._turn.release()

    def _table_of(self, bucket: str) -> str:
        return self._requests if is_hour(bucket) else self._open

    def _put(self, table: str, row: Any, condition: Any, writer: str) -> bool:
        return self._calls.write(
            self._client.put_row,
            table,
            row,
            condition,
            written=lambda: self._read(table, row.primary_key).get(schema.WRITER) == writer,
        )

    def _put_record(self, record: Record, condition: Any) -> bool:
        writer = self._entropy.token()
        return self._put(self._requests, rows.record_row(record, writer), condition, writer)

    def _put_lease(self, name: str, lease: Lease, condition: Any) -> bool:
        writer = self._entropy.token()
        return self._put(self._open, rows.lease_row(name, lease, writer), condition, writer)

    def _keep_policy(self, policy: StoredPolicy) -> None:
        row = rows.policy_row(policy, self._entropy.token(), copy=True)
        with suppress(ConditionFailed):  # then it was copied before
            self._calls.make(self._client.put_row, self._open, row, rows.absent())

    def _put_entry(self, record: Record) -> None:
        row, condition = rows.entry_row(record), rows.not_newer(record.version)
        with suppress(ConditionFailed):  # then a newer hint is there already
            self._calls.make(self._client.put_row, self._open, row, condition)

    def _take_back_entry(self, claimed: Record, found: Record) -> None:
        """Undo what a claim that failed did to the open set."""
        if not found.open:
            self._delete_entry(claimed.entry)
        elif found.version == claimed.version:
            self._put_entry(found)

    def _delete_entry(self, entry: OpenEntry) -> None:
        key, condition = rows.entry_key(entry.request_id), rows.same(schema.OPENED_AT, float(entry.opened_at))
        with suppress(ConditionFailed):  # then it is gone, or a claim has put it again
            self._calls.make(self._client.delete_row, self._open, key, condition)

    def _open_rows(self, **selected: Any) -> Iterator[Any]:
        start, end = rows.whole_open_set()
        while start:
            _, start, page, _ = self._calls.make(
                self._client.get_range, self._open, "FORWARD", start, end, limit=self._page_rows, **selected
            )
            yield from page
