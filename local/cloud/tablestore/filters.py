"""Column conditions and filters: the same little language over one row's attributes."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from local.cloud.tablestore.exceptions import invalid
from local.cloud.tablestore.messages import Message
from local.cloud.tablestore.messages import filter_pb as pb
from local.cloud.tablestore.plainbuffer import decode_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.cloud.tablestore.plainbuffer import Value

_COMPARE: dict[int, Callable[[Any, Any], bool]] = {
    pb.CT_EQUAL: operator.eq,
    pb.CT_NOT_EQUAL: operator.ne,
    pb.CT_GREATER_THAN: operator.gt,
    pb.CT_GREATER_EQUAL: operator.ge,
    pb.CT_LESS_THAN: operator.lt,
    pb.CT_LESS_EQUAL: operator.le,
}
MAX_CONDITIONS = 10


def read(data: bytes) -> Message:
    """Read a filter; raise OTSParameterInvalid."""
    message = pb.Filter()
    try:
        message.ParseFromString(data)
    except Exception:  # noqa: BLE001 - protobuf raises its own DecodeError, which has moved between versions
        raise invalid("Invalid filter.") from None
    return message


def passes(message: Message, columns: Mapping[str, Value]) -> bool:
    """Tell whether a row with these attributes passes; a missing row has none."""
    if message.type == pb.FT_SINGLE_COLUMN_VALUE:
        return _single(pb.SingleColumnValueFilter.FromString(message.filter), columns)
    if message.type == pb.FT_COMPOSITE_COLUMN_VALUE:
        return _composite(pb.CompositeColumnValueFilter.FromString(message.filter), columns)
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
    if not 1 <= len(rule.sub_filters) <= MAX_CONDITIONS:
        raise invalid(f"A filter combines 1 to {MAX_CONDITIONS} conditions.")
    results = [passes(part, columns) for part in rule.sub_filters]
    if rule.combinator == pb.LO_NOT:
        return not results[0]
    return all(results) if rule.combinator == pb.LO_AND else any(results)
