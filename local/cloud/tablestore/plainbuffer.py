"""Plain buffers: how rows and values are written inside Tablestore's protobuf messages.

A buffer is a header and rows; a row is its key's cells, its attribute cells, perhaps a marker that deletes it, and a
checksum; a cell is a name, a value, perhaps what to do with it and a time stamp, and a checksum (CRC-8, polynomial 7).
Numbers are little-endian. Read off the SDK, whose own reader stops at what only a server receives.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum

from local.cloud.tablestore.exceptions import invalid

HEADER = 0x75
(_KEY, _DATA, _CELL, _NAME, _VALUE, _KIND, _TIMESTAMP, _DELETE_ROW, _ROW_CHECK, _CELL_CHECK) = range(1, 11)
_INTEGER, _DOUBLE, _BOOLEAN, _STRING, _BLOB, _INF_MIN, _INF_MAX = 0, 1, 2, 3, 7, 9, 10


class Bound(Enum):
    """The ends of a key column's range."""

    MIN = _INF_MIN
    MAX = _INF_MAX


class Kind(Enum):
    """What an update does with a cell instead of putting it."""

    DELETE_ALL = 1
    DELETE_ONE = 3
    INCREMENT = 4


Value = int | float | bool | str | bytes
KeyValue = Value | Bound


@dataclass(frozen=True, slots=True)
class Cell:
    """One attribute; `timestamp` in milliseconds."""

    name: str
    value: Value | None
    timestamp: int | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it travels."""

    key: tuple[tuple[str, KeyValue], ...]
    cells: tuple[Cell, ...] = ()
    deleted: bool = False


def decode(data: bytes) -> list[Row]:
    """Read a buffer; raise OTSParameterInvalid for one that is cut short, garbled or fails a checksum."""
    try:
        return list(_Reader(data).rows())
    except (IndexError, struct.error, ValueError) as error:
        raise invalid(f"Invalid plain buffer: {error}.") from None


def decode_value(data: bytes) -> Value:
    """Read a value that stands alone, as in a column condition."""
    try:
        return _value(data[0], data[1:])
    except (IndexError, struct.error, ValueError) as error:
        raise invalid(f"Invalid value: {error}.") from None


def encode(rows: list[Row]) -> bytes:
    """Write rows; no rows are no bytes at all."""
    if not rows:
        return b""
    out = bytearray(struct.pack("<I", HEADER))
    for row in rows:
        _write_row(out, row)
    return bytes(out)


class _Garbled(ValueError):
    pass


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        if struct.unpack("<I", self._take(4))[0] != HEADER:
            raise _Garbled("wrong header")

    def rows(self) -> list[Row]:
        rows = []
        while self._at < len(self._data):
            rows.append(self._row())
        return rows

    def _row(self) -> Row:
        check = 0
        self._expect(_KEY)
        key = []
        while self._skip(_CELL):
            cell, value, check = self._cell(check)
            key.append((cell.name, value))
        cells = []
        if self._skip(_DATA):
            while self._skip(_CELL):
                cell, value, check = self._cell(check)
                if isinstance(value, Bound):
                    raise _Garbled("an attribute has no infinite value")
                cells.append(cell)
        deleted = self._skip(_DELETE_ROW)
        self._expect(_ROW_CHECK)
        if self._byte() != _crc8(check, bytes([deleted])):
            raise _Garbled("row checksum mismatch")
        if any(value is None for _, value in key):
            raise _Garbled("a key column without a value")
        return Row(tuple((name, value) for name, value in key if value is not None), tuple(cells), deleted)

    def _cell(self, row_check: int) -> tuple[Cell, KeyValue | None, int]:
        self._expect(_NAME)
        name = self._sized()
        check = _crc8(0, name)
        value: KeyValue | None = None
        if self._skip(_VALUE):
            raw = self._sized()
            value = Bound(raw[0]) if raw[0] in {_INF_MIN, _INF_MAX} else _value(raw[0], raw[1:])
            check = _crc8(check, raw)
        kind = self._take(1) if self._skip(_KIND) else b""
        stamp = self._take(8) if self._skip(_TIMESTAMP) else b""
        # The checksum has these two the other way round than the buffer.
        check = _crc8(_crc8(check, stamp), kind)
        self._expect(_CELL_CHECK)
        if self._byte() != check:
            raise _Garbled("cell checksum mismatch")
        timestamp = struct.unpack("<q", stamp)[0] if stamp else None
        attribute = None if isinstance(value, Bound) else value
        cell = Cell(name.decode(), attribute, timestamp, Kind(kind[0]) if kind else None)
        return cell, value, _crc8(row_check, bytes([check]))

    def _take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise _Garbled("it ends too early")
        self._at += size
        return self._data[self._at - size : self._at]

    def _byte(self) -> int:
        return self._take(1)[0]

    def _sized(self) -> bytes:
        return self._take(struct.unpack("<I", self._take(4))[0])

    def _skip(self, tag: int) -> bool:
        found = self._at < len(self._data) and self._data[self._at] == tag
        self._at += found
        return found

    def _expect(self, tag: int) -> None:
        if not self._skip(tag):
            raise _Garbled(f"tag {tag} expected at byte {self._at}")


def _value(kind: int, raw: bytes) -> Value:
    if kind == _INTEGER:
        return int(struct.unpack("<q", raw)[0])
    if kind == _DOUBLE:
        return float(struct.unpack("<d", raw)[0])
    if kind == _BOOLEAN:
        return bool(struct.unpack("<?", raw)[0])
    if kind not in {_STRING, _BLOB}:
        raise _Garbled(f"unknown value type {kind}")
    size = struct.unpack("<I", raw[:4])[0]
    if len(raw) != size + 4:
        raise _Garbled("a length that does not fit")
    return raw[4:].decode() if kind == _STRING else raw[4:]


def _raw(value: KeyValue) -> bytes:
    if isinstance(value, Bound):
        return bytes([value.value])
    if isinstance(value, bool):
        return struct.pack("<B?", _BOOLEAN, value)
    if isinstance(value, int):
        return struct.pack("<Bq", _INTEGER, value)
    if isinstance(value, float):
        return struct.pack("<Bd", _DOUBLE, value)
    kind, data = (_STRING, value.encode()) if isinstance(value, str) else (_BLOB, value)
    return struct.pack("<BI", kind, len(data)) + data


def _write_row(out: bytearray, row: Row) -> None:
    check = 0
    out.append(_KEY)
    for name, value in row.key:
        check = _write_cell(out, name, _raw(value), None, check)
    if row.cells:
        out.append(_DATA)
    for cell in row.cells:
        if cell.value is not None:
            check = _write_cell(out, cell.name, _raw(cell.value), cell.timestamp, check)
    out += bytes([_ROW_CHECK, _crc8(check, b"\x00")])


def _write_cell(out: bytearray, name: str, raw: bytes, timestamp: int | None, row_check: int) -> int:
    label = name.encode()
    stamp = b"" if timestamp is None else struct.pack("<q", timestamp)
    check = _crc8(_crc8(_crc8(0, label), raw), stamp)
    out += bytes([_CELL, _NAME]) + struct.pack("<I", len(label)) + label
    out += bytes([_VALUE]) + struct.pack("<I", len(raw)) + raw
    if stamp:
        out += bytes([_TIMESTAMP]) + stamp
    out += bytes([_CELL_CHECK, check])
    return _crc8(row_check, bytes([check]))


def _crc_table() -> bytes:
    rows = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value << 1) ^ (0x107 if value & 0x80 else 0)
        rows.append(value)
    return bytes(rows)


_CRC_TABLE = _crc_table()


def _crc8(check: int, data: bytes) -> int:
    """Return the checksum of what gave `check` so far and `data` after it."""
    for byte in data:
        check = _CRC_TABLE[check ^ byte]
    return check
