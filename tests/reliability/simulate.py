"""Run simulations from the command line: `python -m tests.reliability.simulate --seeds 10000`, or `--seed 7`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.reliability.invariants import violations
from tests.reliability.scenario import build

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reliability.scenario import Simulation


def run(seed: int, without: Callable[[Simulation], Any] | None = None) -> tuple[Simulation, list[str]]:
    """Run one seed, perhaps without a safeguard, and return what was broken."""
    simulation = build(seed)
    with without(simulation) if without else nullcontext():
        quiet = simulation.run()
    return simulation, violations(simulation, quiet=quiet)


def report(simulation: Simulation, broken: list[str]) -> str:
    """Tell the story of a seed that broke something, and how to see it again."""
    return "\n".join(
        [
            *simulation.world.kernel.trace,
            *(f"BROKEN: {item}" for item in broken),
            f"replay: python -m tests.reliability.simulate --seed {simulation.seed}",
        ]
    )


class Summary(NamedTuple):
    """What one seed came to; `story` is its report, empty when nothing broke."""

    steps: int
    faults: Counter[str]
    story: str


def summary(seed: int, without: Callable[[Simulation], Any] | None = None) -> Summary:
    """Run one seed, perhaps without a safeguard."""
    simulation, broken = run(seed, without)
    story = report(simulation, broken) if broken else ""
    return Summary(simulation.kernel.steps, Counter(simulation.world.plan.injected), story)


def main() -> int:
    """Run the seeds that the arguments name."""
    parser = argparse.ArgumentParser(description="Simulate the worker under faults; a seed decides everything.")
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds (default 1000)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default 0)")
    parser.add_argument("--seed", type=int, help="replay one seed and print its story")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once (default: one per CPU)")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        simulation, broken = run(arguments.seed)
        print(report(simulation, broken))
        return int(bool(broken))
    began, steps, faults, failing = time.monotonic(), 0, Counter[str](), 0
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for done, one in enumerate(pool.map(summary, seeds, chunksize=20), start=1):
            steps += one.steps
            faults.update(one.faults)
            if one.story:
                failing += 1
                print(one.story, file=sys.stderr)
            if done % 500 == 0:
                print(f"{done} seeds", file=sys.stderr)
    print(f"seeds {arguments.seeds}, steps {steps}, seconds {time.monotonic() - began:.0f}, violations {failing}")
    for kind, count in sorted(faults.items()):
        print(f"  {kind:28} {count}")
    return int(bool(failing))


if __name__ == "__main__":
    sys.exit(main())
