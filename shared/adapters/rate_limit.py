"""The Compute port behind a budget of calls, so that retries never manufacture throttling."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from shared.domain.errors.classify import classify
from shared.domain.errors.model import ApiError
from shared.ports import ApiFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.adapters.budget import Budget
    from shared.domain.lifecycle.instance import Created, Instance
    from shared.domain.message.request import Scalar
    from shared.ports import Clock, Compute

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
