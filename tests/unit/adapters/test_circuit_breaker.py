"""The circuit breaker: a region that does not answer is asked seldom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from shared.adapters.circuit_breaker import BreakingCompute, Circuits
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle.record import Created
from shared.ports import ApiFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.domain.create_instance.schema import Scalar

LOST = ApiError("DescribeInstanceStatus", None, "", "no answer")
THROTTLED = ApiError("DescribeInstanceStatus", 400, "Throttling.User", "slow down")


@dataclass
class Regions:
    """ECS, and the clock: regions that fail do so with an error each. It notes when it was asked."""

    time: float = 0.0
    errors: dict[str, ApiError] = field(default_factory=dict)
    asked: list[tuple[str, float]] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def statuses(self, region: str, ids: Sequence[str]) -> dict[str, str]:
        self._answer(region)
        return dict.fromkeys(ids, "Running")

    def delete(self, region: str, _id: str) -> None:
        self._answer(region)

    def create(self, parameters: Mapping[str, Scalar]) -> Created:
        self._answer(str(parameters["RegionId"]))
        return Created("i-1")

    def _answer(self, region: str) -> None:
        self.asked.append((region, self.time))
        if region in self.errors:
            raise ApiFailure(self.errors[region])


def ask(compute: BreakingCompute, region: str = "down") -> ApiError | None:
    """Ask for a status; return the error, if there was one."""
    try:
        compute.statuses(region, ["i-1"])
    except ApiFailure as failure:
        return failure.error
    return None


def guarded(**errors: ApiError) -> tuple[Regions, BreakingCompute]:
    """Return regions, and the way to them."""
    regions = Regions(errors=errors)
    return regions, BreakingCompute(regions, Circuits(), regions)  # type: ignore[arg-type] # the calls that are made here


def test_a_region_that_does_not_answer_is_asked_less_and_less() -> None:
    """Calls fail at once for 10, 20, 40 … 120 s, as the last one did, and say that they never left."""
    regions, compute = guarded(down=LOST)
    for second in range(600):
        regions.time = float(second)
        error = ask(compute)
        assert error is not None
        made = ("down", regions.time) in regions.asked
        assert (error.message, error.sent) == ("no answer", made)
        assert ask(compute, "up") is None
    assert [time for region, time in regions.asked if region == "down"] == [0, 10, 30, 70, 150, 270, 390, 510]


@pytest.mark.parametrize("answer", [{}, {"down": THROTTLED}])
def test_an_answer_closes_the_circuit(answer: dict[str, ApiError]) -> None:
    """A refusal is an answer, too: the region is there."""
    regions, compute = guarded(down=LOST)
    ask(compute)
    regions.time, regions.errors = 200.0, answer
    for _ in range(3):
        ask(compute)
    assert len(regions.asked) == 1 + 3


def test_calls_that_fail_together_count_once() -> None:
    """Twenty threads that lost their answers at the same time open the circuit for the first wait only."""
    circuits = Circuits()
    for _ in range(20):
        circuits.unanswered("down", LOST, 5.0)
    assert circuits.refusal("down", 14.9) is LOST
    assert circuits.refusal("down", 15.0) is None  # one call finds out
    assert circuits.refusal("down", 15.0) is LOST


def test_create_instance_passes() -> None:
    """A request's own call is made, and changes nothing for the others."""
    regions, compute = guarded(down=LOST)
    with pytest.raises(ApiFailure):
        compute.create({"RegionId": "down"})
    assert ask(compute) is not None
    regions.errors = {}
    assert compute.create({"RegionId": "down"}).instance_id == "i-1"
    with pytest.raises(ApiFailure):
        compute.delete("down", "i-1")
