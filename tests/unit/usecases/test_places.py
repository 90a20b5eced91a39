"""What lets a call be announced, and until when."""

from __future__ import annotations

import json
from types import SimpleNamespace

from local.cloud.clock import DrivenClock
from local.project import EVENTS
from shared.adapters.control import KeptControl
from shared.adapters.policy_cache import PolicyCache
from shared.adapters.sqlite import SqliteStore
from shared.domain.policy.control import StoredPolicy
from shared.ports import POLICY_SECONDS
from shared.usecases.context import Run
from shared.usecases.places import admit
from tests.support.lives import TIMINGS, fresh

PLAIN = (EVENTS / "messages/plain.json").read_text(encoding="utf-8")


def test_a_place_counts_for_half_a_minute_after_the_older_of_the_two_was_read() -> None:
    """Pause and limits are read at different times: the call is announced by neither of them when it is old."""
    clock, store = DrivenClock(), SqliteStore(":memory:")
    store.put_policy(StoredPolicy(1, json.dumps({"limits": {"open": 1}}), clock.now()))
    policies, read_at = PolicyCache(store), clock.now()
    policies.current(read_at)
    clock.advance(POLICY_SECONDS - 1)
    ports = SimpleNamespace(store=store, policies=policies, control=KeptControl(store), clock=clock)
    admission = admit(Run(ports, TIMINGS, clock.now() + 60), fresh(PLAIN, clock.now()))  # type: ignore[arg-type] # what admitting needs
    store.close()
    assert admission.places == ("open",)
    assert admission.good_until == read_at + POLICY_SECONDS
