"""`provisioner status`: one request's record."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from local.terminal import options
from local.terminal.moments import instant, told_pause
from local.terminal.output import console, json_line, progress, wants_json
from local.terminal.records import file_place, open_records
from shared.domain.lifecycle.record import UNBOUGHT
from shared.domain.lifecycle.record_json import to_json

if TYPE_CHECKING:
    from pathlib import Path

    from local.terminal.place import Where
    from shared.domain.lifecycle.record import Record

TIMES = frozenset(
    {"accepted_at", "due_at", "deadline", "call_until", "next_try_at", "created_at", "absent_since", "start_sent_at",
     "release_at", "lifetime_set_at", "releasing_since", "deleted_at", "finished_at", "published_at",
     "token_until", "not_after"}
)  # fmt: skip
"""The record's fields that are epoch seconds."""


@click.command(
    epilog=options.examples(
        "provisioner status order-20261124-0001 --endpoint http://127.0.0.1:4566",
        "provisioner status order-20261124-0001 --stack provisioner",
    )
)
@click.argument("request_id")
@options.where
@options.any_store
@options.any_data
@options.as_json
def status(*, request_id: str, where: Where, store: str | None, data: Path | None, as_json: bool) -> None:
    """Show where a request stands and how it got there; as JSON, everything that is recorded of it.

    --data alone reads a SQLite store without any cloud. With --endpoint the timeline
    is what the local cloud saw, calls and messages among it.
    Exit code 1 when nothing is recorded under that id: it never came, was refused, or ended over 30 days ago.
    """
    offline = data is not None and store != "tablestore" and not where.is_said
    place = file_place(data, os.environ) if offline and data else where.place(os.environ, store, data)
    with open_records(place) as records:
        record = records.get(request_id) if records else None
        waits = record is not None and record.state in UNBOUGHT
        pause = records.pause() if records and waits else None
    if records is None:
        progress(f"no record of {request_id}: there is no store in {place.data}; --data names another directory")
        sys.exit(1)
    if record is None:
        progress(f"no record of {request_id}; a refused message has none: its outcome says why (provisioner listen)")
        sys.exit(1)
    if wants_json(as_json):
        json_line(readable(record) | ({"paused": told_pause(pause)} if pause and pause.active else {}))
    else:
        _draw(record, where.endpoint)
        if pause and pause.active:
            progress(f"buying is paused since {instant(pause.at)} by {pause.by}: {pause.reason}")


def _draw(record: Record, endpoint: str | None) -> None:
    """Draw the timeline: the local cloud's, which saw more unless it was started since, or what the record knows."""
    from local.terminal.timeline import from_cloud, show  # noqa: PLC0415 - only people need it
    from local.trace.request_trace import steps_of  # noqa: PLC0415 - the same

    seen = from_cloud(endpoint, record.request_id) if endpoint else None
    steps = [step.to_json() for step in steps_of(record)]
    if seen is None or len(seen["steps"]) < len(steps):
        seen = {"instance": record.instance_id, "steps": steps}
    show(console(), record.request_id, record.state.value, seen["steps"], seen)
    progress("everything that is recorded: --json")


def readable(record: Record) -> dict[str, Any]:
    """Return the record with its times as RFC 3339 and its outcome as JSON, not as text."""
    data: dict[str, Any] = json.loads(to_json(record))
    for name in TIMES & data.keys():
        data[name] = instant(data[name])
    if data.get("cancel"):
        data["cancel"]["at"] = instant(data["cancel"]["at"])
    if data.get("outcome"):
        data["outcome"] = json.loads(data["outcome"])
    return data
