"""Records for the contract suite: a fixed time, and the few shapes a store has to tell apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.domain.lifecycle.record import Generation, Record, State

NOW = 1_795_000_000.25
DAY = 86400.0
LATER = NOW + DAY


def claimed(request_id: str = "order-1", **changes: Any) -> Record:
    """Return a record as a claim writes it."""
    record = Record(
        request_id=request_id,
        version=1,
        state=State.CREATING,
        message_id="m-1",
        accepted_at=NOW,
        due_at=NOW,
        deadline=NOW + 900,
        region_id="cn-hangzhou",
        generations=(Generation(1, 0, "token-1"),),
        claimant="caller-1",
        calling=True,
        call_until=NOW + 30,
    )
    return replace(record, **changes)


def after(record: Record, **changes: Any) -> Record:
    """Return the record's next version."""
    return replace(record, version=record.version + 1, **changes)


def finished(record: Record) -> Record:
    """Return the next version: ended, its outcome frozen but not yet published."""
    return after(record, state=State.COMPLETED, finished_at=NOW, outcome='{"id":"1"}', calling=False)


def published(record: Record, at: float = NOW) -> Record:
    """Return the next version: ended and published, so no longer open."""
    return after(record, state=State.COMPLETED, finished_at=at, outcome='{"id":"1"}', published_at=at, calling=False)
