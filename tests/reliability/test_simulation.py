"""The guarantees under simulated faults."""

from __future__ import annotations

import pytest

from tests.reliability.controls import CONTROLS, Control
from tests.reliability.faults import CRASH, KINDS
from tests.reliability.invariants import violations
from tests.reliability.simulate import report, run, summary
from tests.reliability.sweep import SCENARIOS, scene

SEEDS = 500
CHUNK = 25


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_guarantee_breaks_under_faults(first: int) -> None:
    """Whatever one seed lets go wrong, all guarantees hold once everything is quiet."""
    for seed in range(first, first + CHUNK):
        simulation, broken = run(seed)
        assert not broken, report(simulation, broken)


@pytest.mark.slow
@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.safeguard)
def test_without_a_safeguard_something_breaks(control: Control) -> None:
    """Each safeguard is needed: without it the same simulation finds a violation within 500 seeds."""
    assert control.seed < SEEDS
    seeds = (control.seed, *range(SEEDS))
    assert any(run(seed, control.without)[1] for seed in seeds), f"nothing noticed: {control.safeguard}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", CRASH)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_at_any_call_is_survived(name: str, kind: str) -> None:
    """A process that dies before or after any single port call of a request's life breaks nothing."""
    whole = scene(name)
    assert whole.run()
    assert violations(whole, quiet=True) == []
    assert whole.world.plan.calls
    for number in range(1, whole.world.plan.calls + 1):
        simulation = scene(name, (number, kind))
        broken = violations(simulation, quiet=simulation.run())
        assert not broken, report(simulation, [f"{kind} at call {number}", *broken])


def test_a_seed_decides_everything() -> None:
    """The same seed tells the same story twice, to the last step: clock, order, interleaving, faults."""
    first, again = (run(7)[0].kernel for _ in range(2))
    assert first.trace
    assert (first.trace, first.steps) == (again.trace, again.steps)


def test_a_failing_seed_tells_how_to_see_it_again() -> None:
    """What is printed of a seed that broke something: its whole story, what broke, and the command that replays it."""
    control = CONTROLS[0]
    seed = next(seed for seed in range(SEEDS) if run(seed, control.without)[1])
    simulation, broken = run(seed, control.without)
    *story, replay = summary(seed, control.without).story.splitlines()
    assert story == [*simulation.kernel.trace, *(f"BROKEN: {item}" for item in broken)]
    assert replay == f"replay: python -m tests.reliability.simulate --seed {seed}"
    assert summary(seed).story == ""


def test_every_kind_of_fault_is_injected() -> None:
    """The simulation really makes everything go wrong that it names."""
    named = {kind for kinds in KINDS.values() for kind in kinds}
    seen: set[str] = set()
    for seed in range(120):  # there are many more kinds of worlds than kinds of faults
        if seen >= named:
            break
        simulation, _ = run(seed)
        seen |= set(simulation.world.plan.injected)
    assert seen == named
