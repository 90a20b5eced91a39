"""Reading an answer to its end, which it need not have: only for so long, and only so much of it.

A time-out of a socket is one between two bytes. Whoever answers could hold a thread for ever, or fill the memory.
"""

from __future__ import annotations

from http.client import HTTPException
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PIECE = 65_536


class EndlessAnswer(HTTPException):
    """An answer that was too slow or too long to be read to its end; to clients like any other that broke off."""


def read_whole(read: Callable[[int], bytes], longest: int, until: float) -> bytes:
    """Return what `read` gives, a piece at a time; raise EndlessAnswer past `longest` bytes or the monotonic time."""
    pieces, length = [], 0
    while piece := read(_PIECE):
        pieces.append(piece)
        length += len(piece)
        if length > longest:
            raise EndlessAnswer(f"the answer did not end within {longest} bytes")
        if monotonic() > until:
            raise EndlessAnswer("the answer did not end in time")
    return b"".join(pieces)
