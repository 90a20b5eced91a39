"""The Compute port behind a budget of calls, so that retries never manufacture throttling.

Throttling counts per account, region and API, so each pair of API and region has a rate of its own. When the service
says that it is too much, the rate becomes half of what was really called; then it doubles every `DOUBLING_SECONDS`, up
to the whole budget. What an account allows is nowhere documented, so the start may be high: the first throttled call
brings it down to the truth at once. Times are given by the caller.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from shared.domain.errors.catalogue import classify
from shared.domain.errors.model import ApiError
from shared.ports import ApiFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.domain.create_instance.schema import Scalar
    from shared.domain.lifecycle.record import Created, Instance
    from shared.ports import Clock, Compute

BURST_SECONDS = 1.0
"""An idle pair saves up this many seconds' worth of calls, no more."""
DOUBLING_SECONDS = 60.0
"""How long the way back from half the rate takes: the service's windows last a minute."""
HALVING_SECONDS = 1.0
"""Calls that were under way together are throttled together: within this time they halve the rate once."""
LEAST_RATE = 1.0
"""Calls per second that are left to an account in trouble (or the whole budget, if that is less)."""
COUNTING_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 120.0
"""A longer wish concerns the one request that got it; the next call then finds out for the others."""
_MOST_DOUBLINGS = 64


@dataclass(slots=True)
class _Pair:
    """`rate` was right at `since`; the next call that is not part of a burst may start at `free_at`.

    `started` calls began since `counting_since`, and `before` in the second before that.
    """

    rate: float
    since: float
    free_at: float
    halved_at: float = -math.inf
    counting_since: float = -math.inf
    started: int = 0
    before: int = 0

    def count(self, now: float, calls: int) -> int:
        """Count calls; return how many began in the busier of this second and the last."""
        elapsed = now - self.counting_since
        if elapsed >= COUNTING_SECONDS:
            self.before = self.started if elapsed < 2 * COUNTING_SECONDS else 0
            self.counting_since, self.started = now, 0
        self.started += calls
        return max(self.started, self.before)


class Budget:
    """How many calls may start, shared by all threads of an instance."""

    def __init__(self, calls_per_second: float) -> None:
        self._most = calls_per_second
        self._pairs: dict[tuple[str, str], _Pair] = {}
        self._lock = Lock()

    def reserve(self, api: str, region: str, now: float, latest: float) -> float:
        """Return when the next call may start. Up to `latest` that place is taken, later than that nothing is."""
        with self._lock:
            pair = self._pair(api, region, now)
            start = max(now, pair.free_at)
            if start <= latest:
                pair.count(start, 1)
                pair.free_at = max(pair.free_at, now - BURST_SECONDS) + 1 / self._rate(pair, now)
            return start

    def throttled(self, api: str, region: str, now: float, pause: float = 0.0) -> None:
        """Halve what was called, and start nothing for as long as the service asked to wait (within reason)."""
        with self._lock:
            pair = self._pair(api, region, now)
            if now >= pair.halved_at + HALVING_SECONDS:
                seen = pair.count(now, 0) or self._most
                pair.rate = max(min(self._rate(pair, now), seen) / 2, min(LEAST_RATE, self._most))
                pair.since = pair.halved_at = now
            pair.free_at = max(pair.free_at, now + min(pause, LONGEST_PAUSE_SECONDS))

    def rate(self, api: str, region: str, now: float) -> float:
        """Return the calls per second that are allowed at present."""
        with self._lock:
            return self._rate(self._pair(api, region, now), now)

    def _pair(self, api: str, region: str, now: float) -> _Pair:
        return self._pairs.setdefault((api, region), _Pair(self._most, now, now - BURST_SECONDS))

    def _rate(self, pair: _Pair, now: float) -> float:
        doublings = min(max(now - pair.since, 0.0) / DOUBLING_SECONDS, _MOST_DOUBLINGS)
        return min(self._most, pair.rate * math.pow(2.0, doublings))


T = TypeVar("T")

LOCALLY_THROTTLED = "Throttling.Local"
_TOO_MANY_REQUESTS = 429


class PacedCompute:
    """A Compute that waits its turn, for `patience_seconds` at most; past that the call fails without being made.

    The wait is part of the call: the adapter behind must be given that much less than `Rules.call_seconds`. The
    failure is `Throttling.Local`, with when to try again; whatever it was, nothing came of it.
    """

    def __init__(self, compute: Compute, budget: Budget, clock: Clock, *, patience_seconds: float) -> None:
        self._compute = compute
        self._budget = budget
        self._clock = clock
        self._patience = patience_seconds

    def create(self, parameters: Mapping[str, Scalar]) -> Created:
        """Call CreateInstance when its turn comes."""
        return self._call("CreateInstance", str(parameters["RegionId"]), lambda: self._compute.create(parameters))

    def statuses(self, region_id: str, instance_ids: Sequence[str]) -> dict[str, str]:
        """Call DescribeInstanceStatus when its turn comes."""
        return self._call("DescribeInstanceStatus", region_id, lambda: self._compute.statuses(region_id, instance_ids))

    def describe(self, region_id: str, instance_ids: Sequence[str]) -> dict[str, Instance]:
        """Call DescribeInstances when its turn comes."""
        return self._call("DescribeInstances", region_id, lambda: self._compute.describe(region_id, instance_ids))

    def find_by_tag(self, region_id: str, key: str, value: str) -> list[Instance]:
        """Call DescribeInstances when its turn comes; its pages count as one call."""
        return self._call("DescribeInstances", region_id, lambda: self._compute.find_by_tag(region_id, key, value))

    def set_release_time(self, region_id: str, instance_id: str, release_at: float) -> None:
        """Call ModifyInstanceAutoReleaseTime when its turn comes."""
        self._call(
            "ModifyInstanceAutoReleaseTime",
            region_id,
            lambda: self._compute.set_release_time(region_id, instance_id, release_at),
        )

    def start(self, region_id: str, instance_id: str) -> None:
        """Call StartInstance when its turn comes."""
        self._call("StartInstance", region_id, lambda: self._compute.start(region_id, instance_id))

    def allocate_address(self, region_id: str, instance_id: str) -> str:
        """Call AllocatePublicIpAddress when its turn comes."""
        return self._call(
            "AllocatePublicIpAddress", region_id, lambda: self._compute.allocate_address(region_id, instance_id)
        )

    def delete(self, region_id: str, instance_id: str) -> None:
        """Call DeleteInstance when its turn comes."""
        self._call("DeleteInstance", region_id, lambda: self._compute.delete(region_id, instance_id))

    def _call(self, action: str, region_id: str, send: Callable[[], T]) -> T:
        now = self._clock.now()
        latest = now + self._patience
        start = self._budget.reserve(action, region_id, now, latest)
        wait = start - now
        if start > latest:
            text = f"Held back by the worker: its budget of {action} calls in {region_id} is used up for {wait:.1f} s."
            raise ApiFailure(ApiError(action, _TOO_MANY_REQUESTS, LOCALLY_THROTTLED, text, retry_after=wait))
        if wait > 0:
            self._clock.sleep(wait)
        try:
            return send()
        except ApiFailure as failure:
            if classify(failure.error).category == "throttled":
                self._budget.throttled(action, region_id, self._clock.now(), failure.error.retry_after or 0.0)
            raise
