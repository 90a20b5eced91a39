"""Records as a store keeps them: bytes, of whatever version."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.domain.lifecycle import record_json
from shared.domain.lifecycle.record import State

if TYPE_CHECKING:
    from shared.domain.lifecycle.record import Record

RESTING = "resting"
"""What the next version calls some of the records that are `pending`."""


@dataclass(slots=True)
class Records(MutableMapping[str, "Record"]):
    """The records' bytes by id; as a mapping, what the world knows of them, whoever wrote them.

    `written` counts the next version's writes of a record, `lost` names those whose count did not come back.
    """

    texts: dict[str, str] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)

    def __getitem__(self, key: str) -> Record:
        return record_json.from_json(understood(self.texts[key]))

    def __setitem__(self, key: str, record: Record) -> None:
        self.texts[key] = record_json.to_json(record)

    def __delitem__(self, key: str) -> None:
        del self.texts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.texts))

    def __len__(self) -> int:
        return len(self.texts)

    def version(self, key: str) -> int:
        """Return a record's version number, which every version of the worker can read; 0 when there is none."""
        return int(json.loads(self.texts[key])["version"]) if key in self.texts else 0


def understood(text: str) -> str:
    """Return the bytes of any version in the words of this one."""
    return text.replace(f'"state": "{RESTING}"', f'"state": "{State.PENDING.value}"')
