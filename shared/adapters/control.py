"""The operators' pause, read from the store and kept for a while: no message costs a read of its own."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from shared.domain.policy.control import Steering
from shared.ports import POLICY_SECONDS

if TYPE_CHECKING:
    from shared.ports import Store


class KeptControl:
    """The `Control` port over a store, for any number of threads: one reads, the others wait for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._kept: Steering | None = None

    def current(self, now: float) -> Steering:
        """Return what was read at most POLICY_SECONDS ago; a clock that was put back reads anew."""
        with self._lock:
            kept = self._kept
            if kept is None or not 0 <= kept.good_until - now <= POLICY_SECONDS:
                # Counted from before the read: a pause that is said during it may have been missed.
                kept = self._kept = Steering(self._store.pause(), now + POLICY_SECONDS)
            return kept
