"""Requests in every state, told to the cloud's recorder as if they had happened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local import defaults
from local.trace.request_trace import meaning
from shared.domain.errors.model import ApiError

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud

STATES = ("completed", "completed", "failed", "starting", "refused", "creating", "releasing", "queued")


def enqueue(cloud: Cloud, request_id: str) -> None:
    """Tell of a message in the queue."""
    with cloud.lock:
        body = json.dumps({"requestId": request_id})
        cloud.recorder.sent(defaults.QUEUE, f"M{request_id}", body, cloud.clock.now(), 0)


def tell_of(cloud: Cloud, number: int, *, long_ids: bool = False) -> None:
    """Tell of so many requests: `request-0` is the oldest."""
    start = cloud.clock.now() - number
    error = meaning(ApiError("CreateInstance", 403, "OperationDenied.NoStock", ""))
    with cloud.lock:
        trace = cloud.recorder.trace
        for place in range(number):
            key = f"request-{place}" + ("-" + "x" * 45 if long_ids else "")
            at, state = start + place, STATES[place % len(STATES)]
            trace.tell(key, at, "enqueued", "message M1")
            trace.tell(key, at + 0.1, "called", "CreateInstance: cn-hangzhou-h, ecs.g6.large", state="creating")
            trace.tell(key, at + 0.2, "error", "CreateInstance: OperationDenied.NoStock", error=error)
            trace.tell(key, at + 0.3, "created", "i-bp67f1c2d30000000001", state="pending", type="ecs.g6.large")
            if state == "refused":
                trace.requests[key].state = state
            bad = error if state in {"failed", "refused"} else None
            trace.tell(key, at + 0.4, "published", state, state=state, outcomeError=bad, error=bad)
