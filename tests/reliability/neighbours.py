"""The next version at the same store.

The next version has one more field, a count that it must find again, and one more state, which this version cannot
read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.domain.lifecycle import record_json
from shared.domain.lifecycle.record import SCHEMA, State
from tests.reliability.records import RESTING, understood
from tests.reliability.world import SimStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.lifecycle.record import OpenEntry, Record

FIELD = "novelty"


@dataclass(slots=True)
class NextStore(SimStore):
    """The store as the next version uses it."""

    def _decode(self, text: str) -> Record:
        world = self.call.world
        data = json.loads(understood(text))
        if data.pop(FIELD, 0) != world.records.written.get(data["request_id"], 0):
            world.records.lost.add(data["request_id"])
        return record_json.from_json(json.dumps({**data, "schema": min(data.get("schema", SCHEMA), SCHEMA)}))

    def _encode(self, record: Record) -> str:
        records, rng = self.call.world.records, self.call.world.kernel.random
        records.written[record.request_id] = records.written.get(record.request_id, 0) + 1
        data = json.loads(record_json.to_json(record))
        data |= {"schema": SCHEMA + 1, FIELD: records.written[record.request_id]}
        if record.state is State.PENDING and rng.random() < 0.5:
            data["state"] = RESTING
        return json.dumps(data)

    def _hint(self, record: Record) -> OpenEntry:
        """Return the entry as this version reads it: one of a state that it does not know has none."""
        text = self.call.world.records.texts.get(record.request_id, "{}")
        unknown = json.loads(text).get("state") == RESTING
        return replace(record.entry, schema=SCHEMA + 1, state=None if unknown else record.state)

    def open_work(self, now: float, after: tuple[float, str] | None = None) -> Iterator[OpenEntry]:
        for entry in SimStore.open_work(self, now, after):  # super() and slots disagree
            yield entry if entry.state else replace(entry, state=State.PENDING)
