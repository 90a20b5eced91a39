"""The steps of a request as its record tells them: fewer than the cloud saw, and known for as long as the record is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.story.journey import Step
from local.story.meaning import meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.lifecycle.record import Record


def steps_of(record: Record) -> list[Step]:
    """Return what the record knows, in order of time."""
    told = sorted(_told(record), key=lambda item: item[0])
    return [Step(number, at, kind, text, error) for number, (at, kind, text, error) in enumerate(told, start=1)]


def _told(record: Record) -> Iterator[tuple[float, str, str, dict[str, Any] | None]]:
    yield record.accepted_at, "claimed", "the request is recorded", None
    known_until = record.created_at or record.finished_at or record.accepted_at
    for generation in record.generations:
        if generation.error_code:
            # When a generation failed is not recorded: before what came next.
            text = f"CreateInstance, generation {generation.number}: {generation.error_code}"
            yield known_until, "error", text, meaning("CreateInstance", None, generation.error_code)
    name = record.instance_id
    if record.created_at is not None:
        yield record.created_at, "created", f"{name}, generation {record.generation.number}", None
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
        meant = meaning(error.action, error.http_status, error.code, error.message) if error else None
        yield record.finished_at, "ended", text, meant
    if record.published_at is not None:
        yield record.published_at, "published", record.state.value, None
