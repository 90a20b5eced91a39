"""Whether a request may buy now: no pause, and a place of every limit in hand. And whose places come back.

The order is record, place, call. Who took a place and did not get to announce the call by it gives it back; what a
process leaves that dies in between is found by the timer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.lifecycle.admission import LIMIT, PAUSED, given_back, keeps
from shared.domain.lifecycle.record import State, UnreadableRecord
from shared.domain.policy.control import REMINDER_SECONDS, InForce
from shared.domain.policy.places import in_force, missing
from shared.ports import UnreadablePolicy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.lifecycle.record import Record
    from shared.usecases.context import Run

LEFT_SECONDS = 900.0
"""How long a place is somebody's without a question: longer than any invocation lasts."""
LOOK_MINUTES, LOOKED_AT = 5, 20
"""How often the timer looks over those who hold places, and how many of the older ones; then it goes on with others."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What lets a call be announced until `good_until`, or `held`, the code of what does not; and the places by now."""

    places: tuple[str, ...] = ()
    good_until: float = 0.0
    held: str = ""


def admit(run: Run, record: Record) -> Admission:
    """Take the places that the record still needs; what it holds by then it holds.

    Raises StoreUnavailable and UnreadablePolicy.
    """
    found = _policy(run, record)
    steering, now = run.ports.control.current(run.now()), run.now()
    # What a waiting record names are places that it asked for; whether it has them only the store knows.
    places = [] if record.state is State.WAITING else list(record.places)
    if steering.paused:
        return Admission(tuple(places), held=PAUSED)
    for bucket, limit in missing(found.policy.limits, places, now):
        if not run.ports.store.take_place(bucket, record.request_id, limit, now):
            return Admission(tuple(places), held=LIMIT)
        places.append(bucket)
    return Admission(tuple(places), min(steering.good_until, found.good_until))


def _policy(run: Run, record: Record) -> InForce:
    """Return the policy in force; where nobody can read it, what was let in before goes on with what it holds."""
    try:
        return run.ports.policies.current(run.now())
    except UnreadablePolicy as failure:
        if record.state is State.WAITING:
            raise
        run.policy_unreadable(failure)
        return InForce()


def is_paused(run: Run) -> bool:
    """Tell whether an operator has paused buying, as far as is known."""
    return run.ports.control.current(run.now()).paused


def begins_held(run: Run) -> tuple[str, tuple[str, ...]]:
    """Return what a new request has to wait for, if anything, and the buckets that it will take places of.

    Raises StoreUnavailable and UnreadablePolicy.
    """
    now = run.now()
    places = tuple(in_force(run.ports.policies.current(now).policy.limits, now))
    return (PAUSED if is_paused(run) else LIMIT if places else ""), places


def give_back_surplus(run: Run, record: Record, taken: Iterable[str]) -> None:
    """Give back what was taken for a record that turned out to be somebody else's, or at its end."""
    for bucket in taken:
        if not keeps(record, bucket):
            run.ports.store.give_back(bucket, record.request_id)


def give_back_ended(run: Run, record: Record) -> None:
    """Give back the places of a record that has ended; once more does no harm."""
    for bucket in given_back(record):
        run.ports.store.give_back(bucket, record.request_id)


def look_after(run: Run) -> bool:
    """Do the timer's part: remind of a pause, and give back what ended holders still hold; tell whether it is paused.

    Raises StoreUnavailable.
    """
    now = run.now()
    pause = run.ports.control.current(now).pause
    paused = pause is not None and pause.active
    if pause is not None and paused:
        age = now - pause.at
        told = {"by": pause.by, "reason": pause.reason, "since": round(pause.at, 3), "seconds": round(age)}
        run.ports.log.warning("paused", **told)
        if age >= REMINDER_SECONDS:
            run.ports.log.error("still_paused", **told)
    try:
        limits = run.ports.policies.current(now).policy.limits
    except UnreadablePolicy as failure:
        run.policy_unreadable(failure)
        return paused
    minutes = int(now // 60)
    for bucket in in_force(limits, now) if minutes % LOOK_MINUTES == 0 else ():
        _look_over(run, bucket, now, minutes // LOOK_MINUTES)
    return paused


def _look_over(run: Run, bucket: str, now: float, turn: int) -> None:
    holders = run.ports.store.holders(bucket)
    older = sorted(holder for holder, taken_at in holders.items() if taken_at < now - LEFT_SECONDS)
    if not older:
        return
    first = turn * LOOKED_AT % len(older)
    for holder in [*older[first:], *older[:first]][:LOOKED_AT]:
        try:
            record = run.ports.store.get(holder)
        except UnreadableRecord as failure:
            run.record_unreadable(holder, failure)
            continue
        if not keeps(record, bucket):
            run.ports.store.give_back(bucket, holder)
            run.ports.log.warning("place_given_back", request_id=holder, bucket=bucket)
