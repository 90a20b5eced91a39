"""The protobuf messages as the SDK ships them, and the filters inside: one small language over a row's columns.

The SDK ships no types with its messages: a message is `Any` here. Column conditions are filters, too.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from local.cloud.tablestore.exceptions import invalid
from local.cloud.tablestore.plainbuffer import decode_value
from shared.adapters.tablestore.client import tablestore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.cloud.tablestore.plainbuffer import Value

Message = Any
pb: Any = tablestore.protobuf.table_store_pb2
filter_pb: Any = tablestore.protobuf.table_store_filter_pb2

_COMPARE: dict[int, Callable[[Any, Any], bool]] = {
    filter_pb.CT_EQUAL: operator.eq,
    filter_pb.CT_NOT_EQUAL: operator.ne,
    filter_pb.CT_GREATER_THAN: operator.gt,
    filter_pb.CT_GREATER_EQUAL: operator.ge,
    filter_pb.CT_LESS_THAN: operator.lt,
    filter_pb.CT_LESS_EQUAL: operator.le,
}
FEWEST_CONDITIONS = 2
MAX_CONDITIONS = 10


def read_filter(data: bytes) -> Message:
    """Read a filter with all that is inside; raise OTSParameterInvalid."""
    message = _parse(filter_pb.Filter, data)
    if message.type == filter_pb.FT_COMPOSITE_COLUMN_VALUE:
        rule = _parse(filter_pb.CompositeColumnValueFilter, message.filter)
        count = len(rule.sub_filters)
        if rule.combinator == filter_pb.LO_NOT and count != 1:
            raise invalid("Invalid NOT operator: the number of sub-filters must be 1.")
        if rule.combinator != filter_pb.LO_NOT and not FEWEST_CONDITIONS <= count <= MAX_CONDITIONS:
            raise invalid(f"AND and OR combine {FEWEST_CONDITIONS} to {MAX_CONDITIONS} conditions.")
        for part in rule.sub_filters:
            read_filter(part.SerializeToString())
    return message


def _parse(kind: Any, data: bytes) -> Message:
    message = kind()
    try:
        message.ParseFromString(data)
    except Exception:  # noqa: BLE001 - protobuf raises its own DecodeError, which has moved between versions
        raise invalid("Invalid filter.") from None
    return message


def passes(message: Message, columns: Mapping[str, Value]) -> bool:
    """Tell whether a row with these columns, those of its key among them, passes; a missing row has none."""
    if message.type == filter_pb.FT_SINGLE_COLUMN_VALUE:
        return _single(filter_pb.SingleColumnValueFilter.FromString(message.filter), columns)
    if message.type == filter_pb.FT_COMPOSITE_COLUMN_VALUE:
        return _composite(filter_pb.CompositeColumnValueFilter.FromString(message.filter), columns)
    raise invalid("The local cloud does not know this kind of filter.")


def _single(rule: Message, columns: Mapping[str, Value]) -> bool:
    if rule.HasField("value_trans_rule"):
        raise invalid("The local cloud does not know value transfer rules.")
    if rule.column_name not in columns:
        return not rule.filter_if_missing
    compare = _COMPARE.get(rule.comparator)
    if compare is None:
        raise invalid("The local cloud does not know this comparator.")
    found, wanted = columns[rule.column_name], decode_value(rule.column_value)
    # Values of different types are never in any relation (inferred).
    return type(found) is type(wanted) and compare(found, wanted)


def _composite(rule: Message, columns: Mapping[str, Value]) -> bool:
    results = [passes(part, columns) for part in rule.sub_filters]
    if rule.combinator == filter_pb.LO_NOT:
        return not results[0]
    return all(results) if rule.combinator == filter_pb.LO_AND else any(results)
