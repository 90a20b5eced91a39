"""What a process that died took of the policy's places, and who gets it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.policy.document import Limits
from shared.domain.policy.places import OPEN
from shared.usecases import poll
from shared.usecases.places import LEFT_SECONDS
from tests.reliability.cloud import Ecs
from tests.reliability.controls import swap
from tests.reliability.faults import Plan
from tests.reliability.kernel import START, Kernel
from tests.reliability.scenario import Case, Simulation
from tests.reliability.stage import body, outcome
from tests.reliability.world import World

if TYPE_CHECKING:
    from collections.abc import Callable


def scene(ghosts: int, prepare: Callable[[World], None] = lambda _: None) -> Simulation:
    """Return a scene whose places are all held by requests of which nothing is recorded."""
    kernel = Kernel(7)
    world = World(kernel, Plan(kernel.random, 0.0, 0.0), Ecs(kernel))
    world.steered.places[OPEN] = {f"ghost-{number:02}": START for number in range(ghosts)}
    prepare(world)
    return Simulation(7, [Case(body(timeoutSeconds=7200), 1.0)], world, limits=[(0.0, Limits(open=ghosts))])


def test_a_place_that_nobody_holds_any_more_comes_back() -> None:
    """A place without a record that may call is given back, no earlier than an invocation can last."""
    simulation = scene(1)
    assert simulation.run()
    assert outcome(simulation)["instance"] is not None
    record = simulation.world.records["r"]
    assert record.created_at is not None
    assert LEFT_SECONDS < record.created_at - START < LEFT_SECONDS + 600
    assert simulation.world.steered.places[OPEN] == {}


def test_without_the_timers_look_it_does_not() -> None:
    """The control: when nobody looks, the request waits until its time is over."""
    simulation = scene(1)
    with swap(poll, "look_after", lambda _run: False):
        assert not simulation.run()
    assert outcome(simulation)["error"]["code"] == "PolicyLimit"


def test_many_are_looked_over_in_turn() -> None:
    """More holders than one run looks at all come back, over several runs."""
    simulation = scene(70)
    assert simulation.run()
    assert simulation.world.steered.places[OPEN] == {}
    told = [line["request_id"] for line in simulation.world.log if line["event"] == "place_given_back"]
    assert len(told) == len(set(told)) == 70
