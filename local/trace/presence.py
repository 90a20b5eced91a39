"""Whether a worker is there: it says so every few seconds, and one that falls silent is gone."""

from __future__ import annotations

from dataclasses import dataclass

SILENT_SECONDS = 8.0
"""So long after its last word a worker is taken for gone; it speaks four times as often."""


@dataclass(slots=True)
class Presence:
    """When the worker was heard last: by the machine's monotonic clock, and by the cloud's."""

    _heard: float | None = None
    _heard_at: float = 0.0

    def hear(self, moment: float, now: float) -> None:
        """Take a word from the worker."""
        self._heard, self._heard_at = moment, now

    def to_json(self, moment: float) -> dict[str, object]:
        """Return `never`, `here`, or `gone` with the cloud's time of the last word."""
        if self._heard is None:
            return {"state": "never"}
        if moment - self._heard < SILENT_SECONDS:
            return {"state": "here"}
        return {"state": "gone", "heardAt": round(self._heard_at, 3)}
