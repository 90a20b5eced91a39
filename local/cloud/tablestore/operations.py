"""Every operation of the local Tablestore: its request message and what handles it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.cloud.tablestore import batch_responses, row_responses, table_responses
from local.cloud.tablestore.messages import Message, pb
from local.cloud.tablestore.plainbuffer import Row, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local.cloud.tablestore.models import Tables

    Operation = Callable[[Tables, Message, float], Message]

OPERATIONS: dict[str, tuple[Message, Operation]] = {
    "CreateTable": (pb.CreateTableRequest, table_responses.create_table),
    "DescribeTable": (pb.DescribeTableRequest, table_responses.describe_table),
    "DeleteTable": (pb.DeleteTableRequest, table_responses.delete_table),
    "PutRow": (pb.PutRowRequest, row_responses.put_row),
    "UpdateRow": (pb.UpdateRowRequest, row_responses.update_row),
    "DeleteRow": (pb.DeleteRowRequest, row_responses.delete_row),
    "GetRow": (pb.GetRowRequest, row_responses.get_row),
    "GetRange": (pb.GetRangeRequest, row_responses.get_range),
    "BatchGetRow": (pb.BatchGetRowRequest, batch_responses.batch_get_row),
    "BatchWriteRow": (pb.BatchWriteRowRequest, batch_responses.batch_write_row),
}


def keys(action: str, message: Message) -> Iterable[Row]:
    """Return the rows a request names one by one."""
    if action in {"BatchGetRow", "BatchWriteRow"}:
        buffers = [item for part in message.tables for item in getattr(part, "primary_key", ())]
        buffers += [row.row_change for part in message.tables for row in getattr(part, "rows", ())]
    else:
        fields = ("row", "row_change", "primary_key")
        buffers = [value for name in fields if isinstance(value := getattr(message, name, None), bytes)]
    return [row for buffer in buffers for row in decode(buffer)]


def error_message(code: str, message: str) -> bytes:
    """Return a refusal as it is sent."""
    data: bytes = pb.Error(code=code, message=message).SerializeToString()
    return data
