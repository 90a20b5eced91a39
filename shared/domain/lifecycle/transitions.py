"""The life of a record as one pure function: what each event changes in each state.

`advance` never raises for an event that comes too late or for another state: such an event changes nothing, and the
same record comes back. Every change has the next version number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.lifecycle import admission, creating, events, lifetime, waiting
from shared.domain.lifecycle.record import Record, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.timings import Timings


def _publish_refused(record: Record, event: events.PublishRefused, _now: float, _timings: Timings) -> Record:
    """Publish again no earlier than the topic may take it."""
    return record.changed(due_at=event.retry_at)


def _published(record: Record, _event: events.Published, now: float, _timings: Timings) -> Record:
    """Close the record: nothing is left to do."""
    return record if record.published_at is not None else record.changed(published_at=now)


_WATCHED: dict[type, Callable[[Record, Any, float, Timings], Record]] = {
    events.SeenPresent: waiting.on_present,
    events.SeenAbsent: waiting.on_absent,
    events.Vanished: waiting.on_vanished,
    events.ReleaseTimeMoved: lifetime.on_moved,
    events.LifetimeSet: lifetime.on_set,
    events.AddressAllocated: waiting.on_address,
    events.NoAddress: waiting.on_no_address,
    events.StartSent: waiting.on_started,
    events.StepFailed: waiting.on_step_failed,
    events.Ready: waiting.on_ready,
    events.Expired: waiting.on_expired,
    events.CancelAsked: waiting.on_cancel,
}
_ENDED: dict[type, Callable[[Record, Any, float, Timings], Record]] = {
    events.PublishRefused: _publish_refused,
    events.Published: _published,
}
TABLE: dict[State, dict[type, Callable[[Record, Any, float, Timings], Record]]] = {
    State.WAITING: {
        events.CallAnnounced: admission.on_announced,
        events.HeldBack: admission.on_held,
        events.CopySent: admission.on_copy_sent,
        events.Expired: admission.on_expired,
        events.CancelAsked: admission.on_cancel,
    },
    State.CREATING: {
        events.CallAnnounced: creating.on_announced,
        events.HeldBack: creating.on_held,
        events.InstanceCreated: creating.on_created,
        events.DryRunPassed: creating.on_dry_run,
        events.CreateFailed: creating.on_failed,
        events.CopySent: creating.on_copy_sent,
        events.LookedUp: creating.on_looked_up,
        events.LookUpFailed: creating.on_look_up_failed,
        events.Expired: creating.on_expired,
        events.CancelAsked: creating.on_cancel,
    },
    State.PENDING: _WATCHED,
    State.STARTING: _WATCHED,
    State.RELEASING: {
        events.DeleteAccepted: waiting.on_delete_accepted,
        events.Gone: waiting.on_gone,
        events.SeenPresent: waiting.on_still_there,
        events.StepFailed: waiting.on_delete_failed,
    },
    State.COMPLETED: _ENDED,
    State.FAILED: _ENDED,
}

_STAYS = {State.PENDING: (State.PENDING,), State.STARTING: (State.STARTING,)}
LEADS_TO: dict[State, dict[type, tuple[State, ...]]] = {
    State.WAITING: {
        events.CallAnnounced: (State.CREATING,),
        events.HeldBack: (State.WAITING,),
        events.CopySent: (State.WAITING,),
        events.Expired: (State.FAILED,),
        events.CancelAsked: (State.FAILED,),
    },
    State.CREATING: {
        events.CallAnnounced: (State.CREATING,),
        events.HeldBack: (State.CREATING,),
        events.InstanceCreated: (State.PENDING, State.RELEASING),
        events.DryRunPassed: (State.COMPLETED,),
        events.CreateFailed: (State.CREATING, State.FAILED),
        events.CopySent: (State.CREATING,),
        events.LookedUp: (State.PENDING, State.CREATING, State.RELEASING, State.FAILED),
        events.LookUpFailed: (State.CREATING,),
        events.Expired: (State.FAILED,),
        events.CancelAsked: (State.CREATING, State.FAILED),
    },
    **{
        state: {
            events.SeenPresent: stays,
            events.SeenAbsent: stays,
            events.Vanished: (State.FAILED,),
            events.ReleaseTimeMoved: stays,
            events.LifetimeSet: stays,
            events.AddressAllocated: stays,
            events.NoAddress: stays,
            events.StartSent: (State.STARTING,),
            events.StepFailed: (*stays, State.FAILED, State.RELEASING),
            events.Ready: (State.COMPLETED,),
            events.Expired: (State.FAILED, State.RELEASING),
            events.CancelAsked: (State.RELEASING,),
        }
        for state, stays in _STAYS.items()
    },
    State.RELEASING: {
        events.DeleteAccepted: (State.RELEASING,),
        events.Gone: (State.FAILED,),
        events.SeenPresent: (State.RELEASING, State.FAILED),
        events.StepFailed: (State.RELEASING, State.FAILED),
    },
    State.COMPLETED: dict.fromkeys(_ENDED, (State.COMPLETED,)),
    State.FAILED: dict.fromkeys(_ENDED, (State.FAILED,)),
}
"""The states an event that changes something can leave a record in; `docs/lifecycle.md` is drawn from it."""


def advance(record: Record, event: events.Event, now: float, timings: Timings) -> Record:
    """Return the record after the event; the same object when nothing changes."""
    change = TABLE[record.state].get(type(event))
    if change is None:
        return record
    after = change(record, event, now, timings)
    return record if vars(after) == vars(record) else after.changed(version=record.version + 1)
