"""All sides in several scenarios, all at once."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from local.compare.match import Match
from local.compare.scenario import EVERYTHING, NONE, scenario
from local.compare.sides import SIDES, WORKER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import IO

    from local.compare.losses import Losses

SHOWN = (NONE, EVERYTHING)
LOOK_SECONDS = 0.25
JOIN_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Result:
    """One side in one scenario, as it stands: what is lost, how many requests have an outcome, and in how long."""

    scenario: str
    side: str
    requests: int
    losses: Losses
    seconds: float
    over: bool

    @property
    def answered(self) -> int:
        """How many requests have an outcome."""
        return self.requests - self.losses.unanswered

    def to_json(self) -> dict[str, Any]:
        """Return it flat."""
        names = {"status_calls": "statusCalls"}
        counts = {names.get(name, name): value for name, value in asdict(self.losses).items()}
        return {
            "scenario": self.scenario, "side": self.side, "requests": self.requests, **counts,
            "seconds": round(self.seconds, 1),
        }  # fmt: skip


class Comparison:
    """The same seed for every side. Each side has a cloud of its own in each scenario."""

    def __init__(self, seed: int, names: Sequence[str] = SHOWN) -> None:
        drawn = [scenario(name, seed) for name in names]
        self.matches = [Match(side, each) for each in drawn for side in SIDES]
        self._errors: list[BaseException] = []

    def play(self, folder: Path, log: IO[str], store: str, look: Callable[[list[Result]], None]) -> list[Result]:
        """Play all to the end, let `look` see how they stand now and then, and return how they ended.

        Raises what a side raised that could not be started.
        """
        ready = threading.Barrier(len(self.matches))
        threads = []
        for number, match in enumerate(self.matches):
            own = folder / str(number)
            own.mkdir()
            arguments = (match, own, log, store, ready)
            threads.append(threading.Thread(target=self._play, args=arguments, name=f"match-{number}", daemon=True))
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                look(self.results())
                time.sleep(LOOK_SECONDS)
        finally:  # interrupted: nothing that was started stays behind
            ready.abort()
            for match in self.matches:
                match.stopping.set()
            for thread in threads:
                thread.join(JOIN_SECONDS)
        if self._errors:
            raise self._errors[0]
        return self.results()

    def results(self) -> list[Result]:
        """Return how all stand."""
        return [
            Result(
                match.scenario.name, match.side.name, len(match.scenario.asked), match.losses(), match.seconds,
                match.over,
            )
            for match in self.matches
        ]  # fmt: skip

    def _play(self, match: Match, folder: Path, log: IO[str], store: str, ready: threading.Barrier) -> None:
        try:
            match.play(folder, log, store, ready)
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits for this one
            self._errors.append(error)
            ready.abort()


def broken(results: Sequence[Result]) -> list[str]:
    """Say what is not as promised: the worker loses nothing, and without faults nobody does."""
    late = [
        f"{each.side}, {each.scenario}: not over in time; is the machine busy?" for each in results if not each.over
    ]
    bound = [each for each in results if each.side == WORKER or each.scenario == NONE]
    return late or [f"{each.side}, {each.scenario}: {each.losses}" for each in bound if not each.losses.none]
