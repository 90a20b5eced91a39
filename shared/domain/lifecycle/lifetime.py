"""When an instance is to be released by ECS itself, and how that instant gets to ECS.

    pending ──Stopped──► (release time) ──► (address) ──► StartInstance …

The instant is recorded with the instance's id and set before anything starts. ECS takes whole minutes, from half an
hour to three years ahead: one that has come too near by then is put off, and recorded again, before the call.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shared.domain.timings import LONGEST_LIFETIME_SECONDS, SHORTEST_LIFETIME_SECONDS

if TYPE_CHECKING:
    from shared.domain.lifecycle.events import LifetimeSet, ReleaseTimeMoved
    from shared.domain.lifecycle.record import Record
    from shared.domain.timings import Timings

_MINUTE = 60


def release_time(now: float, seconds: float) -> float:
    """Return the last whole minute of a lifetime that begins now."""
    return math.floor((now + seconds) / _MINUTE) * float(_MINUTE)


def settable(release_at: float, now: float, timings: Timings) -> float:
    """Return the instant nearest to the wanted one that ECS takes now, however its clock disagrees with ours."""
    skew = timings.skew_seconds
    earliest = math.ceil((now + SHORTEST_LIFETIME_SECONDS + skew) / _MINUTE) * float(_MINUTE)
    return min(max(release_at, earliest), release_time(now, LONGEST_LIFETIME_SECONDS - skew))


def is_unset(record: Record) -> bool:
    """Tell whether ECS has still to be told when to release the instance."""
    return record.release_at is not None and record.lifetime_set_at is None


def on_moved(record: Record, event: ReleaseTimeMoved, _now: float, _timings: Timings) -> Record:
    """Take another instant, unless ECS has been told one, or another run of the timer has moved it meanwhile."""
    stands = is_unset(record) and record.release_at == event.instead_of
    return record.changed(release_at=event.release_at) if stands else record


def on_set(record: Record, _event: LifetimeSet, now: float, _timings: Timings) -> Record:
    """Go on to whatever comes after."""
    return record.changed(lifetime_set_at=now, tries=0, last_error=None) if is_unset(record) else record
