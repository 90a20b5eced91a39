"""Explore small worlds: `python -m tests.exploration`, one of them, without a safeguard, or one schedule again."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any

from tests.exploration.choices import read, written
from tests.exploration.search import Result, explore, play
from tests.exploration.worlds import BY_NAME
from tests.reliability.controls import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 600.0
"""What one world may take."""
WITHOUT = {control.safeguard: control.without for control in CONTROLS}


def _without(safeguard: str | None) -> Callable[[Any], Any] | None:
    return WITHOUT[safeguard] if safeguard else None


def explored(world: str, safeguard: str | None = None, seconds: float = SECONDS) -> Result:
    """Explore a world by its name (a process of its own can)."""
    return explore(BY_NAME[world], _without(safeguard), seconds=seconds)


def told(world: str, schedule: str, safeguard: str | None = None) -> str:
    """Tell the story of one schedule: each step, what was chosen, what broke, and how to see it again."""
    played = play(BY_NAME[world], read(schedule), _without(safeguard))
    replay = f'replay: python -m tests.exploration "{world}" --schedule {schedule}'
    return "\n".join(
        [
            *played.story,
            *(f"CHOSEN: {item}" for item in played.chooser.taken),
            *(f"BROKEN: {item}" for item in played.broken),
            replay + (f' --without "{safeguard}"' if safeguard else ""),
        ]
    )


def row(result: Result) -> str:
    """Return one line: how many schedules by cost, how many states, what is left, how long it took."""
    by_cost = " + ".join(map(str, result.by_cost))
    end = "broken" if result.failing is not None else f"{result.left} left"
    return (
        f"{result.world:36} {result.schedules:7} schedules ({by_cost}), {result.states:7} states, {end},"
        f" {result.seconds:.0f} s"
    )


def main() -> int:
    """Do what the arguments say; 1 when something broke, or a schedule is left."""
    parser = argparse.ArgumentParser(prog="python -m tests.exploration", description=__doc__)
    parser.add_argument("world", nargs="?", choices=BY_NAME, help="one world (default: all)")
    parser.add_argument("--without", choices=WITHOUT, metavar="SAFEGUARD", help="take this safeguard away")
    parser.add_argument("--schedule", help="play one schedule (12=1,31=2; - is the empty one) and print its story")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="the most for each world (default 600)")
    parser.add_argument("--jobs", type=int, default=2, help="how many worlds at once (default 2)")
    arguments = parser.parse_args()
    if arguments.schedule is not None:
        if arguments.world is None:
            parser.error("name the world of the schedule")
        story = told(arguments.world, arguments.schedule, arguments.without)
        print(story)
        return int("BROKEN: " in story)
    bad = False
    with ProcessPoolExecutor(arguments.jobs) as pool:
        names = [arguments.world] if arguments.world else list(BY_NAME)
        for done in as_completed(pool.submit(explored, name, arguments.without, arguments.seconds) for name in names):
            result = done.result()
            print(row(result), flush=True)
            bad |= result.failing is not None or result.left > 0
            if result.failing is not None:
                print(told(result.world, written(result.failing), arguments.without), flush=True)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
