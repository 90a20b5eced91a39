"""Operations on many rows at once: each row has an answer or an error of its own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.cloud.service import ServiceError
from local.cloud.tablestore import exceptions
from local.cloud.tablestore.messages import Message, pb
from local.cloud.tablestore.row_responses import change_row, one_row, read_row
from local.cloud.tablestore.table_responses import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.cloud.tablestore.models import Tables

MAX_BATCH_GET = 100
MAX_BATCH_WRITE = 200
MAX_BATCH_BYTES = 4 * 1024 * 1024
_CHANGES = {pb.PUT: "put", pb.UPDATE: "update", pb.DELETE: "delete"}


def batch_get_row(tables: Tables, message: Message, now: float) -> Message:
    """Read up to 100 rows; each has an answer or an error of its own."""
    if not 1 <= sum(len(part.primary_key) for part in message.tables) <= MAX_BATCH_GET:
        raise exceptions.invalid(f"BatchGetRow reads 1 to {MAX_BATCH_GET} rows.")
    answer = pb.BatchGetRowResponse()
    for part in message.tables:
        rows = answer.tables.add(table_name=part.table_name).rows
        for key in part.primary_key:
            with _own_error(rows.add()) as out:
                read_row(table_of(tables, part), part, key, now, out)
    return answer


def batch_write_row(tables: Tables, message: Message, now: float) -> Message:
    """Write up to 200 rows; each has an answer or an error of its own, none waits for another."""
    changes = [(part, row) for part in message.tables for row in part.rows]
    if not 1 <= len(changes) <= MAX_BATCH_WRITE:
        raise exceptions.invalid(f"BatchWriteRow writes 1 to {MAX_BATCH_WRITE} rows.")
    if sum(len(row.row_change) for _, row in changes) > MAX_BATCH_BYTES:
        raise exceptions.invalid(f"BatchWriteRow writes at most {MAX_BATCH_BYTES} bytes.")
    keys = [(part.table_name, one_row(row.row_change).key) for part, row in changes]
    if len(keys) != len(set(keys)):
        raise exceptions.invalid("BatchWriteRow writes each row once.")
    answer = pb.BatchWriteRowResponse()
    for part in message.tables:
        rows = answer.tables.add(table_name=part.table_name).rows
        for row in part.rows:
            with _own_error(rows.add()) as out:
                change_row(table_of(tables, part), _CHANGES[row.type], row, row.row_change, now, out)
    return answer


@contextmanager
def _own_error(out: Message) -> Iterator[Message]:
    try:
        yield out
        out.is_ok = True
    except ServiceError as error:
        out.Clear()
        out.is_ok = False
        out.error.code, out.error.message = error.code, error.message
