"""The timer function: watches open work for most of a minute and publishes the outcomes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

from shared.invocation import begin, report, warm_up
from shared.usecases.poll import RunEnd, poll


class PollFailed(Exception):
    """A run ended early; the next one goes on from what is recorded."""


def initializer(context: object) -> None:
    """Pay for imports, clients and settings before the first event; raise when a setting is wrong."""
    warm_up(context, os.environ)


def handler(_event: bytes, context: object) -> str:
    """Make polling rounds until the time is up; return what they did, as JSON."""
    try:
        run = begin(context, os.environ)
        settings = run.settings
        # The last round starts within poll_seconds; its last call may take a call's time more.
        ends_at = min(run.ends_at, run.ports.clock.now() + settings.poll_seconds + settings.call_seconds)
        done = poll(run.ports, settings.timings, ends_at=ends_at, workers=settings.workers)
        # Whatever it did: an alarm counts these lines.
        paused = {"paused": True} if done.paused else {}
        run.ports.log.info(
            "run", reason=done.reason.value, rounds=done.rounds, looked=done.looked, ended=done.ended, **paused
        )
        if done.reason is RunEnd.KEYS:
            run.note_refused_keys()
        return json.dumps(asdict(done))
    except Exception as error:  # noqa: BLE001 - only a text without secrets may leave
        reason = report("poll_failed", error, context)
    raise PollFailed(reason)
