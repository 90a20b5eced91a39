"""What the policy said of a request at its acceptance, as its record keeps it and its outcome tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.policy.rules import FORBIDS

if TYPE_CHECKING:
    from shared.domain.lifecycle.record import Record
    from shared.domain.message.request import Request

_MOST = 5
_MAX_TEXT = 200
"""So many breaches of an alternative are kept, and so much of each."""


def accepted_under(request: Request) -> dict[str, Any]:
    """Return the fields of a record that hold the policy's part in a request."""
    return {
        "policy_version": request.policy_version,
        "profile": request.profile or "",
        "forbidden": [
            {"alternative": number, "breaches": [f"{each.field} {each.message}"[:_MAX_TEXT] for each in found[:_MOST]]}
            for number, found in sorted(request.forbidden.items())
        ],
        "release_after": request.release_after_seconds,
    }


def attempts(record: Record, *, to_the_end: bool) -> list[dict[str, Any]]:
    """Return what was tried, a generation each, and in its place what was skipped because the policy forbids it.

    `to_the_end` says that there was nothing left to try: then what comes after the last generation was skipped, too.
    """
    told = []
    skipped = list(record.forbidden)
    for generation in record.generations:
        while skipped and skipped[0]["alternative"] < generation.alternative:
            told.append(_skipped(record, skipped.pop(0)))
        told.append(
            {"generation": generation.number, "overrides": generation.overrides, "errorCode": generation.error_code}
        )
    return told + [_skipped(record, each) for each in skipped if to_the_end]


def _skipped(record: Record, forbidden: dict[str, Any]) -> dict[str, Any]:
    return {
        "generation": None,
        "overrides": record.alternatives[forbidden["alternative"] - 1],
        "errorCode": FORBIDS,
        "message": "; ".join(forbidden["breaches"]),
    }
