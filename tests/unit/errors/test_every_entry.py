"""Every line of the catalogue, and codes that it does not list, through every call to the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.errors.catalogue import classify, load
from shared.domain.errors.listing import Entry, entries, special
from shared.domain.errors.model import ApiError, Retry, TokenRule, Verdict
from shared.domain.errors.retry import leads_to_alternative, policy_for
from tests.unit.errors.account import FIRST, SECOND, Account, Refusal, play

if TYPE_CHECKING:
    from collections.abc import Iterator

TRIES = 240
"""More calls than that for one request are no bound."""
PARAMETERS = {"RegionId": "cn-hangzhou", "ImageId": "img-1", "InstanceType": FIRST, "InternetMaxBandwidthOut": 5}
REFUSED_START = ApiError("StartInstance", 403, "InstanceLockedForSecurity", "")


def errors_of(call: str) -> list[tuple[Entry, ApiError]]:
    """Return every line that the call can be answered with, as the answer."""
    return [(line, error) for line in every_line() if (error := error_of(line, call)) is not None]


def every_line() -> Iterator[Entry]:
    """Return every line there is."""
    yield from entries()
    for code in load()["codes"]:
        yield from special(code)


def error_of(line: Entry, call: str) -> ApiError | None:
    """Return the answer of a call that a line speaks of; None when it speaks of others."""
    entry = load()["codes"][line.code]
    if call not in line.calls and ("any" not in line.calls or call in entry.get("calls", {})):
        return None
    statuses = [int(status) for status in entry["statuses"] if status.isdigit()] or [403]
    status = line.status if line.status is not None or "none" in entry["statuses"] else statuses[0]
    return ApiError(call, status, line.code, f"It says: {line.words}.", "REQ-1")


def message(name: str, **envelope: Any) -> dict[str, Any]:
    """Return a small request."""
    parameters = {**PARAMETERS, **envelope.pop("parameters", {})}
    return {"requestId": name, "parameters": parameters, "start": False, **envelope}


def play_all(
    answers: list[tuple[Entry, ApiError]], *more: ApiError, only_first: bool = False, **envelope: Any
) -> Account:
    """Play one request for each answer, which all its calls of that kind get."""
    messages = {f"r{number}": message(f"r{number}", **envelope) for number, _ in enumerate(answers)}
    refusals = {
        f"r{number}": [Refusal(error, only_first, bool(line.success)), *map(Refusal, more)]
        for number, (line, error) in enumerate(answers)
    }
    account = play(messages, refusals)
    assert account.outcomes.keys() == messages.keys(), "every request ends"
    return account


def outcome(account: Account, number: int) -> dict[str, Any]:
    """Return the data of an outcome."""
    data: dict[str, Any] = account.outcomes[f"r{number}"]["data"]
    return data


def calls(account: Account, error: ApiError, number: int, kind: str = "") -> int:
    """Return how often a request made the call that was refused."""
    made = account.calls[error.action, f"r{number}", kind]
    assert made <= TRIES
    return made


def check_error(data: dict[str, Any], error: ApiError, verdict: Verdict, stage: str) -> None:
    """Hold an outcome against one verdict: all of it, and nothing of another."""
    told = data["error"]
    assert (data["stage"], told["code"], told["httpStatus"]) == (stage, error.code or "NoAnswer", error.http_status)
    assert (told["category"], told["retry"]) == (verdict.category, verdict.retry.value)
    assert (told["parameter"], told["remedy"]) == (verdict.parameter, verdict.remedy)


def check_tries(made: int, verdict: Verdict) -> None:
    """Hold the number of calls against the policy: one for what cannot be repeated, all tries otherwise."""
    if verdict.retry is not Retry.LATER:
        assert made == 1
    elif verdict.token is not TokenRule.SETTLE:
        allowed = policy_for(verdict).attempts
        assert made > 1
        assert allowed is None or made == allowed


def unlisted(call: str) -> list[tuple[Entry, ApiError]]:
    """Return answers with codes that nobody has listed, each family's kin among them, at every sort of status."""
    codes = ("", "Purple", "Throttling.Purple", *(f"{family}.Purple" for family in load()["families"]))
    statuses = (None, 400, 401, 403, 404, 405, 408, 409, 413, 418, 422, 429, 499, 500, 502, 503, 599)
    errors = [ApiError(call, status, code, "", "REQ-1") for code in codes for status in statuses]
    return [(Entry(error.http_status, error.code, (call,), classify(error), ()), error) for error in errors]


CREATING = [(line, error) for line, error in errors_of("CreateInstance") if not line.success]
ANSWERS = pytest.mark.parametrize("answers", [CREATING, unlisted("CreateInstance")], ids=["listed", "unlisted"])


@ANSWERS
def test_every_answer_to_a_creation(answers: list[tuple[Entry, ApiError]]) -> None:
    """Without an alternative a creation fails with the answer it got, after the tries that its line allows."""
    account = play_all(answers)
    for number, (line, error) in enumerate(answers):
        check_error(outcome(account, number), error, line.verdict, "create")
        check_tries(calls(account, error, number, FIRST), line.verdict)
        assert (account.calls["lookup", f"r{number}", ""] > 0) is line.verdict.unknown


@ANSWERS
def test_every_answer_to_a_creation_that_has_an_alternative(answers: list[tuple[Entry, ApiError]]) -> None:
    """The alternative is used where the line says so, and for whatever outlasts its tries; never for anything else."""
    account = play_all(answers, only_first=True, alternatives=[{"InstanceType": SECOND}])
    for number, (line, error) in enumerate(answers):
        data = outcome(account, number)
        made, others = calls(account, error, number, FIRST), calls(account, error, number, SECOND)
        check_tries(made, line.verdict)
        if leads_to_alternative(line.verdict):
            assert others == 1
            assert data["instance"]["instanceId"]
            assert data["attempts"][-1]["overrides"] == {"InstanceType": SECOND}
            assert {attempt["errorCode"] for attempt in data["attempts"][:-1]} == {error.code or None}
        else:
            assert others == 0
            check_error(data, error, line.verdict, "create")


def test_a_dry_run_that_passes() -> None:
    """What says that a dry run passed completes the request."""
    passed = [(line, error) for line, error in errors_of("CreateInstance") if line.success]
    account = play_all(passed, parameters={"DryRun": True})
    for number, (_, error) in enumerate(passed):
        assert outcome(account, number)["dryRun"]
        assert calls(account, error, number, FIRST) == 1


@pytest.mark.parametrize(
    ("call", "stage", "envelope"),
    [
        ("StartInstance", "start", {"start": True}),
        ("AllocatePublicIpAddress", "publicIp", {"allocatePublicIp": True}),
        ("ModifyInstanceAutoReleaseTime", "lifetime", {"releaseAfterSeconds": 86400}),
    ],
)
def test_every_answer_to_a_step(call: str, stage: str, envelope: dict[str, Any]) -> None:
    """A step on an instance fails with the answer it got after the tries allowed, or counts as done; no alternative."""
    answers = errors_of(call) + unlisted(call)
    account = play_all(answers, alternatives=[{"InstanceType": SECOND}], **envelope)
    for number, (line, error) in enumerate(answers):
        data, verdict = outcome(account, number), classify(error)
        assert len(data["attempts"]) == 1
        made = calls(account, error, number)
        if line.success:
            assert made == 1
            assert data["instance"]["publicIpAddress"] == "47.0.0.2"
            continue
        assert verdict.retry is not Retry.ALTERNATIVE
        check_error(data, error, verdict, stage)
        check_tries(made, verdict)
        assert data["instance"]["disposition"] == "kept"


def test_every_answer_to_a_release() -> None:
    """A release goes on for ten minutes whatever is answered; what says that the instance is gone is a release."""
    answers = errors_of("DeleteInstance") + unlisted("DeleteInstance")
    account = play_all(answers, REFUSED_START, start=True, onFailure="release")
    for number, (line, error) in enumerate(answers):
        data = outcome(account, number)
        check_error(data, REFUSED_START, classify(REFUSED_START), "start")
        made = calls(account, error, number)
        if line.success:
            assert data["instance"]["disposition"] == "released"
        else:
            assert made > 1
            assert data["instance"]["disposition"] == "kept"
            assert data["instance"]["reason"].startswith(error.code or "no answer")


@pytest.mark.parametrize("call", ["DescribeInstanceStatus", "DescribeInstances"])
def test_every_answer_to_a_question(call: str) -> None:
    """A question that is never answered ends with the deadline, and the outcome tells what was answered instead."""
    for answer in errors_of(call):
        _, error = answer
        account = play_all([answer], timeoutSeconds=60)
        check_error(outcome(account, 0), error, classify(error), "wait")
        calls(account, error, 0)
