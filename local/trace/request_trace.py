"""One request on its way: where it stands, and the steps that led there."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.domain.errors.catalogue import classify
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle.outcome import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.lifecycle.record import Record

STATES = (
    "queued", "delivered", "waiting", "creating", "pending", "starting", "releasing", "completed", "failed", "refused",
)  # fmt: skip
"""Where a request can stand, in the order it gets there; the first two and the last have no record."""
TITLES = {
    "waiting": "Waiting", "cancelled": "Taken back",
    "enqueued": "Enqueued", "delivered": "Delivered", "claimed": "Claimed", "called": "Called", "error": "Error",
    "fault": "Held up", "passed": "Checked", "created": "Created", "stopped": "Stopped", "address": "Address",
    "lifetime": "Lifetime set",
    "start": "Start called", "running": "Started", "decided": "Giving up", "release": "Delete called", "gone": "Gone",
    "ended": "Ended", "published": "Published", "deferred": "Deferred", "duplicate": "Duplicate",
    "repeated": "Repeated", "refused": "Refused",
    "unacknowledged": "Not dealt with", "buried": "Buried",
}  # fmt: skip
"""Every kind of step, and what it is called."""
WAITS = {
    "PolicyLimit": "for a place: all that the policy's limits leave are taken",
    "PolicyPaused": "for the end of a pause",
}
"""What a request can wait for before it buys, in words."""
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
OUTCOMES = 4
LONGEST = 80
"""How many steps of a request are kept: the first half, and the latest."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. `number` counts everything that was ever told; `at` is in epoch seconds.

    `error` is what an answer that was no success means: code, status, category, retry, remedy.
    """

    number: int
    at: float
    kind: str
    text: str
    error: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what the feed sends."""
        data: dict[str, Any] = {"n": self.number, "at": round(self.at, 3), "kind": self.kind}
        data |= {"title": TITLES[self.kind], "text": self.text}
        return data | ({"error": self.error} if self.error else {})


@dataclass(slots=True)
class RequestTrace:
    """A request, or a message that never became one. `version` is the number of its last change.

    `message` is the first message as it may be shown; `outcomes` are the texts published about it, each once.
    """

    key: str
    first_at: float
    changed_at: float
    state: str = "queued"
    version: int = 0
    attempts: int = 0
    generation: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list, repr=False)
    message: Any = None
    outcomes: list[str] = field(default_factory=list, repr=False)

    def move(self, state: str) -> None:
        """Go on to a state, never back: what is told may come late. A corrected message may follow a refused one."""
        if state not in STATES or (state == "refused" and STATES.index(self.state) > STATES.index("delivered")):
            return
        if self.state == "refused" or STATES.index(state) > STATES.index(self.state):
            self.state = state

    def add(self, step: Step) -> None:
        """Put a step where its time belongs; of very many the middle is forgotten."""
        bisect.insort(self.steps, step, key=lambda other: other.at)
        if len(self.steps) > LONGEST:
            del self.steps[LONGEST // 2]

    def knows(self, kind: str) -> bool:
        """Tell whether a step of this kind is known already."""
        return any(step.kind == kind for step in self.steps)

    def to_json(self, since: int = 0) -> dict[str, Any]:
        """Return how it stands, and the steps that were told after `since`."""
        return {
            "id": self.key,
            "state": self.state,
            "firstAt": round(self.first_at, 3),
            "changedAt": round(self.changed_at, 3),
            "attempts": self.attempts,
            "generation": self.generation,
            **self.facts,
            "steps": [step.to_json() for step in self.steps if step.number > since],
        }

    def whole(self) -> dict[str, Any]:
        """Return everything that is known, the message and the outcomes too."""
        return self.to_json() | {"message": self.message, "outcomes": self.outcomes}

    def publish(self, body: str) -> None:
        """Keep what was published; of many different texts the first and the latest."""
        if body not in self.outcomes:
            self.outcomes = [*self.outcomes[:1], *self.outcomes[1:][-OUTCOMES + 2 :], body]


def meaning(error: ApiError) -> dict[str, Any]:
    """Return code, status, category, whether to try again, and what to do."""
    verdict = classify(error)
    return {
        "code": error.code or "NoAnswer",
        "status": error.http_status,
        "category": verdict.category,
        "retry": verdict.retry.value,
        "remedy": verdict.remedy,
    }


def meaning_of(error: dict[str, Any]) -> dict[str, Any]:
    """Return the same of an outcome's `error`, with the API's own words."""
    names = ("code", "category", "retry", "remedy", "message", "parameter")
    return {name: error.get(name) for name in names} | {"status": error.get("httpStatus")}


def as_id(value: object) -> str | None:
    """Return an id of a request or message that has the form of one, else None."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def steps_of(record: Record) -> list[Step]:
    """Return the steps as a record tells them: fewer than the cloud saw, and known as long as the record is kept."""
    told = sorted([*_told(record), *_steered(record)], key=lambda item: item[0])
    return [Step(number, at, kind, text, error) for number, (at, kind, text, error) in enumerate(told, start=1)]


def _told(record: Record) -> Iterator[tuple[float, str, str, dict[str, Any] | None]]:
    yield record.accepted_at, "claimed", "the request is recorded", None
    known_until = record.created_at or record.finished_at or record.accepted_at
    for generation in record.generations:
        if generation.error_code:
            # When a generation failed is not recorded: before what came next.
            text = f"CreateInstance, generation {generation.number}: {generation.error_code}"
            yield known_until, "error", text, meaning(ApiError("CreateInstance", None, generation.error_code, ""))
    name = record.instance_id
    if record.created_at is not None:
        yield record.created_at, "created", f"{name}, generation {record.generation.number}", None
    if record.lifetime_set_at is not None and record.release_at is not None:
        yield record.lifetime_set_at, "lifetime", f"ECS releases it at {rfc3339(record.release_at)}", None
    if record.start_sent_at is not None:
        yield record.start_sent_at, "start", "StartInstance", None
    if record.releasing_since is not None:
        yield record.releasing_since, "decided", "the instance is to be released", None
    if record.deleted_at is not None:
        yield record.deleted_at, "release", f"{name}: DeleteInstance was accepted", None
    if record.finished_at is not None:
        error = record.failure.error if record.failure else None
        text = record.state.value + (
            f": {error.code or 'no answer'} at {record.failure.stage}" if error and record.failure else ""
        )
        meant = meaning(error) if error else None
        yield record.finished_at, "ended", text, meant
    if record.published_at is not None:
        yield record.published_at, "published", record.state.value, None


def _steered(record: Record) -> Iterator[tuple[float, str, str, dict[str, Any] | None]]:
    """Yield what limits and operators had to do with it."""
    if record.held:
        yield record.accepted_at, "waiting", WAITS.get(record.held, record.held), None
    if record.cancel is not None:
        yield record.cancel["at"], "cancelled", f"by {record.cancel['by']}: {record.cancel['reason']}", None
