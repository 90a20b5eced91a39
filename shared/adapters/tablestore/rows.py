"""Records, open entries and leases as rows, and the conditions their writes are made under."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from shared.adapters.tablestore import schema
from shared.adapters.tablestore.client import tablestore
from shared.domain.lifecycle.record import OpenEntry, Record, State
from shared.domain.lifecycle.record_json import NEWEST_READABLE, to_json
from shared.domain.policy.control import Pause
from shared.domain.policy.places import is_hour
from shared.ports import Lease, StoredPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Key = list[tuple[str, Any]]

_Expect = tablestore.RowExistenceExpectation
_Compare = tablestore.ComparatorType


def record_key(request_id: str) -> Key:
    """Return the key of a record."""
    return [(schema.REQUEST_ID, request_id)]


def entry_key(request_id: str) -> Key:
    """Return the key of an entry."""
    return [(schema.SHARD, schema.shard(request_id)), (schema.REQUEST_ID, request_id)]


def lease_key(name: str) -> Key:
    """Return the key of a lease."""
    return [(schema.SHARD, schema.LEASE_SHARD), (schema.REQUEST_ID, name)]


def whole_open_set() -> tuple[Key, Key]:
    """Return the ends of all shards; the leases lie before them."""
    return (
        [(schema.SHARD, 0), (schema.REQUEST_ID, tablestore.INF_MIN)],
        [(schema.SHARD, tablestore.INF_MAX), (schema.REQUEST_ID, tablestore.INF_MAX)],
    )


def record_row(record: Record, writer: str) -> Any:
    """Return a record as a row."""
    columns = {schema.VERSION: record.version, schema.BODY: to_json(record), schema.WRITER: writer}
    return _row(record_key(record.request_id), columns)


def entry_row(record: Record) -> Any:
    """Return the entry of a record as a row."""
    entry = record.entry
    columns = {
        schema.VERSION: record.version,
        schema.STATE: record.state.value,
        # A refused message may name a region UTF-8 cannot take (a lone surrogate); the record has it whole.
        schema.REGION_ID: entry.region_id.encode("utf-8", "backslashreplace").decode(),
        schema.INSTANCE_ID: entry.instance_id,
        schema.DUE_AT: float(entry.due_at),
        schema.DEADLINE: float(entry.deadline),
        schema.ABSENT_SINCE: None if entry.absent_since is None else float(entry.absent_since),
        schema.OPENED_AT: float(entry.opened_at),
        schema.SCHEMA: entry.schema,
    }
    return _row(entry_key(entry.request_id), columns)


def lease_row(name: str, lease: Lease, writer: str) -> Any:
    """Return a lease as a row."""
    due, request_id = lease.cursor or (None, None)
    columns = {
        schema.HOLDER: lease.holder,
        schema.UNTIL: float(lease.until),
        schema.CURSOR_DUE: due,
        schema.CURSOR_ID: request_id,
        schema.LAST_OPEN_AT: float(lease.last_open_at),
        schema.WRITER: writer,
    }
    return _row(lease_key(name), columns)


def identity_key() -> Key:
    """Return the key of the store's identity."""
    return lease_key(schema.IDENTITY_ROW)


def identity_row(value: str) -> Any:
    """Return the store's identity as a row."""
    return _row(identity_key(), {schema.IDENTITY: value})


def bucket_key(bucket: str) -> Key:
    """Return the key of a bucket of places; an hour's is beside the records, where no id of theirs begins so."""
    return record_key(f"={bucket}") if is_hour(bucket) else lease_key(f"={bucket}")


def place_taken(bucket: str, holder: str) -> Any:
    """Return the change of a bucket's row when its holder takes a place."""
    return tablestore.Row(
        bucket_key(bucket), {"put": [(place_column(holder), holder)], "increment": [(schema.TAKEN, 1)]}
    )


def place_given_back(bucket: str, holder: str) -> Any:
    """Return the change of a bucket's row when its holder gives his place back."""
    return tablestore.Row(bucket_key(bucket), {"delete_all": [place_column(holder)], "increment": [(schema.TAKEN, -1)]})


def place_column(holder: str) -> str:
    """Return the column of a holder's place."""
    return schema.HELD + sha256(holder.encode()).hexdigest()[:32]


def may_take(holder: str, limit: int) -> Any:
    """Require that a place is left, and that the holder has none yet."""
    both = tablestore.CompositeColumnCondition(tablestore.LogicalOperator.AND)
    for column, value, compare in (
        (place_column(holder), holder, _Compare.NOT_EQUAL), (schema.TAKEN, limit, _Compare.LESS_THAN),
    ):  # fmt: skip
        both.add_sub_condition(tablestore.SingleColumnCondition(column, value, compare, pass_if_missing=True))
    return tablestore.Condition(_Expect.IGNORE, both)


def read_holders(row: Any) -> dict[str, float]:
    """Return who holds a place, and since when by the store's own clock."""
    return {value: stamp / 1000 for name, value, stamp in row.attribute_columns if name.startswith(schema.HELD)}


def pause_key() -> Key:
    """Return the key of the operators' word on buying."""
    return lease_key(schema.PAUSE_ROW)


def pause_row(pause: Pause, writer: str) -> Any:
    """Return the operators' word as a row."""
    columns = {
        schema.ACTIVE: pause.active, schema.BY: pause.by, schema.REASON: pause.reason, schema.AT: float(pause.at),
        schema.WRITER: writer,
    }  # fmt: skip
    return _row(pause_key(), columns)


def read_pause(columns: Mapping[str, Any]) -> Pause:
    """Read the operators' word; what is missing in it lets nothing be bought."""
    return Pause(
        columns.get(schema.ACTIVE, True), columns.get(schema.BY, ""), columns.get(schema.REASON, ""),
        columns.get(schema.AT, 0.0),
    )  # fmt: skip


def policy_key(version: int | None = None) -> Key:
    """Return the key of the policy in force, or of the copy of a version."""
    return lease_key(schema.POLICY_ROW if version is None else f"{schema.POLICY_ROW}-{version}")


def policy_row(policy: StoredPolicy, writer: str, *, copy: bool) -> Any:
    """Return a policy as the row in force, or as the copy that stays when another takes its place."""
    columns = {
        schema.POLICY_VERSION: policy.version,
        schema.POLICY_DOCUMENT: policy.text,
        schema.POLICY_SET_AT: float(policy.set_at),
        schema.WRITER: writer,
    }
    return _row(policy_key(policy.version if copy else None), columns)


def read_policy(columns: Mapping[str, Any]) -> StoredPolicy | None:
    """Read a policy; None without a row."""
    if not columns:
        return None
    return StoredPolicy(
        columns[schema.POLICY_VERSION], columns[schema.POLICY_DOCUMENT], columns[schema.POLICY_SET_AT]
    )  # fmt: skip


def columns_of(row: Any) -> dict[str, Any]:
    """Return a row's attributes by name."""
    return {name: value for name, value, _ in row.attribute_columns}


def read_entry(row: Any) -> OpenEntry:
    """Read an entry; one that cannot be understood tells only that something is open there."""
    columns = columns_of(row)
    request_id = dict(row.primary_key)[schema.REQUEST_ID]
    version = columns.get(schema.SCHEMA, 1)
    with suppress(KeyError, ValueError, TypeError):
        if version <= NEWEST_READABLE:
            return OpenEntry(
                request_id, State(columns[schema.STATE]), _typed(columns[schema.REGION_ID], str),
                _typed(columns.get(schema.INSTANCE_ID), str, type(None)), _typed(columns[schema.DUE_AT], float),
                _typed(columns[schema.DEADLINE], float),
                _typed(columns.get(schema.ABSENT_SINCE), float, type(None)),
                _typed(columns[schema.OPENED_AT], float), version,
            )  # fmt: skip
    return OpenEntry.unclear(request_id, columns.get(schema.DUE_AT), columns.get(schema.OPENED_AT), version)


def read_due(row: Any) -> float | None:
    """Return when an entry is due; None when it does not say, and no round finds it."""
    due = columns_of(row).get(schema.DUE_AT)
    return due if isinstance(due, float) else None


def _typed(value: Any, *kinds: type) -> Any:
    """Return a column's value; raise TypeError when it is of another kind than we write."""
    if not isinstance(value, kinds):
        raise TypeError(type(value).__name__)
    return value


def read_lease(columns: Mapping[str, Any]) -> Lease:
    """Read a lease."""
    cursor = None
    if schema.CURSOR_DUE in columns:
        cursor = (columns[schema.CURSOR_DUE], columns[schema.CURSOR_ID])
    return Lease(columns[schema.HOLDER], columns[schema.UNTIL], cursor, columns[schema.LAST_OPEN_AT])


def absent() -> Any:
    """Require that there is no row."""
    return tablestore.Condition(_Expect.EXPECT_NOT_EXIST)


def same(column: str, value: str | float) -> Any:
    """Require a row whose column has this value."""
    return tablestore.Condition(
        _Expect.EXPECT_EXIST,
        tablestore.SingleColumnCondition(column, value, _Compare.EQUAL, pass_if_missing=False),
    )


def not_newer(version: int) -> Any:
    """Require that a row, if there is one, is of this version or an older one."""
    return tablestore.Condition(
        _Expect.IGNORE,
        tablestore.SingleColumnCondition(schema.VERSION, version, _Compare.LESS_EQUAL, pass_if_missing=True),
    )


def due(now: float) -> Any:
    """Select the entries that are due."""
    return tablestore.SingleColumnCondition(schema.DUE_AT, float(now), _Compare.LESS_EQUAL, pass_if_missing=False)


def _row(key: Sequence[tuple[str, Any]], columns: Mapping[str, Any]) -> Any:
    return tablestore.Row(list(key), [(name, value) for name, value in columns.items() if value is not None])
