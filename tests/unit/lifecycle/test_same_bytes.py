"""Without profile, rules or lifetime a request is recorded and answered in the bytes of the version before these."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from shared.domain.errors.model import ApiError
from shared.domain.lifecycle import events
from shared.domain.lifecycle.claim import claim
from shared.domain.lifecycle.record import Created, Instance
from shared.domain.lifecycle.record_json import to_json
from shared.domain.lifecycle.transitions import advance
from shared.domain.message.parse import parse
from shared.domain.message.request import Request
from shared.domain.policy.document import Policy
from shared.domain.timings import Timings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.lifecycle.record import Record

TIMINGS = Timings(deployment="local")
BODY = json.dumps(
    {
        "requestId": "order-1",
        "parameters": {
            "RegionId": "cn-hangzhou", "InstanceType": "ecs.g6.large", "ImageId": "i",
            "Tag": [{"Key": "a", "Value": "b"}],
        },
        "alternatives": [{"InstanceType": "ecs.g7.large"}], "onFailure": "release", "metadata": {"a": "b"},
    }
)  # fmt: skip
RECORDED = (
    "b3e5c4d187f8779e", "db27a6bb3a0fb035", "db6f9784e16fdaff", "4820fd2153837a49", "9dfc9d0d8476b4a0",
    "9c01ec86a7c86452",
)  # fmt: skip
"""Digests of the record after each step, frozen outcome included, made by the commit before policies."""
SOLD_OUT = ApiError("CreateInstance", 403, "OperationDenied.NoStock", "sold out")


def life(request: Request) -> Iterator[Record]:
    """Yield the record of a request after each step of its life."""
    record = claim(
        request, "m-1", store="0a1b2c3d", claimant="me", nonce="n", now=1000.0, call_until=1030.0, timings=TIMINGS
    )
    yield record
    ready = events.Ready(Instance("i-1", "Running", "ecs.g7.large", "z", ("10.0.0.1",), None))
    steps: tuple[tuple[events.Event, float], ...] = (
        (events.CreateFailed("me", 1, SOLD_OUT, 0.0), 1001.0), (events.CallAnnounced("me", 1060.0), 1002.0),
        (events.InstanceCreated(2, Created("i-1", "o", 0.5)), 1003.0), (events.StartSent(), 1010.0), (ready, 1020.0),
    )  # fmt: skip
    for event, now in steps:
        record = advance(record, event, now, TIMINGS)
        yield record


def test_a_request_without_a_policy_has_the_bytes_it_always_had() -> None:
    """No member more, none in another place, in the record and in the outcome that is frozen in it."""
    request = parse(BODY, policy=Policy())
    assert isinstance(request, Request)
    found = tuple(hashlib.sha256(to_json(record).encode()).hexdigest()[:16] for record in life(request))
    assert found == RECORDED
