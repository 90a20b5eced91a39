"""What requests cost in calls: a figure that changes is a change of the product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exploration.costs import SCENARIOS, costs

if TYPE_CHECKING:
    from tests.exploration.worlds import Small

COSTS = {
    "plain": "ecs 1 store 7 | ecs 2 store 10 topic 1",
    "started, with an address": "ecs 1 store 7 | ecs 5 store 19 topic 1",
    "with a lifetime": "ecs 1 store 7 | ecs 5 store 20 topic 1",
    "an alternative": "ecs 2 store 11 | ecs 2 store 10 topic 1",
    "throttled once": "ecs 2 store 17 queue 1 | ecs 2 store 10 topic 1",
    "delivered twice": "ecs 1 store 12 | ecs 2 store 10 topic 1",
    "sent again when finished": "ecs 1 store 12 topic 1 | ecs 2 store 23 topic 1",
    "the id reused": "ecs 1 store 16 topic 1 | ecs 2 store 23 topic 1",
    "refused": "store 6 topic 1 | nothing",
    "released after a failure": "ecs 1 store 7 | ecs 7 store 42 topic 1",
    "limited, a place free": "ecs 1 store 11 | ecs 2 store 11 topic 1",
    "cancelled when it exists": "ecs 1 store 7 | ecs 2 store 18 topic 1",
}
"""By scenario, calls of the queue function | of the timer, which looks once a minute; docs/guarantees.md, too."""


@pytest.mark.parametrize("small", SCENARIOS, ids=lambda small: small.name)
def test_a_request_costs_as_many_calls_as_it_did(small: Small) -> None:
    """No scenario makes a call more, or less, than the table says."""
    assert costs(small) == COSTS[small.name]


def test_every_figure_has_its_scenario() -> None:
    """The table and the scenarios are the same."""
    assert {small.name for small in SCENARIOS} == set(COSTS)
