"""Pages of the local cloud against what is documented of them, through the official SDKs.

Sources: DescribeInstances (`MaxResults` 10 where it is less, 100 where it is more; `NextToken` of the last answer),
DescribeInstanceStatus (`PageSize` 1 to 50, 10 by default; up to 100 ids), ListQueue (1 to 1,000 a page, the rest after
`NextMarker`). Left open, as no document says it: what becomes of a listing while instances come and go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alibabacloud_ecs20140526 import models
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from local.cloud.config import Checks, Config
from local.cloud.mns import attributes
from local.cloud.mns.queue import Queue
from tests.support.documented.run import compare, disagrees
from tests.support.ecs_calls import REGION, delete, refusal
from tests.support.fresh_clouds import fresh_clouds

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.cloud import Cloud
    from tests.support.fresh_clouds import FreshClouds

pytestmark = pytest.mark.slow

SIZES = st.sampled_from([None, 0, 1, 9, 10, 11, 49, 50, 51, 99, 100, 101, 5000])


class PageMachine(RuleBasedStateMachine):
    """Lists what there is, in pages of any size, while there is more or less of it."""

    fresh: FreshClouds
    checks = Checks()

    @initialize(lag=st.sampled_from([0.0, 5.0]))
    def begin(self, lag: float) -> None:
        """Begin with an empty account."""
        config = Config(read_lag_seconds=lag, checks=self.checks)
        config.delays["Initializing"] = 0.0
        self.cloud: Cloud = self.fresh.begin(config)
        self.lag = lag
        self.made: dict[str, float] = {}
        self.queues: set[str] = set()

    @property
    def ids(self) -> set[str]:
        """The instances that answers show."""
        return {one for one, at in self.made.items() if self.cloud.clock.now() >= at + self.lag}

    @rule(count=st.sampled_from([1, 9, 10, 11, 40, 60]))
    def make(self, count: int) -> None:
        """Make instances, past the API: only that they are there matters."""
        account = self.cloud.ecs.account
        for _ in range(count):
            parameters = {"RegionId": REGION, "InstanceType": "ecs.g6.large"}
            instance = account.create(parameters, {}, f"{REGION}-a", None)
            self.made[instance.instance_id] = self.cloud.clock.now()

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """Release one: it is in no answer from then on."""
        if self.made:
            instance_id = data.draw(st.sampled_from(sorted(self.made)))
            delete(self.fresh.ecs, instance_id, force=True)
            del self.made[instance_id]

    @rule(seconds=st.sampled_from([1, 5]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.cloud.clock.advance(seconds)

    @rule(size=SIZES)
    def by_token(self, size: int | None) -> None:
        """Everything once, as many a page as documented, the last one's token empty."""
        token, seen = None, []
        while token != "":
            request = models.DescribeInstancesRequest(region_id=REGION, max_results=size, next_token=token)
            if size is None and token is None:
                request.max_results = 10
            body = self.fresh.ecs.describe_instances(request).body
            page = [one.instance_id for one in body.instances.instance]
            assert len(page) == min(len(self.ids) - len(seen), max(size or 10, 10), 100)
            token, seen = body.next_token, seen + page
        self._all(seen)

    @rule(size=SIZES)
    def by_number(self, size: int | None) -> None:
        """Everything once, page after page by number; sizes out of bounds are refused."""
        self._numbered(size, 100, self._instances)

    @rule(size=SIZES)
    def statuses(self, size: int | None) -> None:
        """Ask for statuses the same way: a page has at most 50."""
        self._numbered(size, 50, self._statuses)

    @rule(size=SIZES, unknown=st.integers(0, 3), data=st.data())
    def statuses_by_id(self, size: int | None, unknown: int, data: st.DataObject) -> None:
        """Of up to 100 ids a page has what it holds, and nothing of those that are not there; more are refused."""
        some = data.draw(st.sampled_from([1, 10, 60, 100, 101]))
        wanted = [*sorted(self.made)[:some], *(f"i-unknown{number}" for number in range(unknown))]
        if not wanted:
            return
        if len(wanted) > 100:
            assert refusal(self._statuses, None, 1, wanted) == (400, "InvalidParameter")
        elif size is not None and not 1 <= size <= 50:
            assert refusal(self._statuses, size, 1, wanted) == (400, "InvalidParameter")
        else:
            found = self._statuses(size, 1, wanted)[0]
            there = self.ids & set(wanted)
            assert set(found) <= there
            assert len(found) == min(len(there), size or 10)

    @rule(names=st.lists(st.from_regex(r"[ab][0-9]{1,2}", fullmatch=True), max_size=8))
    def make_queues(self, names: list[str]) -> None:
        """Make queues, past the API."""
        now = self.cloud.clock.now()
        for name in names:
            self.cloud.mns.account.queues[name] = Queue(name, attributes.defaults(attributes.QUEUE), now, now)
        self.queues |= set(names)

    @rule(prefix=st.sampled_from(["", "a", "b", "c"]), size=st.sampled_from([1, 2, 3, 5, 1000]))
    def list_queues(self, prefix: str, size: int) -> None:
        """Every queue of the prefix once, at most so many a page, no marker after the last."""
        wanted = {name for name in self.queues if name.startswith(prefix)}
        marker, seen = "", []
        while True:
            urls, marker = self.fresh.mns.list_queue(prefix, size, marker)
            page = [url.rpartition("/")[2] for url in urls]
            assert len(page) == min(size, len(wanted) - len(seen))
            seen += page
            if not marker:
                break
        assert len(seen) == len(set(seen))
        assert set(seen) == wanted

    def _all(self, seen: list[str]) -> None:
        assert len(seen) == len(set(seen))
        assert set(seen) == self.ids

    def _numbered(self, size: int | None, most: int, ask: Callable[..., tuple[list[str], Any]]) -> None:
        if size is not None and not 1 <= size <= most:
            assert refusal(ask, size, 1) == (400, "InvalidParameter")
            return
        seen: list[str] = []
        pages = -(-len(self.ids) // (size or 10))
        for number in range(1, min(pages, 8) + 2):
            page, body = ask(size, number)
            assert (body.total_count, body.page_number, body.page_size) == (len(self.ids), number, size or 10)
            assert len(page) == max(0, min(size or 10, len(self.ids) - len(seen)))
            seen += page
        if pages <= 8:
            self._all(seen)

    def _instances(self, size: int | None, number: int) -> tuple[list[str], Any]:
        request = models.DescribeInstancesRequest(region_id=REGION, page_size=size, page_number=number)
        body = self.fresh.ecs.describe_instances(request).body
        return [one.instance_id for one in body.instances.instance], body

    def _statuses(self, size: int | None, number: int, ids: list[str] | None = None) -> tuple[list[str], Any]:
        request = models.DescribeInstanceStatusRequest(
            region_id=REGION, page_size=size, page_number=number, instance_id=ids
        )
        body = self.fresh.ecs.describe_instance_status(request).body
        return [one.instance_id for one in body.instance_statuses.instance_status], body


def machine(clouds: FreshClouds, checks: Checks | None = None) -> Callable[[], PageMachine]:
    """Return a machine over these clouds."""
    return type("Machine", (PageMachine,), {"fresh": clouds, "checks": checks or Checks()})


def test_pages_are_as_documented() -> None:
    """Whatever there is and however large the pages are, everything is listed once and pages are as documented."""
    with fresh_clouds() as clouds:
        compare(machine(clouds), examples=20, steps=20)


def test_a_cloud_that_answers_all_at_once_is_noticed() -> None:
    """A cloud that does not hold pages to their size disagrees."""
    with fresh_clouds() as clouds:
        assert disagrees(machine(clouds, Checks(pages=False)), examples=50, steps=20)
