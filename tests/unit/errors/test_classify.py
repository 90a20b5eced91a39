"""Classification: exact code and status, code, family, status."""

from __future__ import annotations

import pytest

from shared.domain.errors.catalogue import classify, succeeded
from shared.domain.errors.model import ApiError, Retry, TokenRule


def error(status: int | None, code: str, action: str = "CreateInstance", message: str = "") -> ApiError:
    """Return an error of a call."""
    return ApiError(action, status, code, message)


@pytest.mark.parametrize(
    ("status", "code", "category", "retry", "token", "unknown", "catalogued"),
    [
        # No answer, or one that says nothing: the call may have had its effect.
        (None, "", "internal", "later", "same", True, True),
        (200, "", "internal", "later", "same", True, True),
        (200, "OperationDenied.NoStock", "internal", "later", "same", True, True),
        (500, "InternalError", "internal", "later", "same", True, True),
        (503, "ServiceUnavailable", "internal", "later", "same", True, True),
        (500, "UnknownError", "internal", "later", "same", True, True),
        (502, "", "internal", "later", "same", True, False),
        (503, "NeverSeen", "internal", "later", "same", True, False),
        (400, "IdempotentProcessing", "state", "later", "same", True, True),
        (403, "LastTokenProcessing", "state", "later", "same", True, True),
        (403, "LastRequestProcessing", "state", "later", "same", True, True),
        (403, "LastOrderProcessing", "state", "later", "same", True, True),
        (400, "IdempotentParameterMismatch", "state", "later", "settle", True, True),
        # The entry decides, not the status.
        (500, "InvalidImage.OSType", "unsupported", "never", "next", False, True),
        (403, "InternalError.AllocateUnderlayIp", "internal", "later", "next", False, True),
        (400, "OperationDenied", "invalid_parameter", "never", "next", False, True),
        (409, "OperationDenied", "unsupported", "never", "next", False, True),
        (403, "OperationDenied", "state", "never", "next", False, True),
        (404, "OperationDenied", "not_found", "never", "next", False, True),
        (418, "OperationDenied.NoStock", "capacity", "alternative", "next", False, True),
        # Tried again.
        (400, "IdempotentFailed", "internal", "later", "next", False, True),
        (403, "OperationDenied.NoStock", "capacity", "alternative", "next", False, True),
        (429, "Throttling.Resource", "throttled", "later", "same", False, True),
        (429, "Throttling.Local", "throttled", "later", "same", False, True),
        (400, "SignatureDoesNotMatch", "authentication", "later", "same", False, True),
        (403, "InvalidVPCStatus.NotWorking", "state", "later", "next", False, True),
        (403, "Forbidden.RAM", "permission", "never", "next", False, True),
        # Codes nobody has seen: throttle before quota before permission, then the longest prefix, then the status.
        (400, "Throttling.Something.New", "throttled", "later", "same", False, False),
        (403, "Forbidden.Throttling", "throttled", "later", "same", False, False),
        (403, "Forbidden.QuotaExceeded.Throttling", "throttled", "later", "same", False, False),
        (429, "QuotaExceed.New", "throttled", "later", "same", False, False),
        (403, "QuotaExceeded.Something", "quota", "never", "next", False, False),
        (403, "Forbidden.QuotaExceeded", "quota", "never", "next", False, False),
        (403, "Forbidden.Something", "permission", "never", "next", False, False),
        (400, "InvalidParameter.KMSKeyId.Purple", "invalid_parameter", "never", "next", False, False),
        (404, "InvalidAccessKeyId.Purple", "authentication", "later", "same", False, False),
        (500, "InternalError.Purple", "internal", "later", "same", True, False),
        # A 5xx keeps its token, whatever an unknown code resembles: no family turns a generation over.
        (503, "Zone.Purple", "capacity", "later", "same", True, False),
        (500, "Forbidden.Purple", "permission", "later", "same", True, False),
        (500, "IncorrectInstanceStatus.Purple", "state", "later", "same", True, False),
        (None, "Invalid.Purple", "invalid_parameter", "later", "same", True, False),
        (503, "Throttling.Purple", "throttled", "later", "same", False, False),
        (403, "Zone.Purple", "capacity", "alternative", "next", False, False),
        (400, "Purple", "invalid_parameter", "later", "same", False, False),
        (401, "Purple", "authentication", "later", "same", False, False),
        (403, "Purple", "permission", "later", "same", False, False),
        (404, "Purple", "not_found", "later", "same", False, False),
        (409, "Purple", "state", "later", "same", False, False),
        (414, "", "invalid_parameter", "never", "next", False, False),
        (418, "Purple", "invalid_parameter", "later", "same", False, False),
        (599, "Purple", "internal", "later", "same", True, False),
        (None, "Purple", "internal", "later", "same", True, False),
        # A family is a part between dots, never a piece of a word.
        (403, "InternalErrorish.Thing", "permission", "later", "same", False, False),
        (400, "operationdenied.nostock", "invalid_parameter", "later", "same", False, False),
    ],
)
def test_create_instance(
    *, status: int | None, code: str, category: str, retry: str, token: str, unknown: bool, catalogued: bool
) -> None:
    """What an error of CreateInstance means follows from its code and status alone."""
    verdict = classify(error(status, code))
    assert (verdict.category, verdict.retry, verdict.token, verdict.unknown, verdict.catalogued) == (
        category,
        Retry(retry),
        TokenRule(token),
        unknown,
        catalogued,
    )


@pytest.mark.parametrize("action", ["StartInstance", "AllocatePublicIpAddress", "DeleteInstance"])
@pytest.mark.parametrize("code", ["IncorrectInstanceStatus", "IncorrectInstanceStatus.Initializing"])
def test_instance_in_between_is_tried_again(action: str, code: str) -> None:
    """A call on an instance that is between two states is repeated as it is."""
    verdict = classify(error(403, code, action))
    assert (verdict.category, verdict.retry, verdict.token) == ("state", Retry.LATER, TokenRule.SAME)


def test_start_waits_for_stock() -> None:
    """An instance that exists has no alternative: out of stock at its start is waited out."""
    assert classify(error(403, "OperationDenied.NoStock", "StartInstance")).retry is Retry.LATER


def test_mismatch_means_two_things() -> None:
    """A mismatch is settled when CreateInstance answers it, and final when it is said of a message."""
    assert classify(error(400, "IdempotentParameterMismatch", "")).retry is Retry.NEVER


def test_parameter_named_by_the_message() -> None:
    """Codes that serve every parameter take its name from the quotes in the API's message, and only from there."""
    said = 'The specified parameter "InternetMaxBandwidthOut" is not valid.'
    assert classify(error(400, "InvalidParameter", message=said)).parameter == "InternetMaxBandwidthOut"
    assert classify(error(400, "InvalidParameter", message="no name")).parameter is None
    assert classify(error(400, "InvalidHostName.Malformed", message=said)).parameter == "HostName"


def test_message_never_decides() -> None:
    """Words in a message change nothing about what the code means."""
    noise = "Throttling: OperationDenied.NoStock InternalError quota"
    assert classify(error(403, "Forbidden.RAM", message=noise)) == classify(error(403, "Forbidden.RAM"))


@pytest.mark.parametrize(
    ("action", "status", "code", "expected"),
    [
        ("CreateInstance", 400, "DryRunOperation", True),
        ("AllocatePublicIpAddress", 403, "AllocatedAlready", True),
        ("DeleteInstance", 404, "InvalidInstanceId.NotFound", True),
        ("StartInstance", 404, "InvalidInstanceId.NotFound", False),
        ("StartInstance", 403, "IncorrectInstanceStatus", False),
        ("CreateInstance", 400, "AllocatedAlready", False),
        ("CreateInstance", None, "", False),
    ],
)
def test_success_in_the_shape_of_an_error(*, action: str, status: int, code: str, expected: bool) -> None:
    """Some errors say that what was asked for is so already."""
    assert succeeded(error(status, code, action)) is expected
