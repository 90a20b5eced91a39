"""One pool of connections for each endpoint, however many threads make the first call to it.

The core of Alibaba Cloud's SDKs looks whether it has a session for an endpoint and makes one if not, without a lock
(darabonba-core 1.0.9, `DaraCore._get_session`). The calls of a cold instance's first batch come together: each of
twenty threads read the certificate store, 50 ms of CPU every time, and most of their connections were made for nothing.
"""

from __future__ import annotations

from functools import wraps
from threading import Lock
from typing import Any


def one_session_each(core: Any) -> bool:
    """Let one thread at a time look for a session; False when that is so already, or the core has no such place."""
    find = getattr(core, "_get_session", None)
    if find is None or hasattr(find, "__wrapped__"):
        return False
    lock = Lock()

    @wraps(find)
    def in_turn(*arguments: Any, **options: Any) -> Any:
        with lock:
            return find(*arguments, **options)

    core._get_session = staticmethod(in_turn)  # noqa: SLF001 - there is no public place
    return True
