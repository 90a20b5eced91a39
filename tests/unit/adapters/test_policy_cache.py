"""The policy as a process keeps it: how late, how often it is read, and what cannot be read."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from shared.adapters.policy_cache import PolicyCache
from shared.domain.policy.document import Limits, Policy
from shared.ports import POLICY_SECONDS, InForce, StoredPolicy, StoreUnavailable, UnreadablePolicy

OPEN_5 = '{"limits": {"open": 5}}'


@dataclass
class Versions:
    """As much of a store as a cache reads."""

    texts: list[str] = field(default_factory=list)
    reads: int = 0
    away: bool = False

    def policy(self) -> StoredPolicy | None:
        self.reads += 1
        if self.away:
            raise StoreUnavailable("away")
        return StoredPolicy(len(self.texts), self.texts[-1], 0.0) if self.texts else None

    def policy_version(self, version: int) -> StoredPolicy | None:
        self.reads += 1
        return StoredPolicy(version, self.texts[version - 1], 0.0) if version <= len(self.texts) else None


def cache(*texts: str) -> tuple[PolicyCache, Versions]:
    """Return a cache over these versions."""
    store = Versions(list(texts))
    return PolicyCache(store), store  # type: ignore[arg-type] # as much of a store as a cache reads


def test_it_is_read_again_after_half_a_minute() -> None:
    """Until then what was read holds, also when it was nothing; whoever wants it fresher says so."""
    policies, store = cache()
    assert policies.current(100.0) == InForce()
    store.texts.append(OPEN_5)
    assert policies.current(100.0 + POLICY_SECONDS - 0.1) == InForce()
    assert policies.current(100.0 + POLICY_SECONDS) == InForce(1, Policy(limits=Limits(open=5)))
    store.texts.append("{}")
    assert policies.current(131.0).version == 1
    assert policies.current(131.5, 1.0).version == 2
    assert store.reads == 3


def test_a_clock_that_was_put_back_keeps_nothing() -> None:
    """A time before the last read makes what was read neither fresh nor old: it is read anew."""
    policies, store = cache(OPEN_5)
    policies.current(100.0)
    policies.current(50.0)
    policies.current(79.0)
    assert store.reads == 2


def test_nothing_is_used_past_its_time() -> None:
    """A store that is away makes messages wait once what was read is old, and is asked again each time."""
    policies, store = cache(OPEN_5)
    policies.current(100.0)
    store.away = True
    assert policies.current(129.0).version == 1
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            policies.current(130.0)
    store.away = False
    assert policies.current(130.0).version == 1


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"more": 1}', '{"allow": {"Nonsense": ["x"]}}', "[" * 100_000])
def test_what_cannot_be_read_is_no_policy(text: str) -> None:
    """A spoilt document, or one of a later version, is told as such each time, and is not read for each message."""
    policies, store = cache(OPEN_5, text)
    for _ in range(3):
        with pytest.raises(UnreadablePolicy, match="version 2"):
            policies.current(100.0)
    assert store.reads == 1
    assert policies.version(1).limits == Limits(open=5)
    store.texts.append("{}")
    assert policies.current(130.0).version == 3


def test_versions_are_read_once() -> None:
    """What a version says never changes; version 0 is no policy; one that is not there cannot be read."""
    policies, store = cache(OPEN_5, "{}")
    policies.current(100.0)
    assert [policies.version(number) for number in (0, 1, 1, 2)] == [
        Policy(),
        *[Policy(limits=Limits(open=5))] * 2,
        Policy(),
    ]
    assert store.reads == 2
    with pytest.raises(UnreadablePolicy):
        policies.version(3)


def test_many_versions_are_not_all_kept() -> None:
    """The memory of a process that lives long is bounded; what was forgotten is read again."""
    texts = [json.dumps({"limits": {"open": number}}) for number in range(1, 101)]
    policies, store = cache(*texts)
    for number in range(1, 101):
        assert policies.version(number).limits.open == number
    assert policies.version(1).limits.open == 1
    assert store.reads == 101
    assert len(policies._versions) <= 33  # noqa: SLF001 - what is held shows nowhere else


def test_threads_read_it_once() -> None:
    """A batch that begins side by side costs one read."""
    policies, store = cache(OPEN_5)
    together = threading.Barrier(8)

    def ask(_: int) -> int:
        together.wait()
        return policies.current(100.0).version

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {1}
    assert store.reads == 1
