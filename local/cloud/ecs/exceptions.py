"""ECS's refusals: codes and statuses. Words are our own."""

from __future__ import annotations

from functools import cache

from local.cloud.service import ServiceError


def missing(name: str) -> ServiceError:
    """Say which parameter is missing."""
    return ServiceError(400, "MissingParameter", f"The parameter {name} is required.")


def invalid(name: str, why: str) -> ServiceError:
    """Say which parameter is wrong and why."""
    return ServiceError(400, "InvalidParameter", f"The parameter {name} is not valid: {why}.")


def no_instance(instance_id: str) -> ServiceError:
    """Say which instance does not exist."""
    return ServiceError(404, "InvalidInstanceId.NotFound", f"The instance {instance_id} does not exist.")


def wrong_status(instance_id: str, status: str) -> ServiceError:
    """Say in which status the instance is."""
    return ServiceError(403, "IncorrectInstanceStatus", f"The instance {instance_id} is {status}; this needs another.")


def violation(code: str, field: str, words: str) -> ServiceError:
    """Answer a broken rule of CreateInstance with its documented code and status."""
    return ServiceError(_statuses().get(code, 400), code, f"{field}: {words}")


@cache
def _statuses() -> dict[str, int]:
    """Return the documented status of every code; of several, the first in the catalogue."""
    from shared.domain.errors.listing import entries  # noqa: PLC0415 - a catalogue that only refusals need

    statuses: dict[str, int] = {}
    for entry in entries():
        if entry.status is not None:
            statuses.setdefault(entry.code, entry.status)
    return statuses
