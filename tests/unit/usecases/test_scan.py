"""More open work than a run can do: what is oldest comes first, and nothing waits for ever."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.circuit_breaker import BreakingCompute, Circuits
from shared.adapters.control import KeptControl
from shared.adapters.policy_cache import PolicyCache
from shared.adapters.sqlite import SqliteStore
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle.record import Generation, Instance, OpenEntry, Record, State, UnreadableRecord
from shared.domain.timings import Timings
from shared.ports import ApiFailure, Ports, PublishFailed
from shared.usecases.poll import poll

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T0 = 1_795_000_000.0
TIMINGS = Timings(deployment="test")
RUN_SECONDS = TIMINGS.call_seconds + 55.0


@dataclass
class Clock:
    """Time that passes only where something takes it."""

    time: float = T0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Compute:
    """An ECS whose every call takes the same time. It notes whom it was asked about, in order."""

    clock: Clock
    seconds: float
    status: Callable[[str], str | None] = lambda _id: "Pending"
    fails: Callable[[str], bool] = lambda _region: False
    asked: list[str] = field(default_factory=list)
    longest: float = 0.0

    def statuses(self, region: str, ids: Sequence[str]) -> dict[str, str]:
        self._take_time(region, "DescribeInstanceStatus")
        self.asked += ids
        return {one: status for one in ids if (status := self.status(one)) is not None}

    def describe(self, region: str, ids: Sequence[str]) -> dict[str, Instance]:
        self._take_time(region, "DescribeInstances")
        return {one: Instance(one, status) for one in ids if (status := self.status(one)) is not None}

    def find_by_tag(self, region: str, _key: str, value: str) -> list[Instance]:
        self._take_time(region, "DescribeInstances")
        self.asked.append(value)
        return []

    def delete(self, region: str, _id: str) -> None:
        self._take_time(region, "DeleteInstance")

    def _take_time(self, region: str, action: str) -> None:
        self.clock.time += self.seconds
        if self.fails(region):
            raise ApiFailure(ApiError(action, None, "", "no answer"))


@dataclass
class Topic:
    """A topic that refuses some subjects' outcomes."""

    refuses: Callable[[str], bool] = lambda _body: False
    bodies: list[str] = field(default_factory=list)

    def publish(self, body: str, _tag: str) -> None:
        if self.refuses(body):
            raise PublishFailed("no", refused=True)
        self.bodies.append(body)


class Fixed:
    """No chance at all."""

    count = 0

    def token(self) -> str:
        Fixed.count += 1
        return f"{Fixed.count:032x}"

    def jitter(self) -> float:
        return 0.5


@dataclass
class Lines:
    """The log."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})

    warning = error = info


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    """Yield a store that is closed at the end."""
    with closing(SqliteStore(":memory:")) as made:
        yield made


@dataclass
class Bench:
    """A timer function and its surroundings."""

    compute: Compute
    store: SqliteStore
    topic: Topic = field(default_factory=Topic)
    log: Lines = field(default_factory=Lines)
    late: list[float] = field(default_factory=list)
    guard: Circuits | None = None

    def run(self) -> None:
        """Call the function once, on the minute; note how late it ended."""
        ends_at = self.compute.clock.now() + RUN_SECONDS
        self.late.append(self.lasts() - RUN_SECONDS)
        self.compute.clock.time = max(self.compute.clock.time, ends_at)

    def lasts(self) -> float:
        """Call the function once; return how many seconds it took."""
        clock = self.compute.clock
        compute: Any = self.compute
        if self.guard is not None:
            compute = BreakingCompute(compute, self.guard, clock)
        ports = Ports(
            compute,
            self.store,
            None,
            self.topic,
            clock,
            Fixed(),
            self.log,
            PolicyCache(self.store),
            KeptControl(self.store),
        )  # type: ignore[arg-type] # no queue
        began = clock.now()
        poll(ports, TIMINGS, ends_at=began + RUN_SECONDS, workers=1)
        return clock.now() - began

    def runs_until(self, condition: Callable[[], bool], limit: int) -> int:
        """Call it until something is the case; return how many calls that took."""
        for count in range(1, limit + 1):
            self.run()
            if condition():
                return count
        raise AssertionError(f"not after {limit} runs")


def waiting(number: int, region: str = "cn-hangzhou", **changes: Any) -> Record:
    """Return a record that waits for its instance; a higher number waits less long."""
    record = Record(
        request_id=f"{region}-{number:04d}", version=1, state=State.PENDING, message_id="m", accepted_at=T0 - 100,
        due_at=T0 - 100 + number / 100, deadline=T0 + 1e6, region_id=region, instance_id=f"i-{region}-{number:04d}",
        created_at=T0 - 100, start=False, generations=(Generation(1, 0, "token"),), tag=f"test/{region}-{number:04d}",
    )  # fmt: skip
    return replace(record, **changes)


def fill(bench: Bench, records: list[Record]) -> None:
    """Put records into the store."""
    for record in records:
        assert bench.store.claim(record) is None


REGIONS = {"cn-hangzhou": 400, "cn-beijing": 7, "ap-southeast-1": 60, "us-west-1": 1}


@pytest.mark.parametrize("seconds", [0.05, 2.0, 9.0, 14.0])
def test_everything_is_asked_for_however_slow(seconds: float, store: SqliteStore) -> None:
    """Regions of any size are all looked at, time and again, when a run is too short for all of them."""
    bench = Bench(Compute(Clock(), seconds), store)
    records = [waiting(number, region) for region, count in REGIONS.items() for number in range(count)]
    fill(bench, records)
    wanted = {record.instance_id for record in records}
    calls = sum(-(-count // 50) for count in REGIONS.values())
    enough = 2 + int(3 * calls * seconds / 55)
    assert bench.runs_until(lambda: set(bench.compute.asked) == wanted, enough)
    counts = Counter(bench.compute.asked)
    for _ in range(4 * enough):
        bench.run()
        counts = Counter(bench.compute.asked)
        if min(counts.values()) >= 20:  # asked often enough to compare: with fast answers that is a run's work
            break
    assert set(counts) == wanted
    assert min(counts.values()) >= 3
    assert max(counts.values()) <= 4 * min(counts.values())
    assert max(bench.late) <= 0


def test_the_oldest_comes_first(store: SqliteStore) -> None:
    """A pass goes by the time since when an entry is due, also when it takes several runs."""
    bench = Bench(Compute(Clock(), 14.0), store)
    fill(bench, [waiting(number) for number in range(400)])
    bench.runs_until(lambda: len(bench.compute.asked) >= 400, 4)
    assert bench.compute.asked[:400] == sorted(bench.compute.asked[:400])


@pytest.mark.parametrize("seconds", [0.05, 9.0, 14.0])
def test_everything_ends_however_slow(seconds: float, store: SqliteStore) -> None:
    """What is ready gets its outcome, whatever else waits, and however little a run can do."""
    bench = Bench(Compute(Clock(), seconds, status=lambda one: "Stopped" if one.endswith("3") else "Pending"), store)
    fill(bench, [waiting(number, region) for region, count in REGIONS.items() for number in range(count)])
    ready = sum(number % 10 == 3 for count in REGIONS.values() for number in range(count))
    bench.runs_until(lambda: len(bench.topic.bodies) == ready, 3 + int(60 * seconds / 55))
    assert max(bench.late) <= 0


def test_look_ups_end_within_the_run(store: SqliteStore) -> None:
    """Fifty records that need a look-up of their own, with slow answers: no run lasts past its end, all are done."""
    bench = Bench(Compute(Clock(), 10.0), store)
    records = [
        waiting(number, state=State.CREATING, instance_id=None, unknown=True, calling=False, call_until=T0 - 400)
        for number in range(60)
    ]
    fill(bench, [*records, waiting(99)])
    bench.runs_until(lambda: {*bench.compute.asked} == {*(r.tag for r in records), "i-cn-hangzhou-0099"}, 20)
    assert max(bench.late) <= 0


def test_a_region_that_does_not_answer_holds_up_no_other(store: SqliteStore) -> None:
    """Calls that end without an answer cost time; the others' turn comes all the same."""
    bench = Bench(Compute(Clock(), 14.0, status=lambda _: "Stopped", fails=lambda region: region == "down"), store)
    fill(bench, [waiting(number, "down") for number in range(300)] + [waiting(5, "up")])
    bench.runs_until(lambda: len(bench.topic.bodies) == 1, 4)


def test_a_region_that_does_not_answer_is_asked_seldom(store: SqliteStore) -> None:
    """Behind its circuit breaker it costs a call or two a minute, whatever waits there; the others are not held up."""
    bench = Bench(Compute(Clock(), 0.1, fails=lambda region: region == "down"), store)
    calls: Counter[str] = Counter()
    inner = bench.compute._take_time  # noqa: SLF001 - counted on its way

    def counted(region: str, action: str) -> None:
        calls[region] += 1
        bench.compute.clock.time += 14.9 if region == "down" else 0.0
        inner(region, action)

    bench.compute._take_time = counted  # type: ignore[method-assign] # noqa: SLF001 - as above
    bench.guard = Circuits()
    lost = {"state": State.CREATING, "instance_id": None, "unknown": True, "calling": False, "call_until": T0 - 400}
    fill(bench, [waiting(number, "down") for number in range(60)])
    fill(bench, [waiting(300 + number, "down", **lost) for number in range(20)])
    fill(bench, [waiting(5, "up")])
    for _ in range(10):
        bench.run()
    assert 5 <= calls["down"] <= 15
    assert calls["up"] >= 500


def test_new_work_does_not_keep_old_work_from_its_turn(store: SqliteStore) -> None:
    """While requests keep coming as fast as a run can look at them, the oldest ones' next turn comes."""
    bench = Bench(Compute(Clock(), 9.0), store)
    fill(bench, [waiting(number) for number in range(100)])
    for minute in range(12):
        due = bench.compute.clock.now() - 1
        fill(bench, [waiting(1000 * minute + 500 + n, due_at=due + n / 1000) for n in range(50)])
        bench.run()
    counts = Counter(bench.compute.asked)
    assert min(counts[f"i-cn-hangzhou-{number:04d}"] for number in range(100)) >= 3


def test_a_record_that_breaks_the_worker_breaks_nothing_else(store: SqliteStore) -> None:
    """A record nobody can work on is logged without what it holds; its neighbours are done in the same round."""
    bench = Bench(Compute(Clock(), 0.1, status=lambda _: "Stopped"), store)
    broken = waiting(0, metadata={"ticket": object()})
    fill(bench, [waiting(number) for number in range(1, 4)])
    entry = broken.entry
    bench.store = Poisoned(store, entry)  # type: ignore[assignment] # stands in for the store
    bench.run()
    assert len(bench.topic.bodies) == 3
    assert {"event": "unexpected", "request_id": entry.request_id, "error": "KeyError"} in bench.log.lines


class Poisoned:
    """A store in which one record cannot be read."""

    def __init__(self, store: SqliteStore, entry: Any, error: Exception | None = None) -> None:
        self._store, self._entry, self._error = store, entry, error or KeyError("secret")

    def open_work(self, now: float, after: Any = None) -> Any:
        if after is None:
            yield self._entry
        yield from self._store.open_work(now, after)

    def get(self, request_id: str) -> Any:
        if request_id == self._entry.request_id:
            raise self._error
        return self._store.get(request_id)

    def next_due(self) -> float:
        return float(min(self._entry.due_at, self._store.next_due() or self._entry.due_at))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_an_entry_that_is_behind_its_record_is_seen_through(store: SqliteStore) -> None:
    """A worker that died between a record and its entry left a hint from before: the instance is asked for anyway."""
    bench = Bench(Compute(Clock(), 0.1, status=lambda _: "Stopped"), store)
    record = waiting(1)
    fill(bench, [record])
    stale = replace(record, state=State.CREATING, instance_id=None).entry
    bench.store = Behind(bench.store, stale)  # type: ignore[assignment] # stands in for the store
    bench.run()
    assert len(bench.topic.bodies) == 1


class Behind:
    """A store whose open set shows an entry as it was."""

    def __init__(self, store: SqliteStore, entry: Any, error: Exception | None = None) -> None:
        self._store, self._entry, self._error = store, entry, error or KeyError("secret")

    def open_work(self, now: float, after: Any = None) -> Any:
        return [self._entry for _ in self._store.open_work(now, after)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_an_outcome_the_topic_refuses_holds_up_no_other(store: SqliteStore) -> None:
    """One outcome that the topic never takes is tried again every ten to twenty seconds; the others are published."""
    bench = Bench(Compute(Clock(), 0.1, status=lambda _: "Stopped"), store)
    bench.topic.refuses = lambda body: "cn-hangzhou-0001" in body
    fill(bench, [waiting(number) for number in range(5)])
    bench.run()
    bench.run()
    assert len(bench.topic.bodies) == 4
    refusals = [line for line in bench.log.lines if line["event"] == "publish_failed"]
    assert 6 <= len(refusals) <= 2 * RUN_SECONDS / 10 + 1
    bench.topic.refuses = lambda _: False
    bench.run()
    assert len(bench.topic.bodies) == 5


def test_an_outcome_that_is_never_taken_costs_less_and_less(store: SqliteStore) -> None:
    """What the topic refuses for a day is tried every few minutes in the end, and keeps a run only now and then."""
    bench = Bench(Compute(Clock(), 0.1, status=lambda _: "Stopped"), store, Topic(lambda _: True))
    fill(bench, [waiting(1)])
    lasted = []
    for minute in range(24 * 60):
        bench.compute.clock.time = max(T0 + 60 * minute, bench.compute.clock.time)
        lasted.append(bench.lasts())
    assert sum(seconds > 20 for seconds in lasted[-720:]) < 720 / 2
    assert sum(line["event"] == "publish_failed" for line in bench.log.lines) < 24 * 60 * 60 / 150
    bench.topic.refuses = lambda _: False
    assert bench.runs_until(lambda: bool(bench.topic.bodies), 12) * 60 <= 2 * 300 + 120


def test_a_release_nobody_can_check_ends(store: SqliteStore) -> None:
    """When nothing tells any more whether a deleted instance is gone, its outcome says so after ten minutes."""
    bench = Bench(Compute(Clock(), 0.1, fails=lambda _: True), store)
    fill(bench, [waiting(1, state=State.RELEASING, releasing_since=T0, deleted_at=T0, on_failure="release")])
    count = bench.runs_until(lambda: bool(bench.topic.bodies), 12)
    assert count >= 600 // RUN_SECONDS
    assert '"disposition":"kept","reason":"no answer' in bench.topic.bodies[0]


def deferred(number: int, until: float) -> Record:
    """Return a record whose next call is an hour away."""
    return waiting(
        number, state=State.CREATING, instance_id=None, next_try_at=until, due_at=until + 60, deadline=until + 900
    )


def test_deferred_work_costs_a_look_a_minute(store: SqliteStore) -> None:
    """A hundred requests that wait for an hour: every run but the first leaves at once."""
    bench = Bench(Compute(Clock(), 0.1), store)
    fill(bench, [deferred(number, T0 + 3600) for number in range(100)])
    lasted = []
    for minute in range(55):
        bench.compute.clock.time = T0 + 60 * minute
        lasted.append(bench.lasts())
    assert max(lasted) <= 2
    assert bench.compute.asked == []


@pytest.mark.parametrize(("ahead", "stays"), [(None, False), (30, True), (150, False)])
def test_what_another_version_has_to_read_keeps_no_run(
    store: SqliteStore,
    ahead: float | None,
    stays: bool,  # noqa: FBT001 - a table
) -> None:
    """A record that cannot be read is told of once a run, and does not keep it: only what can be worked on does."""
    bench = Bench(Compute(Clock(), 0.1), store)
    if ahead is not None:
        fill(bench, [replace(deferred(1, T0), due_at=T0 + ahead, deadline=T0 + 900)])
    entry = OpenEntry.unclear("another", T0 - 500, T0 - 500, 9)
    bench.store = Poisoned(store, entry, UnreadableRecord("schema 9"))  # type: ignore[assignment] # stands in
    for minute in range(2):
        bench.compute.clock.time = T0 + minute
        assert (bench.lasts() > 20) == stays
        if stays:
            break
    told = [line for line in bench.log.lines if line["event"] == "unreadable_record"]
    assert len(told) == (1 if stays else 2)


@pytest.mark.parametrize(
    ("ahead", "stays"),
    [(30, True), (90, True), (150, False)],
)
def test_a_run_stays_for_what_is_due_soon(store: SqliteStore, ahead: float, stays: bool) -> None:  # noqa: FBT001 - a table
    """What is due before the next run, or has a call under way, keeps the run; what comes later does not."""
    bench = Bench(Compute(Clock(), 0.1), store)
    fill(bench, [replace(deferred(1, T0), due_at=T0 + ahead, deadline=T0 + 900)])
    assert (bench.lasts() > 20) == stays


def test_a_run_goes_on_for_a_while_after_the_last_work(store: SqliteStore) -> None:
    """What comes next is then seen at once; with nothing more to do the run ends a minute later."""
    bench = Bench(Compute(Clock(), 0.1, status=lambda _: "Stopped"), store)
    fill(bench, [waiting(1)])
    assert bench.lasts() > 20
    bench.compute.clock.time = T0 + 65
    assert bench.lasts() <= 2
    assert len(bench.topic.bodies) == 1
