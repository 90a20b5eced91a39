"""Writing what happened: advance the record, write it under its version, start again from what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.lifecycle import events, outcome
from shared.domain.lifecycle.transitions import advance
from shared.ports import Conflict, PublishFailed, StoreUnavailable

if TYPE_CHECKING:
    from shared.domain.lifecycle.record import Record
    from shared.domain.timings import Timings
    from shared.ports import Ports
    from shared.usecases.context import Run

_CONFLICTS = 20
_PUBLISH_AGAIN_SECONDS = 10.0


def apply(ports: Ports, timings: Timings, record: Record, event: events.Event) -> Record:
    """Advance and write; on a conflict do it again from the record that is there. Return what is stored.

    Raises StoreUnavailable, also when other writers always come first.
    """
    for _ in range(_CONFLICTS):
        after = advance(record, event, ports.clock.now(), timings)
        if after is record:
            return record
        try:
            ports.store.update(after)
        except Conflict:
            found = ports.store.get(record.request_id)
            if found is None:
                raise StoreUnavailable(f"the record of {record.request_id} is gone") from None
            record = found
        else:
            return after
    raise StoreUnavailable(f"the record of {record.request_id} is written by too many at once")


def publish(run: Run, record: Record) -> bool:
    """Publish the frozen bytes and close the record, if it is not closed yet; False when the topic did not take them.

    A failed close is no failure: the next round publishes the same bytes once more.
    """
    ports = run.ports
    if record.outcome is None:
        return False
    event: events.Event = events.Published()
    try:
        ports.outcomes.publish(record.outcome, outcome.tag_of(record.outcome))
    except PublishFailed as failure:
        run.publish_failed(failure, record.request_id)
        wait = _PUBLISH_AGAIN_SECONDS * (1.0 + ports.entropy.jitter())
        event = events.PublishRefused(ports.clock.now() + wait)
    if record.open:
        apply(ports, run.timings, record, event)
    return isinstance(event, events.Published)
