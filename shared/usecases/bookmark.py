"""Where a pass over the open work goes on when its time was up.

Entries are read in order, but worked on in groups, so the last one read may be done and an earlier one not. The next
round has to begin with the first that was left: going on behind the last one read would leave a region with few
instances, whose group is never full, for later in every round.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.lifecycle.record import OpenEntry

Key = tuple[float, str]


@dataclass(slots=True)
class Bookmark:
    """The entries that were read and are not done, each with the key before it. `last` is the last key read."""

    last: Key | None
    _left: dict[Key, Key | None] = field(default_factory=dict)

    def read(self, entry: OpenEntry) -> None:
        """Note an entry, in the order of the pass."""
        key = _key(entry)
        self._left[key] = self.last
        self.last = key

    def done(self, entries: Iterable[OpenEntry]) -> None:
        """Note that nothing more has to be done for entries in this pass."""
        for entry in entries:
            self._left.pop(_key(entry), None)

    def place(self, *, whole: bool) -> Key | None:
        """Return the key to go on after; None to begin anew. `whole` says that the pass has read everything."""
        if self._left:
            return next(iter(self._left.values()))
        return None if whole else self.last


def _key(entry: OpenEntry) -> Key:
    return entry.due_at, entry.request_id
