"""How long the state machines run: a little by default, `MODEL_FACTOR` times as many examples in a long run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.stateful import RuleBasedStateMachine

FACTOR = int(os.environ.get("MODEL_FACTOR", "1"))


def compare(machine: Callable[[], RuleBasedStateMachine], *, examples: int, steps: int) -> None:
    """Run a machine; fail with the shortest steps after which cloud and model disagree."""
    _run(machine, settings(max_examples=examples * FACTOR, stateful_step_count=steps, report_multiple_bugs=False))


def disagrees(machine: Callable[[], RuleBasedStateMachine], *, examples: int, steps: int) -> bool:
    """Tell whether a machine that ought to finds a disagreement, in as many examples as it takes up to the limit."""
    # The first one will do: nothing is made shorter, and nothing remembered.
    quick = settings(
        max_examples=examples, stateful_step_count=steps, phases=[Phase.generate], database=None, derandomize=True
    )
    try:
        _run(machine, quick)
    except AssertionError:
        return True
    return False


def _run(machine: Callable[[], RuleBasedStateMachine], how: settings) -> None:
    run_state_machine_as_test(machine, settings=settings(how, suppress_health_check=list(HealthCheck)))  # type: ignore[no-untyped-call]
