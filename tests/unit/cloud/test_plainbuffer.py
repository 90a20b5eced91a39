from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.cloud.service import ServiceError
from local.cloud.tablestore.plainbuffer import Bound, Cell, Kind, Row, decode, encode
from shared.adapters.tablestore.client import tablestore as sdk

Builder = sdk.plainbuffer.plain_buffer_builder.PlainBufferBuilder
Names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
Integers = st.integers(-(2**63), 2**63 - 1)
Texts = st.text(max_size=50)
KeyValues = st.one_of(Integers, Texts, st.binary(max_size=50))
Values = st.one_of(KeyValues, st.booleans(), st.floats(allow_nan=False))
Keys = st.lists(st.tuples(Names, KeyValues), min_size=1, max_size=4)
Stamps = st.none() | st.integers(0, 2**62)
Cells = st.lists(st.builds(Cell, Names, Values, Stamps), max_size=5)


def _for_sdk(value: object) -> object:
    return bytearray(value) if isinstance(value, bytes) else value


@settings(max_examples=50, deadline=None)
@given(Keys, Cells)
def test_what_the_sdk_writes_is_read(key: list[tuple[str, object]], cells: list[Cell]) -> None:
    """Rows of PutRow, keys of GetRow and of DeleteRow come out as they went in."""
    sdk_key = [(name, _for_sdk(value)) for name, value in key]
    columns = [(cell.name, _for_sdk(cell.value), cell.timestamp) for cell in cells]
    assert decode(bytes(Builder.serialize_for_put_row(sdk_key, columns))) == [Row(tuple(key), tuple(cells))]
    assert decode(bytes(Builder.serialize_primary_key(sdk_key))) == [Row(tuple(key))]
    assert decode(bytes(Builder.serialize_for_delete_row(sdk_key))) == [Row(tuple(key), (), deleted=True)]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.builds(Row, Keys.map(tuple), Cells.map(tuple)), max_size=4))
def test_the_sdk_reads_what_is_written(rows: list[Row]) -> None:
    """The SDK's own reader finds every row and every checksum right."""
    if not rows:
        assert encode(rows) == b""
        return
    streams = sdk.plainbuffer.plain_buffer_coded_stream
    source = sdk.plainbuffer.plain_buffer_stream.PlainBufferInputStream(encode(rows))
    found = streams.PlainBufferCodedInputStream(source).read_rows()
    assert [row.primary_key for row in found] == [[(name, _for_sdk(value)) for name, value in row.key] for row in rows]
    assert [row.attribute_columns for row in found] == [
        [(cell.name, _for_sdk(cell.value), cell.timestamp) for cell in row.cells] for row in rows
    ]


def test_what_only_a_server_receives_is_read() -> None:
    """Infinite ends of ranges, and updates that delete or increment."""
    key = [("a", sdk.INF_MIN), ("b", sdk.INF_MAX)]
    assert decode(bytes(Builder.serialize_primary_key(key))) == [Row((("a", Bound.MIN), ("b", Bound.MAX)))]
    changes = {"PUT": [("w", 1, 7)], "DELETE": [("x", None, 5)], "DELETE_ALL": ["y"], "INCREMENT": [("z", 2)]}
    (row,) = decode(bytes(Builder.serialize_for_update_row([("a", 1)], changes)))
    assert row.cells == (
        Cell("w", 1, 7),
        Cell("x", None, 5, Kind.DELETE_ONE),
        Cell("y", None, None, Kind.DELETE_ALL),
        Cell("z", 2, None, Kind.INCREMENT),
    )


@settings(max_examples=50, deadline=None)
@given(Keys, st.integers(1, 40), st.binary(max_size=50))
def test_garbage_is_a_bad_parameter(key: list[tuple[str, object]], cut: int, tail: bytes) -> None:
    """A row that is cut short, or ends in something else, is OTSParameterInvalid."""
    whole = encode([Row(tuple(key))])
    garbled = whole[:-cut] + tail
    if garbled not in {whole, whole[:4]}:
        with pytest.raises(ServiceError, match="400 OTSParameterInvalid"):
            decode(garbled)


def test_every_single_byte_counts() -> None:
    """Whichever byte of a row is changed, it is noticed."""
    whole = encode([Row((("id", "order-1"),), (Cell("v", "text", 5),))])
    row = decode(whole)
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 0x01
        with pytest.raises(ServiceError):
            assert decode(bytes(changed)) != row
