"""The Tablestore SDK, imported without numpy and without its native codec.

The SDK uses numpy for time series only, and its native codec (13.7 MB) loads on one Python version only, so tests and
cloud would run different code; together they also double the time of the import. It looks for both while it is
imported, and works without them. So empty modules stand in their places for that long.
"""

from __future__ import annotations

import logging
import sys
import warnings
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEFT_OUT = ("numpy", "tablestore.ots_sdk.ots_sdk", "tablestore.native.native_plainbuffer")


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        sys.modules[name] = ModuleType(name)
    try:
        with warnings.catch_warnings():
            # It warns that the codec is missing, and uses parts of Python that are on their way out.
            warnings.simplefilter("ignore")
            yield
    finally:
        for name in absent:
            del sys.modules[name]


# The SDK logs every refusal as an error, a failed condition too, and whole bodies when it cannot read an answer.
# What matters of it reaches the worker's own log by exceptions.
logging.getLogger("tablestore").setLevel(logging.CRITICAL + 1)
logging.getLogger("tablestore-client").setLevel(logging.CRITICAL + 1)

with _without(_LEFT_OUT):
    import tablestore

__all__ = ["tablestore"]
