"""Operations on rows one by one and in ranges, from request message to answer message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.cloud.tablestore import exceptions
from local.cloud.tablestore.messages import Message, passes, pb, read_filter
from local.cloud.tablestore.plainbuffer import Cell, Row, decode, encode
from local.cloud.tablestore.table_responses import table_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.cloud.tablestore.models import Key, Stored, Table, Tables
    from local.cloud.tablestore.plainbuffer import Value

MAX_RANGE_ROWS = 5000
MAX_COLUMNS_TO_GET = 128
MAX_RANGE_BYTES = 4 * 1024 * 1024
CAPACITY_BYTES = 4096


def put_row(tables: Tables, message: Message, now: float) -> Message:
    """Replace a row."""
    return change_row(table_of(tables, message), "put", message, message.row, now, pb.PutRowResponse())


def update_row(tables: Tables, message: Message, now: float) -> Message:
    """Change some cells of a row, or make it."""
    return change_row(table_of(tables, message), "update", message, message.row_change, now, pb.UpdateRowResponse())


def delete_row(tables: Tables, message: Message, now: float) -> Message:
    """Delete a row."""
    return change_row(table_of(tables, message), "delete", message, message.primary_key, now, pb.DeleteRowResponse())


def get_row(tables: Tables, message: Message, now: float) -> Message:
    """Read a row; none is an empty buffer."""
    answer = pb.GetRowResponse()
    read_row(table_of(tables, message), message, message.primary_key, now, answer)
    return answer


def get_range(tables: Tables, message: Message, now: float) -> Message:
    """Read rows in key order: at most `limit`, 5,000 or 4 MB, and where to go on."""
    table = table_of(tables, message)
    _check_read(message)
    if message.HasField("limit") and message.limit <= 0:
        raise exceptions.invalid("The limit must be greater than 0.")
    limit = min(message.limit or MAX_RANGE_ROWS, MAX_RANGE_ROWS)
    start, end = one_row(message.inclusive_start_primary_key), one_row(message.exclusive_end_primary_key)
    rule = _filter(message)
    rows: list[Row] = []
    size = 0
    answer = pb.GetRangeResponse()
    backward = message.direction == pb.BACKWARD
    found = table.range(table.place(start), table.place(end), now, backward=backward)
    for scanned, (key, stored) in enumerate(found):
        # What a filter leaves out has been read all the same, so it counts for the page's end (but not for `limit`).
        more = _size(_row(table, key, _cells(stored)))
        if len(rows) >= limit or scanned >= MAX_RANGE_ROWS or (scanned and size + more > MAX_RANGE_BYTES):
            answer.next_start_primary_key = encode([_row(table, key, ())])
            break
        size += more
        row = _selected(table, key, stored, message.columns_to_get, rule)
        if row is not None:
            rows.append(row)
    answer.rows = encode(rows)
    _charge(answer.consumed, read=size)
    return answer


def change_row(table: Table, change: str, message: Message, buffer: bytes, now: float, answer: Message) -> Message:
    """Put, update or delete the row in `buffer` under the message's condition."""
    if message.HasField("return_content") and message.return_content.return_type == pb.RT_AFTER_MODIFY:
        raise exceptions.invalid("The local cloud returns nothing or the primary key.")
    row = one_row(buffer)
    if change == "update" and not row.cells:
        raise exceptions.invalid("Invalid update row request: missing cells in request.")
    condition = message.condition
    # What is no condition is refused before anything is looked at.
    rule = read_filter(condition.column_condition) if condition.column_condition else None

    def check(key: Key, found: Stored | None) -> None:
        _check_condition(condition.row_existence, rule, table.columns(key, found.values) if found else {}, found)

    key = table.write(row, now, change, check)
    if message.return_content.return_type == pb.RT_PK:
        answer.row = encode([_row(table, key, ())])
    _charge(answer.consumed, write=_size(row))
    return answer


def _check_condition(existence: int, rule: Message | None, columns: dict[str, Value], found: Stored | None) -> None:
    expected = {pb.EXPECT_EXIST: True, pb.EXPECT_NOT_EXIST: False}.get(existence)
    if expected is not None and expected != (found is not None):
        raise exceptions.condition_failed()
    # A row that is not there has no columns: what the condition says of missing ones decides (inferred).
    if rule is not None and not passes(rule, columns):
        raise exceptions.condition_failed()


def _filter(message: Message) -> Message | None:
    return read_filter(message.filter) if message.filter else None


def read_row(table: Table, message: Message, buffer: bytes, now: float, answer: Message) -> None:
    """Read the row whose key is in `buffer` into an answer."""
    _check_read(message)
    key = table.key(one_row(buffer))
    stored = table.get(key, now)
    rule = _filter(message)
    row = None if stored is None else _selected(table, key, stored, message.columns_to_get, rule)
    answer.row = encode([row] if row else [])
    _charge(answer.consumed, read=_size(row) if row else 0)


def _check_read(message: Message) -> None:
    if not message.HasField("max_versions") and not message.HasField("time_range"):
        raise exceptions.invalid("No version condition is specified while querying row.")
    if len(message.columns_to_get) > MAX_COLUMNS_TO_GET:
        raise exceptions.invalid(f"The number of columns from the request exceeds the limit of {MAX_COLUMNS_TO_GET}.")
    if message.HasField("time_range") or message.HasField("start_column") or message.HasField("end_column"):
        raise exceptions.invalid("The local cloud reads neither time ranges nor parts of rows.")


def _selected(table: Table, key: Key, stored: Stored, columns: Iterable[str], rule: Message | None) -> Row | None:
    wanted = set(columns)
    cells = tuple(cell for cell in _cells(stored) if not wanted or cell.name in wanted)
    if wanted and not cells and not wanted & {name for name, _ in table.schema}:
        return None
    # Of the attributes the filter sees what was selected only, as in the cloud.
    if rule is not None and not passes(rule, table.columns(key, {cell.name: cell.value for cell in cells})):
        return None
    return _row(table, key, cells)


def _cells(stored: Stored) -> tuple[Cell, ...]:
    return tuple(Cell(name, value, stamp) for name, (value, stamp) in sorted(stored.columns.items()))


def _row(table: Table, key: Key, cells: tuple[Cell, ...]) -> Row:
    return Row(tuple((name, value) for (name, _), value in zip(table.schema, key, strict=True)), cells)


def one_row(buffer: bytes) -> Row:
    """Return the only row of a buffer."""
    rows = decode(buffer)
    if len(rows) != 1:
        raise exceptions.invalid("Exactly one row is expected.")
    return rows[0]


def _size(row: Row) -> int:
    parts = [*row.key, *((cell.name, cell.value) for cell in row.cells)]
    return sum(len(name) + (len(value) if isinstance(value, str | bytes) else 8) for name, value in parts)


def _charge(consumed: Message, *, read: int = 0, write: int = 0) -> None:
    consumed.capacity_unit.read = -(-read // CAPACITY_BYTES)
    consumed.capacity_unit.write = -(-write // CAPACITY_BYTES)
