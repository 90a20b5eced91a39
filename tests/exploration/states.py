"""The states that were met, where every process that explores a world sees them."""

from __future__ import annotations

import mmap

SLOT = 16
"""Bytes of a state's digest, and of its place in the table."""
SLOTS = 1 << 23
FULL = SLOTS * 3 // 4


class Full(Exception):
    """More states than the table has room for: the world is not a small one."""


class States:
    """A set of digests in memory that forked processes share.

    Two that add at the same moment can lose one digest: its state is then explored twice, never left out.
    """

    def __init__(self) -> None:
        self._table = mmap.mmap(-1, SLOT * SLOTS)
        self._none = bytes(SLOT)
        self._added = 0

    def add(self, digest: bytes) -> bool:
        """Add a digest; False when it was there before."""
        table, slot = self._table, int.from_bytes(digest[:8], "little") % SLOTS
        while True:
            begin = slot * SLOT
            there = table[begin : begin + SLOT]
            if there == digest:
                return False
            if there == self._none:
                break
            slot = (slot + 1) % SLOTS
        if self._added >= FULL:
            raise Full
        table[begin : begin + SLOT] = digest
        self._added += 1
        return True

    def __len__(self) -> int:
        """Return how many this process has added."""
        return self._added
