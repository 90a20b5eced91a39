"""What the page is told of a pause: by the lines of the timer's runs, for as long as they say so."""

from __future__ import annotations

import json
from typing import Any

from local.trace.trace import Trace
from local.trace.worker_log import LONGEST, read_lines


def said(trace: Trace, event: str, **fields: Any) -> None:
    """Let the worker log one line."""
    read_lines(trace, [json.dumps({"event": event, **fields})], 5.0)


def test_a_pause_is_shown_until_a_run_without_it() -> None:
    """Who, why and since when stand there until a run ends that was not paused."""
    trace = Trace("run")
    said(trace, "run", reason="idle")
    assert trace.part("pause") is None
    said(trace, "paused", level="warning", by="ann", reason="x" * 999, since=1.5, seconds=3, secret="no")
    said(trace, "run", reason="idle", paused=True)
    assert trace.part("pause") == {"by": "ann", "reason": "x" * LONGEST, "since": 1.5}
    said(trace, "run", reason="idle")
    assert trace.part("pause") is None


def test_what_a_request_waits_for_is_a_step_once() -> None:
    """A request that waits says what for, once for each thing; its state is the worker's word."""
    trace = Trace("run")
    trace.remember("m1", "r1")
    trace.tell("r1", 1.0, "enqueued", "message m1", state="queued")
    for held in ("PolicyLimit", "PolicyLimit", "PolicyPaused"):
        said(trace, "message", request_id="r1", message_id="m1", end="deferred", state="waiting", held=held,
             accepted_at=2.0)  # fmt: skip
    request = trace.requests["r1"]
    assert request.state == "waiting"
    assert [step.text for step in request.steps if step.kind == "waiting"] == [
        "for a place: all that the policy's limits leave are taken", "for the end of a pause",
    ]  # fmt: skip
