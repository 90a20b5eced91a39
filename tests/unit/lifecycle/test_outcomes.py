"""What an outcome says, member by member and word by word: consumers read all of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.create_instance.schema import Violation
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle import outcome
from shared.domain.lifecycle.record import Failure, Generation, Instance, Record, State
from shared.domain.lifecycle.verdicts import accepted_under, attempts
from shared.domain.message.request import Refusal, Request
from shared.domain.timings import Timings

TIMINGS = Timings(deployment="test")
NO_STOCK = ApiError("CreateInstance", 403, "OperationDenied.NoStock", "sold out", request_id="A-1")
RECORD = Record(
    request_id="r1", version=3, state=State.PENDING, message_id="m1", accepted_at=1000.0, due_at=1000.0, nonce="n",
    region_id="cn-hangzhou", deadline=1900.0, metadata={"a": "b"}, alternatives=[{"InstanceType": "ecs.g7.large"}],
    generations=(Generation(1, 0, "t1", {}, "OperationDenied.NoStock"), Generation(2, 1, "t2", {"InstanceType": "x"})),
)  # fmt: skip


def told(text: str) -> dict[str, Any]:
    """Return an outcome's data."""
    data: dict[str, Any] = json.loads(text)["data"]
    return data


def test_a_failure_is_told_whole() -> None:
    """Envelope, attempts, error and instance of a request that failed."""
    text = outcome.failed(RECORD, Failure("create", NO_STOCK), {"instanceId": "i-1"}, 1060.5, TIMINGS)
    event = json.loads(text)
    assert event["data"]["error"].pop("remedy")
    assert event == {
        "specversion": "1.0", "id": "6a8d319846d07dc9356fb37572c43508",
        "source": "urn:provisioner:test", "type": "provisioning.instance.failed",
        "subject": "r1", "time": "1970-01-01T00:17:40.500Z", "datacontenttype": "application/json",
        "dataschema": "urn:provisioner:schema:outcome:1",
        "data": {
            "requestId": "r1", "messageId": "m1", "regionId": "cn-hangzhou", "metadata": {"a": "b"},
            "attempts": [
                {"generation": 1, "overrides": {}, "errorCode": "OperationDenied.NoStock"},
                {"generation": 2, "overrides": {"InstanceType": "x"}, "errorCode": None},
            ],
            "acceptedAt": "1970-01-01T00:16:40.000Z", "finishedAt": "1970-01-01T00:17:40.500Z",
            "stage": "create", "instance": {"instanceId": "i-1"},
            "error": {
                "code": "OperationDenied.NoStock", "httpStatus": 403, "message": "sold out", "category": "capacity",
                "retry": "alternative", "parameter": "InstanceType", "apiRequestId": "A-1",
            },
        },
    }  # fmt: skip
    assert text == json.dumps(json.loads(text), separators=(",", ":")), "compact"
    assert outcome.tag_of(text) == "failed"


def test_an_instance_is_told_whole() -> None:
    """What a completed request got; the address that was allocated counts where the answer shows none."""
    instance = Instance("i-1", "Running", "ecs.g6.large", "cn-hangzhou-h", ("10.0.0.1",), None)
    record = RECORD.changed(order_id="o", trade_price=0.5, public_ip_address="47.1.1.1", release_at=7200.0)
    expected = {
        "instanceId": "i-1", "status": "Running", "instanceType": "ecs.g6.large", "zoneId": "cn-hangzhou-h",
        "privateIpAddresses": ["10.0.0.1"], "publicIpAddress": "47.1.1.1", "orderId": "o", "tradePrice": 0.5,
    }  # fmt: skip
    assert told(outcome.completed(record, instance, 1.0, TIMINGS))["instance"] == expected, "no time that was not set"
    record = record.changed(lifetime_set_at=1.0)
    expected["releaseAt"] = "1970-01-01T02:00:00.000Z"
    assert told(outcome.completed(record, instance, 1.0, TIMINGS))["instance"] == expected
    own = replace(instance, public_ip_address="47.2.2.2")
    assert told(outcome.completed(record, own, 1.0, TIMINGS))["instance"]["publicIpAddress"] == "47.2.2.2"
    dry = outcome.completed(record, None, 1.0, TIMINGS)
    assert (told(dry)["instance"], told(dry)["dryRun"], outcome.tag_of(dry)) == (None, True, "completed")


def test_no_answer_has_a_code_and_long_words_are_cut() -> None:
    """An error without a code is named; what the service says is told up to 600 characters."""
    data = outcome.error_data(ApiError("CreateInstance", None, "", "m" * 700))
    assert (data["code"], data["httpStatus"], data["message"]) == ("NoAnswer", None, "m" * 600)


@pytest.mark.parametrize(("duplicate_of", "subject"), [(None, "r1"), ("r1", "m1")])
def test_a_refusal_is_told_whole(duplicate_of: str | None, subject: str) -> None:
    """A refusal names every violation; it speaks for the message where its id is somebody else's."""
    refusal = Refusal((Violation("start", "InvalidParameter", "must be a boolean"),), "r1", "cn-hangzhou", {"a": "b"})
    event = json.loads(outcome.refused(refusal, "m1", 1000.0, TIMINGS, duplicate_of=duplicate_of))
    data = event["data"]
    assert event["id"] == "9d7c4353ae4b1223998c6c293bd6391f"
    assert (event["subject"], event["type"]) == (subject, "provisioning.instance.failed")
    assert data.pop("duplicateOf", None) == duplicate_of
    assert data.pop("error") == {
        "code": "InvalidParameter", "httpStatus": 400, "message": "must be a boolean", "category": "invalid_parameter",
        "retry": "never", "parameter": "start", "apiRequestId": None,
        "remedy": "Correct start and send the message again: must be a boolean.",
    }  # fmt: skip
    assert data == {
        "requestId": "r1", "messageId": "m1", "regionId": "cn-hangzhou", "attempts": [], "metadata": {"a": "b"},
        "acceptedAt": "1970-01-01T00:16:40.000Z", "finishedAt": "1970-01-01T00:16:40.000Z", "stage": "message",
        "refused": True, "violationsOmitted": 0, "instance": None,
        "violations": [{"field": "start", "code": "InvalidParameter", "message": "must be a boolean"}],
    }  # fmt: skip
    nobody = outcome.refused(replace(refusal, request_id=None), "m1", 1000.0, TIMINGS)
    assert json.loads(nobody)["subject"] == "m1"


@pytest.mark.parametrize(
    ("violation", "remedy"),
    [
        (Violation("a", "MissingParameter", "is missing."), "Add a and send the message again: is missing."),
        (Violation("a", "InvalidParameter", "is b meant?"), "Correct a and send the message again: is b meant?"),
    ],
)
def test_a_remedy_names_the_field(violation: Violation, remedy: str) -> None:
    """What is wrong with a message's own shape is told with what to do about which field."""
    data = told(outcome.refused(Refusal((violation,), "r1"), "m1", 1.0, TIMINGS))
    assert data["error"]["remedy"] == remedy


def test_a_refusal_for_a_bug_says_whom_to_tell() -> None:
    """ECS has that code, too, and means something else by it; without a field the catalogue's parameter is told."""
    error = told(outcome.refused(Refusal((Violation("", "InternalError", "x"),), "r1"), "m1", 1.0, TIMINGS))["error"]
    assert error["remedy"] == (
        "Tell whoever operates the worker, which has raised an alarm; send it again when that is mended."
    )
    assert (error["retry"], error["parameter"]) == ("never", None)
    missing = Refusal((Violation("", "InvalidInstanceType.ValueNotSupported", "x"),), "r1")
    assert told(outcome.refused(missing, "m1", 1.0, TIMINGS))["error"]["parameter"] == "InstanceType"


def test_many_violations_are_counted() -> None:
    """Fifty are told, the rest counted; fields and words are cut."""
    many = tuple(Violation("f" * 300, "InvalidParameter", "m" * 700) for _ in range(53))
    data = told(outcome.refused(Refusal(many[:20], "r1"), "m1", 1.0, TIMINGS))
    assert data["violations"][0] == {"field": "f" * 200, "code": "InvalidParameter", "message": "m" * 600}
    assert data["error"]["parameter"] == "f" * 200
    short = tuple(Violation("f", "InvalidParameter", "m") for _ in range(53))
    data = told(outcome.refused(Refusal(short, "r1"), "m1", 1.0, TIMINGS))
    assert (len(data["violations"]), data["violationsOmitted"]) == (50, 3)
    wide = tuple(Violation("f" * 200, "X", "\u4e2d" * 600) for _ in range(50))
    text = outcome.refused(Refusal(wide, "r1"), "m1", 1.0, TIMINGS)
    data = told(text)
    assert len(text) <= outcome.MAX_BYTES
    assert (len(data["violations"]), data["violationsOmitted"]) == (6, 44), "halved until it fits"


def test_overrides_give_way_when_nothing_else_can() -> None:
    """A failure too long for the topic leaves out what its attempts changed, and nothing of its answer."""
    long = RECORD.changed(generations=tuple(Generation(n, n, "t", {"InstanceType": "x" * 9000}) for n in range(1, 7)))
    text = outcome.failed(long, Failure("create", NO_STOCK), None, 1.0, TIMINGS)
    assert len(text) <= outcome.MAX_BYTES
    assert told(text)["attempts"][0] == {"generation": 1, "overrides": None, "errorCode": None}
    assert told(text)["error"]["message"] == "sold out"


def test_why_an_instance_was_kept_is_told() -> None:
    """What should have been released names the last refusal, cut, and when ECS releases it itself."""
    record = RECORD.changed(instance_id="i-1", release_at=7200.0, lifetime_set_at=1.0)
    reason = ApiError("DeleteInstance", 403, "InvalidOperation", "m" * 400)
    ended = outcome.fail(record, Failure("start", NO_STOCK), outcome.KEPT, 1060.0, TIMINGS, reason=reason)
    assert told(ended.outcome or "")["instance"] == {
        "instanceId": "i-1", "disposition": "kept", "releaseAt": "1970-01-01T02:00:00.000Z",
        "reason": f"InvalidOperation: {'m' * 300}",
    }  # fmt: skip
    assert (ended.state, ended.finished_at, ended.due_at, ended.calling) == (State.FAILED, 1060.0, 1060.0, False)
    silent = replace(reason, code="", message="reset")
    ended = outcome.fail(record, Failure("start", NO_STOCK), outcome.RELEASED, 1060.0, TIMINGS, reason=silent)
    assert told(ended.outcome or "")["instance"] == {
        "instanceId": "i-1", "disposition": "released", "reason": "no answer: reset",
    }  # fmt: skip
    ended = outcome.fail(RECORD, Failure("create", NO_STOCK), outcome.KEPT, 1.0, TIMINGS, reason=silent)
    assert told(ended.outcome or "")["instance"] is None


ENDS = [
    (outcome.timed_out(RECORD), None, "ProvisioningTimeout", "The request was not ready within its 900 seconds."),
    (outcome.timed_out(RECORD.changed(held="PolicyPaused")), None, "PolicyPaused",
     "An operator's pause lasted until the request's time was over."),
    (outcome.timed_out(RECORD.changed(held="PolicyLimit")), None, "PolicyLimit",
     "All places that the policy's limits leave were taken until the request's time was over."),
    (outcome.timed_out(RECORD.changed(held="Later")), None, "Later", "It was held back until its time was over."),
    (outcome.vanished(RECORD.changed(instance_id="i-1")), None, "InstanceVanished",
     "Instance i-1 existed and is gone."),
    (outcome.cancelled(RECORD.changed(cancel={"by": "ann", "reason": "no need", "at": 1.0})), None, "Cancelled",
     "Cancelled by ann: no need"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "status", "code", "words"), ENDS)
def test_our_own_ends_have_their_words(error: ApiError, status: int | None, code: str, words: str) -> None:
    """What ends a request without an answer of ECS is told by a code and a sentence of ours."""
    assert (error.action, error.http_status, error.code, error.message) == ("", status, code, words)


def test_the_last_error_is_what_a_deadline_reports() -> None:
    """It says more than that the time is over, or what was waited for before."""
    assert outcome.timed_out(RECORD.changed(held="PolicyLimit", last_error=NO_STOCK)) is NO_STOCK


FORBIDDEN = [{"alternative": number, "breaches": [f"a {number}", "b"]} for number in (1, 3)]
SKIPPED = [
    {"generation": None, "overrides": {"ZoneId": zone}, "errorCode": "PolicyForbids", "message": f"a {number}; b"}
    for number, zone in ((1, "x"), (3, "z"))
]
FIRST = {"generation": 1, "overrides": {}, "errorCode": "OperationDenied.NoStock"}
SECOND = {"generation": 2, "overrides": {"ZoneId": "y"}, "errorCode": None}


@pytest.mark.parametrize(
    ("generations", "to_the_end", "expected"),
    [
        ((Generation(1, 0, "t", {}, NO_STOCK.code),), False, [FIRST]),
        ((Generation(1, 0, "t", {}, NO_STOCK.code),), True, [FIRST, *SKIPPED]),
        ((Generation(1, 0, "t", {}, NO_STOCK.code), Generation(2, 2, "t", {"ZoneId": "y"})), False,
         [FIRST, SKIPPED[0], SECOND]),
        ((Generation(1, 0, "t", {}, NO_STOCK.code), Generation(2, 2, "t", {"ZoneId": "y"})), True,
         [FIRST, SKIPPED[0], SECOND, SKIPPED[1]]),
        ((Generation(1, 0, "t", {}, NO_STOCK.code), Generation(2, 0, "t", {}, None)), False,
         [FIRST, {**FIRST, "generation": 2, "errorCode": None}]),
    ],
)  # fmt: skip
def test_what_the_policy_forbids_is_told_in_its_place(
    generations: tuple[Generation, ...], expected: list[dict[str, Any]], *, to_the_end: bool
) -> None:
    """A skipped alternative stands between those that were tried, the last ones when nothing else was left."""
    record = RECORD.changed(
        generations=generations, forbidden=FORBIDDEN, alternatives=[{"ZoneId": zone} for zone in "xyz"]
    )
    assert attempts(record, to_the_end=to_the_end) == expected
    assert record.forbidden == FORBIDDEN


@pytest.mark.parametrize(("stage", "number"), [("create", 4), ("wait", 3)])
def test_what_was_left_is_told_when_nothing_could_be_bought(stage: str, number: int) -> None:
    """A request that failed to buy names the forbidden alternatives it never came to; a later failure does not."""
    generations = (Generation(1, 0, "t", {}, None), Generation(2, 2, "t", {"ZoneId": "y"}))
    record = RECORD.changed(generations=generations, forbidden=FORBIDDEN, alternatives=[{"ZoneId": z} for z in "xyz"])
    data = told(outcome.failed(record, Failure(stage, NO_STOCK), None, 1.0, TIMINGS))
    assert len(data["attempts"]) == number


def test_what_was_forbidden_is_kept_in_order_and_bounded() -> None:
    """A record keeps five breaches of an alternative, each cut, by number; and profile, version and lifetime."""
    many = tuple(Violation("f", "PolicyForbids", "m" * 300) for _ in range(7))
    request = Request("r1", {}, forbidden={2: many, 1: many[:1]}, policy_version=4, release_after_seconds=1800)
    assert accepted_under(request) == {
        "policy_version": 4, "profile": "", "release_after": 1800,
        "forbidden": [
            {"alternative": 1, "breaches": ["f " + "m" * 198]}, {"alternative": 2, "breaches": ["f " + "m" * 198] * 5},
        ],
    }  # fmt: skip
    assert accepted_under(replace(request, profile="small"))["profile"] == "small"


def test_too_late_names_the_time() -> None:
    """The words for a message past its notAfter."""
    assert outcome.too_late(1000.0) == (
        "The message was taken after its notAfter, 1970-01-01T00:16:40.000Z; nothing was bought."
    )
