"""Tables and their rows. One version of each cell is kept; times are the cloud's clock, in milliseconds for cells."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.cloud.tablestore import exceptions
from local.cloud.tablestore.plainbuffer import Bound, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from local.cloud.tablestore.plainbuffer import Cell, Row, Value

    Key = tuple[Value, ...]
    Columns = dict[str, tuple[Value, int]]
    Place = tuple[tuple[int, Value], ...]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
FOR_EVER = -1
MAX_KEY_BYTES = 1024
MAX_VALUE_BYTES = 2 * 1024 * 1024
MAX_COLUMNS = 1024
TYPES: dict[str, type] = {"INTEGER": int, "STRING": str, "BINARY": bytes}


@dataclass(slots=True)
class Stored:
    """A row: its cells by name with their time stamps, and when it was last put (for rows without cells)."""

    columns: Columns
    put_at: int

    @property
    def values(self) -> dict[str, Value]:
        """The cells' values."""
        return {name: value for name, (value, _) in self.columns.items()}


@dataclass(slots=True)
class Table:
    """A table: key columns as (name, type), and options as they were given."""

    name: str
    schema: tuple[tuple[str, str], ...]
    time_to_live: int = FOR_EVER
    max_versions: int = 1
    deviation_seconds: int = 86400
    _rows: dict[Key, Stored] = field(default_factory=dict)
    _order: list[Place] = field(default_factory=list)

    def key(self, row: Row) -> Key:
        """Return a row's key if it fits the table; raise OTSInvalidPK."""
        self._check_names(row)
        for (name, kind), (_, value) in zip(self.schema, row.key, strict=True):
            if isinstance(value, Bound) or type(value) is not TYPES[kind]:
                raise exceptions.invalid_key(f"The primary key column {name} is of type {kind}.")
            if isinstance(value, str | bytes) and len(_bytes(value)) > MAX_KEY_BYTES:
                raise exceptions.invalid_key(f"The primary key column {name} exceeds {MAX_KEY_BYTES} bytes.")
        return tuple(value for _, value in row.key if not isinstance(value, Bound))

    def place(self, row: Row) -> Place:
        """Return where a range begins or ends; bounds are allowed."""
        self._check_names(row)
        ends: dict[object, tuple[int, Value]] = {Bound.MIN: (-1, 0), Bound.MAX: (1, 0)}
        return tuple(ends[value] if isinstance(value, Bound) else (0, value) for _, value in row.key)

    def columns(self, key: Key, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Return what conditions and filters see of a row: the columns of its key, and these attributes."""
        return {name: value for (name, _), value in zip(self.schema, key, strict=True)} | dict(attributes)

    def get(self, key: Key, now: float) -> Stored | None:
        """Return what is left of a row at this time."""
        stored = self._rows.get(key)
        if stored is None or self.time_to_live == FOR_EVER:
            return stored
        oldest = int((now - self.time_to_live) * 1000)
        expired = [name for name, (_, stamp) in stored.columns.items() if stamp < oldest]
        for name in expired:
            del stored.columns[name]
        if not stored.columns and (expired or stored.put_at < oldest):
            self._remove(key)
            return None
        return stored

    def write(self, row: Row, now: float, change: str, check: Callable[[Key, Stored | None], None]) -> Key:
        """Put, update or delete a row if `check` lets it; return its key.

        An update that writes nothing makes no row.
        """
        key = self.key(row)
        found = self.get(key, now)
        self._check_cells(row, now)
        check(key, found)
        if change == "delete":
            self._remove(key)
            return key
        columns: Columns = {} if change == "put" or found is None else dict(found.columns)
        for cell in row.cells:
            _apply(columns, cell, int(now * 1000))
        if change == "update" and found is None and not columns:
            return key
        if key not in self._rows:
            insort(self._order, _place(key))
        self._rows[key] = Stored(columns, int(now * 1000))
        return key

    def range(self, start: Place, end: Place, now: float, *, backward: bool) -> Iterator[tuple[Key, Stored]]:
        """Yield the rows from start (included) to end (not), in the direction asked for."""
        if (start <= end) if backward else (start >= end):
            raise exceptions.invalid("Begin key must less than end key in FORWARD, and the reverse in BACKWARD.")
        if backward:
            low, high = bisect_left(self._order, end), bisect_left(self._order, start)
            low += low < len(self._order) and self._order[low] == end
            high += high < len(self._order) and self._order[high] == start
            places = self._order[low:high][::-1]
        else:
            places = self._order[bisect_left(self._order, start) : bisect_left(self._order, end)]
        for place in places:
            key = tuple(value for _, value in place)
            stored = self.get(key, now)
            if stored is not None:
                yield key, stored

    def __len__(self) -> int:
        return len(self._rows)

    def _remove(self, key: Key) -> None:
        if self._rows.pop(key, None) is not None:
            del self._order[bisect_left(self._order, _place(key))]

    def _check_names(self, row: Row) -> None:
        names = [name for name, _ in row.key]
        if names != [name for name, _ in self.schema]:
            raise exceptions.invalid_key(f"The primary key must be {[name for name, _ in self.schema]}, not {names}.")

    def _check_cells(self, row: Row, now: float) -> None:
        if len(row.cells) > MAX_COLUMNS:
            raise exceptions.too_many_columns(MAX_COLUMNS)
        counted = {cell.name for cell in row.cells if cell.kind is Kind.INCREMENT}
        if len([cell for cell in row.cells if cell.name in counted]) > len(counted):
            raise exceptions.invalid("A column that is incremented cannot be changed otherwise in the same request.")
        for cell in row.cells:
            if not NAME.fullmatch(cell.name) or cell.name in dict(self.schema):
                raise exceptions.invalid(f"Invalid column name: {cell.name!r}.")
            if isinstance(cell.value, str | bytes) and len(_bytes(cell.value)) > MAX_VALUE_BYTES:
                raise exceptions.invalid(f"The length of attribute column {cell.name} exceeds {MAX_VALUE_BYTES} bytes.")
            if isinstance(cell.value, float) and not math.isfinite(cell.value):
                raise exceptions.invalid(f"{cell.value} can't be set to double value.")
            if cell.timestamp is not None and abs(cell.timestamp / 1000 - now) > self.deviation_seconds:
                raise exceptions.invalid(f"The time stamp of column {cell.name} is out of the allowed range.")


Tables = dict[str, Table]


def _apply(columns: Columns, cell: Cell, now_ms: int) -> None:
    stamp = now_ms if cell.timestamp is None else cell.timestamp
    found = columns.get(cell.name)
    if cell.kind is Kind.DELETE_ALL or (cell.kind is Kind.DELETE_ONE and found and found[1] == cell.timestamp):
        columns.pop(cell.name, None)
    elif cell.kind is Kind.INCREMENT:
        base = found[0] if found else 0
        if type(base) is not int or type(cell.value) is not int:
            raise exceptions.invalid(f"Only an integer can be incremented: {cell.name}.")
        columns[cell.name] = (base + cell.value, stamp)
    elif cell.kind is None and cell.value is not None:
        columns[cell.name] = (cell.value, stamp)


def _place(key: Key) -> Place:
    return tuple((0, value) for value in key)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
