"""The Compute port behind a circuit breaker for each region: one that does not answer is asked seldom.

After a call without an answer the region's calls fail at once, for a time that doubles up to `LONGEST_SECONDS`; then
a single call finds out. Any answer, a refusal too, closes the circuit. CreateInstance passes: a request has waits of
its own, and its answer is worth more than its time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from shared.ports import ApiFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.domain.create_instance.schema import Scalar
    from shared.domain.errors.model import ApiError
    from shared.domain.lifecycle.record import Created, Instance
    from shared.ports import Clock, Compute

FIRST_SECONDS, LONGEST_SECONDS = 10.0, 120.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Open:
    """An open circuit: since when, for how long, why, and whether a call is finding out if it still has to be."""

    since: float
    seconds: float
    error: ApiError
    probed: bool = False


class Circuits:
    """Which regions are not asked at present, shared by all threads of an instance."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._lock = Lock()

    def refusal(self, region_id: str, now: float) -> ApiError | None:
        """Return why a region is not asked; None lets one call pass, and keeps the circuit open for the others."""
        with self._lock:
            circuit = self._open.get(region_id)
            if circuit is None:
                return None
            if now < circuit.since + circuit.seconds:
                return circuit.error
            self._open[region_id] = replace(circuit, since=now, probed=True)
            return None

    def unanswered(self, region_id: str, error: ApiError, now: float) -> None:
        """Open a region's circuit, for longer than the last time. Calls that fail together open it once."""
        with self._lock:
            before = self._open.get(region_id)
            if before is not None and now < before.since + before.seconds and not before.probed:
                return
            seconds = FIRST_SECONDS if before is None else min(2 * before.seconds, LONGEST_SECONDS)
            self._open[region_id] = _Open(now, seconds, error)

    def answered(self, region_id: str) -> None:
        """Close a region's circuit."""
        with self._lock:
            self._open.pop(region_id, None)


class BreakingCompute:
    """A Compute whose calls to an open circuit fail without being made: as the last one did, and `sent` is false."""

    def __init__(self, compute: Compute, circuits: Circuits, clock: Clock) -> None:
        self._compute = compute
        self._circuits = circuits
        self._clock = clock

    def create(self, parameters: Mapping[str, Scalar]) -> Created:
        """Call CreateInstance, whatever is known of the region."""
        return self._compute.create(parameters)

    def statuses(self, region_id: str, instance_ids: Sequence[str]) -> dict[str, str]:
        """Call DescribeInstanceStatus unless the circuit is open."""
        return self._call("DescribeInstanceStatus", region_id, lambda: self._compute.statuses(region_id, instance_ids))

    def describe(self, region_id: str, instance_ids: Sequence[str]) -> dict[str, Instance]:
        """Call DescribeInstances unless the circuit is open."""
        return self._call("DescribeInstances", region_id, lambda: self._compute.describe(region_id, instance_ids))

    def find_by_tag(self, region_id: str, key: str, value: str) -> list[Instance]:
        """Call DescribeInstances unless the circuit is open."""
        return self._call("DescribeInstances", region_id, lambda: self._compute.find_by_tag(region_id, key, value))

    def set_release_time(self, region_id: str, instance_id: str, release_at: float) -> None:
        """Call ModifyInstanceAutoReleaseTime unless the circuit is open."""
        self._call(
            "ModifyInstanceAutoReleaseTime",
            region_id,
            lambda: self._compute.set_release_time(region_id, instance_id, release_at),
        )

    def start(self, region_id: str, instance_id: str) -> None:
        """Call StartInstance unless the circuit is open."""
        self._call("StartInstance", region_id, lambda: self._compute.start(region_id, instance_id))

    def allocate_address(self, region_id: str, instance_id: str) -> str:
        """Call AllocatePublicIpAddress unless the circuit is open."""
        return self._call(
            "AllocatePublicIpAddress", region_id, lambda: self._compute.allocate_address(region_id, instance_id)
        )

    def delete(self, region_id: str, instance_id: str) -> None:
        """Call DeleteInstance unless the circuit is open."""
        self._call("DeleteInstance", region_id, lambda: self._compute.delete(region_id, instance_id))

    def _call(self, action: str, region_id: str, send: Callable[[], T]) -> T:
        refusal = self._circuits.refusal(region_id, self._clock.now())
        if refusal is not None:
            raise ApiFailure(replace(refusal, action=action, sent=False))
        try:
            result = send()
        except ApiFailure as failure:
            if failure.error.http_status is None:
                self._circuits.unanswered(region_id, failure.error, self._clock.now())
            else:
                self._circuits.answered(region_id)
            raise
        self._circuits.answered(region_id)
        return result
