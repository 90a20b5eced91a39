"""How a record ends: the one place where an outcome is frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.errors.model import ApiError
from shared.domain.lifecycle import outcome
from shared.domain.lifecycle.record import Failure, Record, State

if TYPE_CHECKING:
    from shared.domain.lifecycle.instance import Instance
    from shared.domain.timings import Rules

KEPT = "kept"
RELEASED = "released"
VANISHED = "vanished"


def complete(record: Record, instance: Instance | None, now: float, rules: Rules) -> Record:
    """Freeze a completed outcome."""
    text = outcome.completed(record, instance, now, rules)
    return record.changed(state=State.COMPLETED, outcome=text, finished_at=now, due_at=now, calling=False)


def end_badly(record: Record, stage: str, error: ApiError, now: float, rules: Rules) -> Record:
    """Fail a request: at once without an instance or when it is kept, by way of `releasing` otherwise."""
    failure = Failure(stage, error)
    if record.instance_id is not None and record.on_failure == "release":
        return record.changed(
            state=State.RELEASING, failure=failure, releasing_since=now, due_at=now, tries=0, last_error=None
        )
    return fail(record, failure, KEPT, now, rules)


def fail(
    record: Record, failure: Failure, disposition: str, now: float, rules: Rules, *, reason: ApiError | None = None
) -> Record:
    """Freeze a failed outcome; `reason` says why an instance that should have been released was kept."""
    instance: dict[str, Any] | None = None
    if record.instance_id is not None:
        instance = {"instanceId": record.instance_id, "disposition": disposition}
        if reason is not None:
            instance["reason"] = f"{reason.code or 'no answer'}: {reason.message[:300]}"
    text = outcome.failed(record, failure, instance, now, rules)
    return record.changed(state=State.FAILED, failure=failure, outcome=text, finished_at=now, due_at=now, calling=False)


def timed_out(record: Record) -> ApiError:
    """Return what a deadline reports: the last error seen, or our own code if there was none."""
    if record.last_error is not None:
        return record.last_error
    seconds = round(record.deadline - record.accepted_at)
    return ApiError("", None, "ProvisioningTimeout", f"The request was not ready within its {seconds} seconds.")


def vanished(record: Record) -> ApiError:
    """Return the error of an instance that disappeared while it was waited for."""
    return ApiError("", None, "InstanceVanished", f"Instance {record.instance_id} existed and is gone.")
