"""Explore small worlds: `python -m tests.exploration`, one of them, without a safeguard, or one schedule again."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from tests.exploration.choices import read, written
from tests.exploration.search import Result, explore, play
from tests.exploration.worlds import BY_NAME
from tests.reliability.controls import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 600.0
"""What one world may take."""
PROGRESS_SECONDS = 10.0
WITHOUT = {control.safeguard: control.without for control in CONTROLS}


def _without(safeguard: str | None) -> Callable[[Any], Any] | None:
    return WITHOUT[safeguard] if safeguard else None


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
    by_cost = " + ".join(f"{count:,}" for count in result.by_cost)
    end = "broken" if result.failing is not None else f"{result.left:,} left"
    return f"{result.world:38} {by_cost:>22} schedules, {result.states:9,} states, {end}, {result.seconds:.0f} s"


class _Progress:
    """Says on stderr every few seconds how far a world is."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, result: Result) -> None:
        """Tell, unless that was told just now."""
        if result.seconds - self._told >= PROGRESS_SECONDS:
            self._told = result.seconds
            print(row(result), file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.exploration", description=__doc__)
    parser.add_argument("world", nargs="?", choices=BY_NAME, metavar="WORLD", help=f"one of: {', '.join(BY_NAME)}")
    parser.add_argument("--without", choices=WITHOUT, metavar="SAFEGUARD", help="take this safeguard away")
    parser.add_argument("--schedule", help="play one schedule (12=1,31=2; - is the empty one) and print its story")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="the most for each world (default 600)")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes share a world (default 2)")
    arguments = parser.parse_args()
    if arguments.schedule is not None and arguments.world is None:
        parser.error("name the world of the schedule")
    return arguments


def main() -> int:
    """Do what the arguments say; 1 when something broke, or a schedule is left, also by Ctrl-C."""
    arguments = _arguments()
    if arguments.schedule is not None:
        story = told(arguments.world, arguments.schedule, arguments.without)
        print(story)
        return int("BROKEN: " in story)
    bad = False
    for name in [arguments.world] if arguments.world else BY_NAME:
        result = explore(
            BY_NAME[name],
            _without(arguments.without),
            seconds=arguments.seconds,
            jobs=arguments.jobs,
            tell=_Progress(),
        )
        print(row(result), flush=True)
        bad |= result.failing is not None or result.left > 0
        if result.failing is not None:
            print(told(name, written(result.failing), arguments.without), flush=True)
        if result.interrupted:
            break
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
