"""One run of a function, as its use case sees it: the ports, the numbers, and when it must be over."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.domain.errors.catalogue import classify
from shared.domain.errors.model import ApiError

if TYPE_CHECKING:
    from shared.domain.lifecycle.record import UnreadableRecord
    from shared.domain.timings import Timings
    from shared.ports import ApiFailure, Ports, StoreUnavailable


@dataclass(frozen=True, slots=True)
class Run:
    """What every step of a run needs. No call starts that could last past `ends_at`."""

    ports: Ports
    timings: Timings
    ends_at: float
    unreadable: set[str] = field(default_factory=set, repr=False)
    """The request ids whose records this version could not read in this run."""
    _quiet: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def now(self) -> float:
        """Return the time."""
        return self.ports.clock.now()

    def has_time_for_call(self, start: float, until: float | None = None) -> bool:
        """Tell whether a call that starts then is over in time: before `until`, and before the run's end."""
        end = self.ends_at if until is None else min(until, self.ends_at)
        return start + self.timings.call_seconds <= end

    def call_deadline(self, now: float) -> float:
        """Return until when calls announced now may run: room for two, within the run."""
        return min(self.ends_at, now + 2 * self.timings.call_seconds)

    def call_failed(self, failure: ApiFailure) -> None:
        """Log a failed call of ECS; when our own credentials are to blame, as an alarm and once per run.

        `catalogued` false marks a code that the error catalogue has yet to learn.
        """
        error = failure.error
        verdict = classify(error)
        if verdict.category == "authentication":
            self._alarm(error)
        else:
            self.ports.log.warning(
                "call_failed",
                action=error.action,
                code=error.code,
                status=error.http_status,
                catalogued=verdict.catalogued,
                api_request_id=error.request_id,
            )

    def store_failed(self, failure: StoreUnavailable, **what: str | None) -> None:
        """Log that the store failed; when it refuses our own credentials, as the same alarm, too."""
        self.ports.log.warning("store_unavailable", **what, error=str(failure))
        error = ApiError("Tablestore", None, failure.code, "")
        if classify(error).category == "authentication":
            self._alarm(error)

    def record_unreadable(self, request_id: str, failure: UnreadableRecord) -> None:
        """Log a record that another version has to go on with, as an alarm and once per run."""
        if request_id not in self.unreadable:
            self.unreadable.add(request_id)
            self.ports.log.error("unreadable_record", request_id=request_id, error=str(failure))

    def _alarm(self, error: ApiError) -> None:
        if self._quiet.acquire(blocking=False):  # kept for the rest of the run
            self.ports.log.error(
                "authentication_failed", action=error.action, code=error.code, api_request_id=error.request_id
            )
