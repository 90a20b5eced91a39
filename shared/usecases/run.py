"""One run of a function, as its use case sees it: the ports, the numbers, and when it must be over."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.core.errors import classify

if TYPE_CHECKING:
    from shared.core.rules import Rules
    from shared.ports import ApiFailure, Ports


@dataclass(frozen=True, slots=True)
class Run:
    """What every step of a run needs. No call starts that could last past `ends_at`."""

    ports: Ports
    rules: Rules
    ends_at: float
    _alarmed: threading.Event = field(default_factory=threading.Event, repr=False)

    def now(self) -> float:
        """Return the time."""
        return self.ports.clock.now()

    def fits(self, start: float, until: float | None = None) -> bool:
        """Tell whether a call that starts then is over in time: before `until`, and before the run's end."""
        end = self.ends_at if until is None else min(until, self.ends_at)
        return start + self.rules.call_seconds <= end

    def fence(self, now: float) -> float:
        """Return until when calls announced now may run: room for two, within the run."""
        return min(self.ends_at, now + 2 * self.rules.call_seconds)

    def call_failed(self, failure: ApiFailure) -> None:
        """Log a failed call; when our own credentials are to blame, as an alarm and once per run.

        `catalogued` false marks a code that the error catalogue has yet to learn.
        """
        error = failure.error
        verdict = classify(error)
        if verdict.category != "authentication":
            self.ports.log.warning(
                "call_failed",
                action=error.action,
                code=error.code,
                status=error.http_status,
                catalogued=verdict.catalogued,
            )
        elif not self._alarmed.is_set():
            self._alarmed.set()
            self.ports.log.error("authentication_failed", action=error.action, code=error.code)
