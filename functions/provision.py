"""The queue function: takes a batch of messages and provisions them side by side.

It fails only when a message could neither be handled nor sent again, or when the event is no batch at all. Then it ends
the process instead of raising: the platform writes the event of a handler that raised to its log, passwords included.
"""

from __future__ import annotations

import json
import os

from shared.invocation import begin, report, warm_up
from shared.trigger import deliveries
from shared.usecases.provision import provision


def initializer(context: object) -> None:
    """Pay for imports, clients and settings before the first message; raise when a setting is wrong."""
    warm_up(context, os.environ)


def handler(event: bytes, context: object) -> str:
    """Provision the messages of a trigger event; return how many ended how, as JSON."""
    try:
        run = begin(context, os.environ)
        settings = run.settings
        batch = provision(
            deliveries(event),
            run.ports,
            settings.timings,
            settings.check_options,
            ends_at=run.ends_at,
            workers=settings.workers,
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the platform must not print the event for it
        report("provision_failed", error, context)
        raise SystemExit(1) from None
    if batch.keys_refused:
        run.note_refused_keys()
    if batch.unacknowledged:
        raise SystemExit(1)
    return json.dumps(batch.ends)
