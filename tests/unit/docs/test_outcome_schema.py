from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from local.docs.outcome_schema import CATEGORIES, outcome_schema
from shared.domain.errors.listing import entries
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle.outcome import completed, failed, refused
from shared.domain.lifecycle.record import Failure, Generation, Instance, Record, State
from shared.domain.timings import Timings
from tests.support.messages import message, refused_text

SCHEMA = json.loads(outcome_schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
TIMINGS = Timings("local")
NOW = 1795564800.0
RECORD = Record(
    request_id="order-1",
    version=3,
    state=State.COMPLETED,
    message_id="m-1",
    accepted_at=NOW - 60,
    due_at=NOW,
    region_id="cn-hangzhou",
    nonce="n",
    metadata={"ticket": "OPS-12"},
    generations=(
        Generation(1, 0, "t1", error_code="OperationDenied.NoStock"),
        Generation(2, 1, "t2", {"ZoneId": "cn-hangzhou-h", "SystemDisk": None}),
    ),
    order_id="1",
    trade_price=0.165,
)
INSTANCE = Instance("i-1", "Running", "ecs.g6.large", "cn-hangzhou-h", ("10.0.0.1",), "1.2.3.4")
NO_STOCK = ApiError("CreateInstance", 403, "OperationDenied.NoStock", "sold out", "r-1")
SILENCE = ApiError("CreateInstance", None, "", "no answer")
REFUSED = json.dumps(message({"Bogus": 1, "Password": "x"}))

OUTCOMES = {
    "completed": completed(RECORD, INSTANCE, NOW, TIMINGS),
    "completed without an address": completed(
        replace(RECORD, order_id=None, trade_price=None), Instance("i", "Stopped"), NOW, TIMINGS
    ),
    "dry run": completed(RECORD, None, NOW, TIMINGS),
    "failed to create": failed(RECORD, Failure("create", NO_STOCK), None, NOW, TIMINGS),
    "no answer": failed(RECORD, Failure("create", SILENCE), None, NOW, TIMINGS),
    **{
        how: failed(RECORD, Failure("start", NO_STOCK), {"instanceId": "i-1", "disposition": how}, NOW, TIMINGS)
        for how in ("kept", "released", "vanished")
    },
    "refused": refused(refused_text(REFUSED), "m-1", NOW, TIMINGS),
    "malformed": refused(refused_text("{"), "m-1", NOW, TIMINGS),
    "duplicate": refused(refused_text(REFUSED), "m-1", NOW, TIMINGS, duplicate_of="order-1"),
    "very wrong": refused(refused_text(json.dumps(message({f"x{n}": n for n in range(99)}))), "m-1", NOW, TIMINGS),
}


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
def test_every_outcome_fits_its_schema(outcome: str) -> None:
    """What the worker publishes fits the published schema, and the schema describes every field of it."""
    event = json.loads(outcome)
    VALIDATOR.validate(event)
    shape = SCHEMA["$defs"][event["type"].rpartition(".")[2]]
    assert event.keys() == shape["properties"].keys()
    assert event["data"].keys() <= shape["properties"]["data"]["properties"].keys()


def test_the_first_fifty_violations_are_published() -> None:
    """Past 50 violations the others are counted."""
    data = json.loads(OUTCOMES["very wrong"])["data"]
    assert (len(data["violations"]), data["violationsOmitted"]) == (50, 49)


@pytest.mark.parametrize("change", [
    {"type": "provisioning.instance.lost"},
    {"dataschema": "urn:x"},
    {"time": "today"},
    {"data": {}},
])  # fmt: skip
def test_something_else_does_not_fit(change: dict[str, Any]) -> None:
    """The schema is not satisfied by just anything."""
    assert not VALIDATOR.is_valid(json.loads(OUTCOMES["completed"]) | change)
    data = json.loads(OUTCOMES["failed to create"])
    data["data"]["refused"] = True
    assert not VALIDATOR.is_valid(data)


def test_every_category_of_the_catalogue_is_in_the_schema() -> None:
    """A consumer that reads the schema knows every category there is."""
    assert {entry.verdict.category for entry in entries()} <= set(CATEGORIES)
