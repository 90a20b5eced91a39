"""When something was, as the commands tell it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.domain.policy.control import Pause


def told_pause(pause: Pause) -> dict[str, Any]:
    """Return a pause as it is shown: since when, by whom, why."""
    return {"since": instant(pause.at), "by": pause.by, "reason": pause.reason}


def instant(seconds: float | None) -> str | None:
    """Return RFC 3339 in UTC, None for nothing."""
    if not seconds:
        return None
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
