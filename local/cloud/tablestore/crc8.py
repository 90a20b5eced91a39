"""CRC-8 with polynomial 7, the checksum of plain buffers."""

from __future__ import annotations


def _table() -> bytes:
    rows = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value << 1) ^ (0x107 if value & 0x80 else 0)
        rows.append(value)
    return bytes(rows)


_TABLE = _table()


def crc8(check: int, data: bytes) -> int:
    """Return the checksum of what gave `check` so far and `data` after it."""
    for byte in data:
        check = _TABLE[check ^ byte]
    return check
