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
    from shared.ports import ApiFailure, Ports, PublishFailed, SendFailed, StoreUnavailable, UnreadablePolicy

POLICY = "/policy"
"""What stands for the policy among request ids, of which none has a slash."""
KEYS_AGAIN_SECONDS = 30.0
"""How long messages wait when our keys are refused: a new process, and its keys, come within seconds."""


@dataclass(frozen=True, slots=True)
class Run:
    """What every step of a run needs. No call starts that could last past `ends_at`."""

    ports: Ports
    timings: Timings
    ends_at: float
    unreadable: set[str] = field(default_factory=set, repr=False)
    """The request ids whose records this version could not read in this run, and `POLICY`."""
    _keys_refused: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def now(self) -> float:
        """Return the time."""
        return self.ports.clock.now()

    def has_time_for_call(self, start: float, until: float | None = None) -> bool:
        """Tell whether a call that starts then is over in time: before `until`, and before the run's end."""
        end = self.ends_at if until is None else min(until, self.ends_at)
        return start + self.timings.call_seconds <= end

    def resumes_at(self, now: float) -> float:
        """Return when what this run has no time, or no keys, for may go on in a later one."""
        return now + (KEYS_AGAIN_SECONDS if self.keys_refused else 1.0)

    @property
    def keys_refused(self) -> bool:
        """Whether a service of the deployment, or ECS in the worker's own region, refused our keys in this run."""
        return self._keys_refused.locked()

    def call_deadline(self, now: float) -> float:
        """Return until when calls announced now may run: room for two, within the run."""
        return min(self.ends_at, now + 2 * self.timings.call_seconds)

    def call_failed(self, failure: ApiFailure, region_id: str) -> None:
        """Log a failed call of ECS; when our own keys are to blame, as an alarm and once per run.

        What another region says of them concerns that call alone. `catalogued` false marks a code that the error
        catalogue has yet to learn.
        """
        error = failure.error
        verdict = classify(error)
        if verdict.category == "authentication" and not self.timings.is_elsewhere(region_id):
            self._note_refused_keys(error)
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
        """Log that the store failed; when it refuses our own keys, as the same alarm, too."""
        self.ports.log.warning("store_unavailable", **what, code=failure.code or None, error=str(failure))
        self._judge("Tablestore", failure.code)

    def send_failed(self, failure: SendFailed, message_id: str) -> None:
        """Log that a message could not be sent again; when our own keys are refused, as the same alarm, too."""
        self.ports.log.error("send_failed", message_id=message_id, code=failure.code or None, error=str(failure))
        self._judge("MNS", failure.code)

    def publish_failed(self, failure: PublishFailed, request_id: str) -> None:
        """Log that an outcome could not be published; when our own keys are refused, as the same alarm, too."""
        log = self.ports.log
        log.warning(
            "publish_failed",
            request_id=request_id,
            refused=failure.refused,
            code=failure.code or None,
            error=str(failure),
        )
        self._judge("MNS", failure.code)

    def record_unreadable(self, request_id: str, failure: UnreadableRecord) -> None:
        """Log a record that another version has to go on with, as an alarm and once per run."""
        if request_id not in self.unreadable:
            self.unreadable.add(request_id)
            self.ports.log.error("unreadable_record", request_id=request_id, error=str(failure))

    def policy_unreadable(self, failure: UnreadablePolicy) -> None:
        """Log a policy that this version cannot read, as an alarm and once per run."""
        if POLICY not in self.unreadable:
            self.unreadable.add(POLICY)
            self.ports.log.error("unreadable_policy", error=str(failure))

    def _judge(self, service: str, code: str) -> None:
        error = ApiError(service, None, code, "")
        if classify(error).category == "authentication":
            self._note_refused_keys(error)

    def _note_refused_keys(self, error: ApiError) -> None:
        if self._keys_refused.acquire(blocking=False):  # kept for the rest of the run
            self.ports.log.error(
                "authentication_failed", action=error.action, code=error.code, api_request_id=error.request_id
            )
