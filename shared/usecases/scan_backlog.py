"""What a pass has read and not yet done: where the next one begins, and the groups that are asked for together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.domain.lifecycle.record import OpenEntry

T = TypeVar("T")
Key = tuple[float, str]
"""An entry's place in the open set: when it is due, and its request id."""


@dataclass(slots=True)
class ScanCursor:
    """The entries that were read and are not done, each with the key before it. `last` is the last key read.

    Entries are worked on in groups, so the last one read may be done and an earlier one not.
    """

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


@dataclass(slots=True)
class Groups(Generic[T]):
    """Things grouped by their region, to be taken up `size` at a time, in the order in which they came."""

    size: int
    _items: dict[str, list[T]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether anything is left."""
        return bool(self._items)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the regions of which something is left, which may be taken meanwhile."""
        return iter(tuple(self._items))

    def add(self, region: str, item: T) -> bool:
        """Add to a region's group; tell whether it is full."""
        group = self._items.setdefault(region, [])
        group.append(item)
        return len(group) >= self.size

    def first(self, region: str) -> T:
        """Return what has been in a region's group longest."""
        return self._items[region][0]

    def take(self, region: str) -> list[T]:
        """Take out of a region's group what is asked for at once; the rest stays."""
        group = self._items.pop(region)
        if len(group) > self.size:
            self._items[region] = group[self.size :]
        return group[: self.size]


@dataclass(slots=True)
class Absences:
    """The entries that a status answer did not show, and the regions whose answers showed anything at all.

    When every id of a region is absent, that is a failed call: it neither ends nor extends anything.
    """

    _missed: dict[str, list[OpenEntry]] = field(default_factory=dict)
    _answering: set[str] = field(default_factory=set)

    def note(self, region: str, missed: list[OpenEntry], *, answering: bool) -> None:
        """Note whom an answer did not show; `answering` says that it showed somebody."""
        if missed:
            self._missed.setdefault(region, []).extend(missed)
        if answering:
            self._answering.add(region)

    def judged(self) -> Iterator[tuple[list[OpenEntry], bool]]:
        """Yield each region's absent entries, and whether their absence is to be believed."""
        for region, entries in self._missed.items():
            yield entries, region in self._answering


def _key(entry: OpenEntry) -> Key:
    return entry.due_at, entry.request_id
