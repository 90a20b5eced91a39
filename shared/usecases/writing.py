"""Writing what happened to a record, and publishing what came of it: the only way to either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.lifecycle import events, outcome
from shared.domain.lifecycle.transitions import advance
from shared.ports import Conflict, PublishFailed, StoreUnavailable
from shared.usecases.places import give_back_ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.lifecycle.record import Record
    from shared.domain.timings import Timings
    from shared.ports import Store
    from shared.usecases.context import Run

_CONFLICTS = 20
_PUBLISH_AGAIN_SECONDS, _PUBLISH_LONGEST_SECONDS = 10.0, 300.0
_PUBLISH_SHARE = 1 / 60
"""Between tries to publish, as a part of how long the outcome waits already: one that is never taken costs little."""


def record_event(run: Run, record: Record, event: events.Event) -> Record:
    """Advance the record and write it under its version; return what is stored.

    On a conflict it is done again from the record that is there. Raises StoreUnavailable, also when other writers
    always come first.
    """
    return write_event(run.ports.store, record, event, run.now, run.timings)


def write_event(
    store: Store, record: Record, event: events.Event, now: Callable[[], float], timings: Timings
) -> Record:
    """Do the same with nothing but a store and the time."""
    for _ in range(_CONFLICTS):
        after = advance(record, event, now(), timings)
        if after is record:
            return record
        try:
            store.update(after)
        except Conflict:
            found = store.get(record.request_id)
            if found is None:
                raise StoreUnavailable(f"the record of {record.request_id} is gone") from None
            record = found
        else:
            return after
    raise StoreUnavailable(f"the record of {record.request_id} is written by too many at once")


def publish(run: Run, record: Record) -> bool:
    """Publish the frozen bytes and close the record, if it is not closed yet; False when the topic did not take them.

    What it held of the policy's places it gives back before. Raises StoreUnavailable.

    A failed close is no failure: the next round publishes the same bytes once more.
    """
    ports = run.ports
    if record.outcome is None:
        return False
    if record.open:
        give_back_ended(run, record)
    event: events.Event = events.Published()
    try:
        ports.outcomes.publish(record.outcome, outcome.tag_of(record.outcome))
    except PublishFailed as failure:
        run.publish_failed(failure, record.request_id)
        event = events.PublishRefused(_publish_again_at(run, record))
    if record.open:
        record_event(run, record, event)
    return isinstance(event, events.Published)


def _publish_again_at(run: Run, record: Record) -> float:
    now = run.now()
    waited = now - (record.finished_at or now)
    wait = min(max(waited * _PUBLISH_SHARE, _PUBLISH_AGAIN_SECONDS), _PUBLISH_LONGEST_SECONDS)
    return now + wait * (1.0 + run.ports.entropy.jitter())
