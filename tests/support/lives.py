"""Records of requests at different points of their lives, written as the worker writes them, without a worker."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from local.runtime.environment import DATABASE
from local.runtime.mns import Message, decode
from shared.adapters.sqlite import SqliteStore
from shared.adapters.system import SystemEntropy
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle import events
from shared.domain.lifecycle.claim import claim
from shared.domain.lifecycle.record import Created, Instance
from shared.domain.lifecycle.transitions import advance
from shared.domain.message.parse import parse
from shared.domain.message.request import Request
from shared.domain.timings import Timings

if TYPE_CHECKING:
    from pathlib import Path

    from shared.domain.lifecycle.record import Record

TIMINGS = Timings(deployment="local")
STORE = "5f0e1d2c"
NO_STOCK = ApiError("CreateInstance", 403, "OperationDenied.NoStock", "sold out")


def pending(body: str, instance_id: str, began: float) -> Record:
    """Return a record whose instance exists."""
    return advance(fresh(body, began), events.InstanceCreated(1, Created(instance_id)), began + 1, TIMINGS)


def fresh(body: str, began: float) -> Record:
    """Return a record that has just been claimed."""
    request = parse(body)
    assert isinstance(request, Request), request
    return claim(
        request, "m-1", store=STORE, claimant="me", nonce="n", now=began, call_until=began + 30, timings=TIMINGS
    )


def completed(body: str, instance_id: str, began: float) -> Record:
    """Return a record whose outcome is published."""
    ready = events.Ready(Instance(instance_id, "Running"))
    ended = advance(pending(body, instance_id, began), ready, began + 2, TIMINGS)
    return advance(ended, events.Published(), began + 3, TIMINGS)


def limited(body: str, instance_id: str, began: float) -> Record:
    """Return a record whose instance ECS releases an hour after it was made, its outcome published."""
    record = pending(json.dumps({**json.loads(body), "releaseAfterSeconds": 3600}), instance_id, began)
    ready = events.Ready(Instance(instance_id, "Running"))
    for event in (events.LifetimeSet(), ready, events.Published()):
        record = advance(record, event, began + 2, TIMINGS)
    return record


def failed(body: str, began: float) -> Record:
    """Return a record that failed without an instance, its outcome published."""
    ended = advance(fresh(body, began), events.CreateFailed("me", 1, NO_STOCK, 0.0), began + 2, TIMINGS)
    return advance(ended, events.Published(), began + 3, TIMINGS)


def released(body: str, instance_id: str, began: float) -> Record:
    """Return a record whose outcome says that the instance was released."""
    record = pending(json.dumps({**json.loads(body), "onFailure": "release"}), instance_id, began)
    for event in (events.Expired(), events.DeleteAccepted(), events.Gone(), events.Published()):
        record = advance(record, event, began + 1000, TIMINGS)
    return record


def write(folder: Path, *records: Record) -> None:
    """Put records into the data directory's store."""
    store = SqliteStore(str(folder / DATABASE), entropy=_Given())
    assert store.identity() == STORE
    for record in records:
        assert store.claim(record) is None
    store.close()


class _Given(SystemEntropy):
    """Gives the store the identity that is in the records' tags."""

    def token(self) -> str:
        """Return it, with the digits that are left out."""
        return STORE.ljust(32, "0")


def plain(message: Message) -> str:
    """Return a message's body without its base64."""
    return decode(message.body)


def now() -> float:
    """Return the machine's time."""
    return time.time()


def json_lines(text: str) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [json.loads(line) for line in text.splitlines()]
