"""The budget of calls, and the Compute port behind it."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.rate_limit import BURST_SECONDS, DOUBLING_SECONDS, LONGEST_PAUSE_SECONDS, Budget, PacedCompute
from shared.domain.errors.catalogue import classify
from shared.domain.errors.model import ApiError
from shared.domain.errors.retry import RetryAction, decide
from shared.ports import ApiFailure

API, REGION = "CreateInstance", "cn-hangzhou"


def starts(budget: Budget, number: int, now: float = 0.0, api: str = API, region: str = REGION) -> list[float]:
    """Reserve a number of calls at one moment."""
    return [budget.reserve(api, region, now, math.inf) for _ in range(number)]


def test_rate() -> None:
    """After a burst of a second's worth, calls start at the rate that is set."""
    times = starts(Budget(10.0), 31)
    assert times[:11] == [0.0] * 11
    assert times[-1] == pytest.approx(2.0)


def test_pairs_are_apart() -> None:
    """Each API in each region has a budget of its own, as the service counts."""
    budget = Budget(1.0)
    starts(budget, 50)
    assert starts(budget, 1, region="cn-beijing") == starts(budget, 1, api="StartInstance") == [0.0]


def test_what_is_refused_costs_nothing() -> None:
    """A place later than the caller can wait for is told, not taken."""
    budget = Budget(1.0)
    starts(budget, 2)
    told = [budget.reserve(API, REGION, 0.0, latest=0.5) for _ in range(100)]
    assert told == [pytest.approx(1.0)] * 100


def test_throttling_halves_and_recovery_is_slow() -> None:
    """One halving for calls throttled together, a floor for an account in trouble, and a slow way back."""
    budget = Budget(64.0)
    for _ in range(20):
        budget.throttled(API, REGION, 100.0)
    assert budget.rate(API, REGION, 100.0) == 32.0
    assert budget.rate(API, REGION, 100.0 + DOUBLING_SECONDS / 2) == pytest.approx(32.0 * 2**0.5)
    assert budget.rate(API, REGION, 100.0 + DOUBLING_SECONDS) == 64.0
    for second in range(300, 320):
        budget.throttled(API, REGION, float(second))
    assert 1.0 <= budget.rate(API, REGION, 320.0) < 1.1


def test_throttling_halves_what_was_called() -> None:
    """A budget far above what an account allows is brought down to half of what was really called, at once."""
    budget = Budget(500.0)
    for call in range(40):
        budget.reserve(API, REGION, 10.0 + call / 20, math.inf)
    budget.throttled(API, REGION, 12.0)
    assert budget.rate(API, REGION, 12.0) == pytest.approx(10.0, abs=1.0)


@pytest.mark.parametrize(("after", "rate"), [(0.9, 8.0), (1.0, 8.0), (1.9, 8.0), (2.0, 32.0), (5.0, 32.0)])
def test_calls_are_remembered_for_the_second_they_began_in_and_the_next(after: float, rate: float) -> None:
    """What was called in this second or the last is what is halved; of what was before nothing is known any more."""
    budget = Budget(64.0)
    for _ in range(16):
        budget.reserve(API, REGION, 10.0, math.inf)
    budget.throttled(API, REGION, 10.0 + after)
    assert budget.rate(API, REGION, 10.0 + after) == rate


def test_the_busier_second_counts() -> None:
    """A quiet second after a busy one does not hide it, and a new count begins with each."""
    budget = Budget(64.0)
    for now, calls in ((10.0, 16), (11.0, 4), (12.0, 6)):
        for _ in range(calls):
            budget.reserve(API, REGION, now, math.inf)
    budget.throttled(API, REGION, 12.5)
    assert budget.rate(API, REGION, 12.5) == 3.0


def test_pause_the_service_asks_for() -> None:
    """No thread starts a call before the time the service asked for."""
    budget = Budget(100.0)
    budget.throttled(API, REGION, 10.0, pause=30.0)
    assert budget.reserve(API, REGION, 10.0, math.inf) == 40.0
    budget.throttled(API, REGION, 10.0, pause=math.inf)
    assert budget.reserve(API, REGION, 10.0, math.inf) == 10.0 + LONGEST_PAUSE_SECONDS, "no wish stops an instance"


@given(
    rate=st.floats(0.5, 500),
    moments=st.lists(st.tuples(st.floats(0, 3), st.booleans()), min_size=1, max_size=80),
)
def test_never_more_than_the_budget(rate: float, moments: list[tuple[float, bool]]) -> None:
    """Whatever comes when, no stretch of time sees more starts than a burst and the rate allow."""
    budget, now, times = Budget(rate), 0.0, []
    for step, throttled in moments:
        now += step
        if throttled:
            budget.throttled(API, REGION, now)
        times.append(budget.reserve(API, REGION, now, math.inf))
    for index, first in enumerate(times):
        for count, last in enumerate(times[index:], 1):
            assert count <= rate * (last - first + BURST_SECONDS) + 2


def test_threads_share() -> None:
    """Threads never get one place twice."""
    budget = Budget(1000.0)
    with ThreadPoolExecutor(8) as pool:
        times = sorted(pool.map(lambda _: budget.reserve(API, REGION, 0.0, math.inf), range(3000)))
    assert times[-1] == pytest.approx((3000 - 1001) / 1000)


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.time += seconds


class Service:
    """A service that counts calls of every kind, and throttles when told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.refuse: ApiError | None = None

    def __getattr__(self, name: str) -> object:
        def call(*_: object) -> str:
            self.calls += 1
            if self.refuse:
                raise ApiFailure(self.refuse)
            return name

        return call


ARGUMENTS = {
    "create": ({"RegionId": REGION},),
    "statuses": (REGION, ["i-1"]),
    "describe": (REGION, ["i-1"]),
    "find_by_tag": (REGION, "key", "value"),
    "start": (REGION, "i-1"),
    "allocate_address": (REGION, "i-1"),
    "delete": (REGION, "i-1"),
}


@pytest.mark.parametrize("method", ARGUMENTS)
def test_paced_waits_then_gives_up(method: str) -> None:
    """Every call waits its turn up to the patience, and past it fails without being made."""
    service, clock = Service(), Clock()
    paced = PacedCompute(service, Budget(1.0), clock, patience_seconds=2.0)  # type: ignore[arg-type] # any method
    call = getattr(paced, method)
    for _ in range(4):
        call(*ARGUMENTS[method])
    assert (service.calls, clock.time) == (4, 1002.0)
    clock.time -= 1.5  # a thread that came while the others waited
    with pytest.raises(ApiFailure) as caught:
        call(*ARGUMENTS[method])
    error = caught.value.error
    assert service.calls == 4
    assert (error.http_status, error.code, error.retry_after) == (429, "Throttling.Local", pytest.approx(2.5))
    assert (classify(error).category, classify(error).unknown) == ("throttled", False)


def test_a_wait_of_less_than_a_second_is_waited() -> None:
    """A call whose turn comes in a quarter of a second does not start before."""
    clock = Clock()
    paced = PacedCompute(Service(), Budget(4.0), clock, patience_seconds=2.0)  # type: ignore[arg-type] # any method
    for _ in range(6):
        paced.start(REGION, "i-1")
    assert clock.time == pytest.approx(1000.25)


def test_a_pause_of_less_than_a_second_is_kept() -> None:
    """What the service asks for holds for the next call, however short it is, and without a wish nothing does."""
    for asked, waited in ((0.3, 0.3), (None, 0.0)):
        service, clock = Service(), Clock()
        paced = PacedCompute(service, Budget(8.0), clock, patience_seconds=2.0)  # type: ignore[arg-type] # any method
        service.refuse = ApiError("StartInstance", 400, "Throttling.User", "", retry_after=asked)
        with pytest.raises(ApiFailure):
            paced.start(REGION, "i-1")
        service.refuse = None
        paced.start(REGION, "i-1")
        assert clock.time == pytest.approx(1000.0 + waited)


def test_a_call_held_back_says_why() -> None:
    """Its text can become an outcome's: which budget is used up, where, and for how long."""
    paced = PacedCompute(Service(), Budget(1.0), Clock(), patience_seconds=0.5)  # type: ignore[arg-type] # any method
    paced.delete(REGION, "i-1")
    paced.delete(REGION, "i-1")
    with pytest.raises(ApiFailure) as caught:
        paced.delete(REGION, "i-1")
    assert caught.value.error.message == (
        "Held back by the worker: its budget of DeleteInstance calls in cn-hangzhou is used up for 1.0 s."
    )


def test_held_back_calls_are_made_later() -> None:
    """A call held back is tried again with the same token when its turn has come."""
    error = ApiError("CreateInstance", 429, "Throttling.Local", "", retry_after=2.5)
    decision = decide(error, attempt=1, now=0, deadline=900, alternative_left=True, jitter=lambda: 0.0)
    assert (decision.action, decision.delay) == (RetryAction.RETRY, 2.5)


def test_paced_learns_from_throttling_only() -> None:
    """A throttled answer lowers the rate to half of the calls made; other refusals do not, and all pass through."""
    service, clock, budget = Service(), Clock(), Budget(8.0)
    paced = PacedCompute(service, budget, clock, patience_seconds=2.0)  # type: ignore[arg-type] # any method
    for code, rate in (("OperationDenied.NoStock", 8.0), ("Throttling.User", 1.0)):
        service.refuse = ApiError("CreateInstance", 400, code, "")
        with pytest.raises(ApiFailure, match=code):
            paced.create({"RegionId": REGION})
        assert budget.rate("CreateInstance", REGION, clock.time) == rate
