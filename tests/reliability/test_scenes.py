"""The scenes of the crash sweep without a crash, and a few seeds: the quick part of what the simulation shows."""

from __future__ import annotations

import pytest

from tests.reliability.invariants import violations
from tests.reliability.simulate import report, run
from tests.reliability.sweep import SCENARIOS, scene

SEEDS = 6


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scene_without_a_crash_keeps_every_guarantee(name: str) -> None:
    """Where nothing goes wrong, a request ends, and nothing that is promised is broken on the way."""
    played = scene(name)
    broken = violations(played, quiet=played.run())
    assert not broken, report(played, broken)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_seed_keeps_every_guarantee(seed: int) -> None:
    """The first seeds of the simulation, in the quick part."""
    simulation, broken = run(seed)
    assert not broken, report(simulation, broken)
