"""What a consumer does with an outcome: once for each `id`, however often it arrives."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import Any

COMPLETED = "provisioning.instance.completed"
FAILED = "provisioning.instance.failed"


def handle_once(body: str | bytes) -> bool:
    """Act on an outcome unless its id was handled before, and tell whether it was new.

    It raises whatever acting raises, and remembers nothing then.

    Act and memory are one transaction here. Where acting changes another system, it has to bear a repeat after a crash.
    """
    event = json.loads(body)
    with closing(sqlite3.connect(os.environ.get("HANDLED", "handled.db"), timeout=30)) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS handled (id TEXT PRIMARY KEY)")
        is_new = database.execute("INSERT OR IGNORE INTO handled VALUES (?)", (event["id"],)).rowcount == 1
        if is_new:
            act(event)
    return is_new


def act(event: dict[str, Any]) -> None:
    """Do what your program is for. Every field that can be null is treated as such here."""
    data = event["data"]
    # Of a refused message without a readable id, requestId is null; the subject is the message's id then.
    who = data["requestId"] or event["subject"]
    if event["type"] == COMPLETED:
        instance = data["instance"]
        told = f"{instance['instanceId']} is {instance['status']}" if instance else "the dry run passed"
    elif event["type"] == FAILED:
        error = data["error"]
        told = f"{error['code']} ({error['category']}, retry {error['retry']}): {error['remedy']}"
        if data["instance"]:
            told += f" {data['instance']['instanceId']} was {data['instance']['disposition']}."
    else:
        # A type of a later version: nothing to do is better than an outcome that comes back for ever.
        told = f"ignored, an outcome of type {event['type']}"
    print(f"{who}: {told}", flush=True)
