"""The demo without its display: sends the samples, receives the outcomes, compares them with what is expected."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local import defaults
from local.runtime.mns import QueueClient
from local.samples import differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local.runtime.access import Access
    from local.samples import Sample

WAIT_SECONDS = 1


@dataclass(slots=True)
class Progress:
    """How far one sample is. `bodies` are the outcomes that came for it, `problems` what is wrong with them."""

    sample: Sample
    message_ids: tuple[str, ...]
    sent_at: float
    bodies: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float | None = None

    @property
    def outcome(self) -> dict[str, Any] | None:
        """The first outcome, read."""
        return json.loads(self.bodies[0]) if self.bodies else None

    @property
    def good(self) -> bool:
        """Whether the expected outcome came and nothing else."""
        return bool(self.bodies) and not self.problems

    def take(self, body: str) -> None:
        """Take an outcome in and judge it: as expected, and every repeat the same bytes."""
        if not self.bodies:
            self.seconds = time.monotonic() - self.sent_at
            self.problems += differences(self.sample.expect, json.loads(body))
        elif body != self.bodies[0]:
            self.problems.append("a repeated outcome has other bytes")
        self.bodies.append(body)


class Demonstration:
    """One run through the samples against a cloud and a worker that are running."""

    def __init__(self, access: Access, samples: Sequence[Sample]) -> None:
        self._access = access
        self.rows: list[Progress] = []
        with QueueClient(access, defaults.QUEUE) as requests:
            for sample in samples:
                ids = tuple(requests.send(sample.body) for _ in range(sample.times))
                self.rows.append(Progress(sample, ids, time.monotonic()))
        self.strangers: list[str] = []

    @property
    def good(self) -> bool:
        """Whether every message got the outcome it should have, and there was no other outcome."""
        return all(row.good for row in self.rows) and not self.strangers

    def outcomes(self, seconds: float) -> Iterator[str | None]:
        """Yield each outcome's bytes as it arrives and None now and then, until all are there or the time is up."""
        ends_at = time.monotonic() + seconds
        with QueueClient(self._access, defaults.INBOX) as inbox:
            while not all(row.bodies for row in self.rows) and time.monotonic() < ends_at:
                messages = inbox.receive(1, WAIT_SECONDS)
                for message in messages:
                    self._take(message.body)
                    inbox.delete([message])
                    yield message.body
                if not messages:
                    yield None

    def count_instances(self, instances: Sequence[dict[str, Any]]) -> None:
        """Compare the instances that exist, by their request tag, with what each sample must leave."""
        for row in self.rows:
            tags = (instance["Tags"].get(defaults.REQUEST_TAG, "") for instance in instances)
            number = sum(tag.partition("/")[2] == row.sample.request_id for tag in tags)
            if number != row.sample.instances:
                row.problems.append(f"{number} instances, not {row.sample.instances}")

    def _take(self, body: str) -> None:
        message_id = json.loads(body)["data"]["messageId"]
        for row in self.rows:
            if message_id in row.message_ids:
                row.take(body)
                return
        self.strangers.append(body)
