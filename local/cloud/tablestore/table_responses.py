"""Operations on tables, from request message to answer message."""

from __future__ import annotations

from local.cloud.tablestore import exceptions
from local.cloud.tablestore.messages import Message, pb
from local.cloud.tablestore.models import NAME, Table, Tables

MAX_KEY_COLUMNS = 4
LEAST_TIME_TO_LIVE = 86400
_KEY_TYPES = {pb.INTEGER: "INTEGER", pb.STRING: "STRING", pb.BINARY: "BINARY"}


def create_table(tables: Tables, message: Message, _now: float) -> Message:
    """Create a table; it is ready at once (in the cloud, within a minute)."""
    meta, options = message.table_meta, message.table_options
    if meta.table_name in tables:
        raise exceptions.table_exists(meta.table_name)
    if not NAME.fullmatch(meta.table_name):
        raise exceptions.invalid(f"Invalid table name: {meta.table_name!r}.")
    schema = tuple((column.name, _KEY_TYPES.get(column.type, "")) for column in meta.primary_key)
    if not 1 <= len(schema) <= MAX_KEY_COLUMNS or not all(NAME.fullmatch(name) and kind for name, kind in schema):
        raise exceptions.invalid(
            f"A primary key has 1 to {MAX_KEY_COLUMNS} columns of type {list(_KEY_TYPES.values())}."
        )
    if message.index_metas or any(column.HasField("option") for column in meta.primary_key):
        raise exceptions.invalid("The local cloud has neither indexes nor auto-increment columns.")
    if options.time_to_live != -1 and options.time_to_live < LEAST_TIME_TO_LIVE:
        raise exceptions.invalid(f"The time to live is -1 or at least {LEAST_TIME_TO_LIVE} s.")
    if options.max_versions != 1:
        raise exceptions.invalid("The local cloud keeps one version of each cell.")
    deviation = options.deviation_cell_version_in_sec or 86400
    tables[meta.table_name] = Table(meta.table_name, schema, options.time_to_live, 1, deviation)
    return pb.CreateTableResponse()


def describe_table(tables: Tables, message: Message, _now: float) -> Message:
    """Tell a table's schema and options."""
    table = table_of(tables, message)
    answer = pb.DescribeTableResponse()
    answer.table_meta.table_name = table.name
    numbers = {name: number for number, name in _KEY_TYPES.items()}
    for name, kind in table.schema:
        answer.table_meta.primary_key.add(name=name, type=numbers[kind])
    details = answer.reserved_throughput_details
    details.capacity_unit.read = details.capacity_unit.write = details.last_increase_time = 0
    answer.table_options.time_to_live = table.time_to_live
    answer.table_options.max_versions = table.max_versions
    answer.table_options.deviation_cell_version_in_sec = table.deviation_seconds
    return answer


def delete_table(tables: Tables, message: Message, _now: float) -> Message:
    """Delete a table with its rows."""
    del tables[table_of(tables, message).name]
    return pb.DeleteTableResponse()


def table_of(tables: Tables, message: Message) -> Table:
    """Return the table a message names; raise OTSObjectNotExist."""
    table = tables.get(message.table_name)
    if table is None:
        raise exceptions.no_table(message.table_name)
    return table
