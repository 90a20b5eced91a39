"""Places: what a request must hold before it may buy. Pure rules of the buckets that they are taken from.

The bucket `open` has as many places as requests may be open at once; each UTC hour has a bucket with as many as may
begin to buy in it. A place carries its holder, the request id: taking one twice is taking it once.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.policy.document import Limits

OPEN = "open"
_HOUR = "hour-"


def hour_bucket(now: float) -> str:
    """Return the bucket of the UTC hour of a time: `hour-2026-11-24T21`."""
    return f"{_HOUR}{datetime.fromtimestamp(now, tz=timezone.utc):%Y-%m-%dT%H}"


def is_hour(bucket: str) -> bool:
    """Tell whether a bucket is that of an hour, which nobody takes from once it is over."""
    return bucket.startswith(_HOUR)


def missing(limits: Limits, held: Iterable[str], now: float) -> list[tuple[str, int]]:
    """Return the buckets that a request still needs a place of, with their limits, in the order of taking.

    One place of a kind is enough for all its calls, whichever hour they are in. The hour's comes last: nobody holds
    one while he waits for another.
    """
    kinds = {_HOUR if is_hour(bucket) else bucket for bucket in held}
    needed = []
    if limits.open is not None and OPEN not in kinds:
        needed.append((OPEN, limits.open))
    if limits.per_hour is not None and _HOUR not in kinds:
        needed.append((hour_bucket(now), limits.per_hour))
    return needed


def in_force(limits: Limits, now: float) -> list[str]:
    """Return the buckets that places are taken from now."""
    return [bucket for bucket, _ in missing(limits, (), now)]
