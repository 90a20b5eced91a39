"""The policy as a process keeps it: read from the store now and then, not for every message."""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING

from shared.domain.policy.document import InvalidPolicy, Policy, parse_policy
from shared.ports import POLICY_SECONDS, InForce, UnreadablePolicy

if TYPE_CHECKING:
    from shared.ports import Store, StoredPolicy

_VERSIONS = 32
"""So many versions are kept read; the one that came first makes room."""


class PolicyCache:
    """The `Policies` port over a store, for any number of threads: one reads, the others wait for it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._found: StoredPolicy | None = None
        self._read_at = float("-inf")
        self._versions: dict[int, Policy] = {}

    def current(self, now: float, max_age: float = POLICY_SECONDS) -> InForce:
        """Return the policy in force, read at most `max_age` seconds before; a clock that was put back reads anew."""
        with self._lock:
            if not 0 <= now - self._read_at < max_age:
                self._found = self._store.policy()
                self._read_at = now
            found, good_until = self._found, self._read_at + POLICY_SECONDS
            if found is None:
                return InForce(good_until=good_until)
            return InForce(found.version, self._read(found), good_until)

    def version(self, number: int) -> Policy:
        """Return what a version says; 0 is no policy."""
        if not number:
            return Policy()
        with self._lock:
            if number in self._versions:
                return self._versions[number]
            found = self._store.policy_version(number)
            if found is None:
                raise UnreadablePolicy(f"there is no version {number} of the policy")
            return self._read(found)

    def _read(self, stored: StoredPolicy) -> Policy:
        if stored.version not in self._versions:
            try:
                policy = parse_policy(json.loads(stored.text))
            except InvalidPolicy as error:
                raise UnreadablePolicy(f"version {stored.version}: {error}") from None
            except (ValueError, RecursionError):
                raise UnreadablePolicy(f"version {stored.version} is no JSON") from None
            if len(self._versions) >= _VERSIONS:
                del self._versions[next(iter(self._versions))]
            self._versions[stored.version] = policy
        return self._versions[stored.version]
