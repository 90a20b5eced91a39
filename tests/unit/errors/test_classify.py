"""Classification: the call's own answer, the status's, the message's; else family, status."""

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
        (400, "OperationDenied", "unsupported", "alternative", "next", False, True),
        (409, "OperationDenied", "unsupported", "alternative", "next", False, True),
        (403, "OperationDenied", "unsupported", "alternative", "next", False, True),
        (404, "OperationDenied", "unsupported", "alternative", "next", False, True),
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


@pytest.mark.parametrize("call", ["CreateInstance", "StartInstance", "DeleteInstance", "DescribeInstances"])
def test_an_expired_token_called_a_parameter(call: str) -> None:
    """What ECS calls an invalid parameter is a matter of keys when that is the security token, whatever the call."""
    said = 'The specified parameter "SecurityToken.Expired" is not valid.'
    found = classify(error(400, "InvalidParameter", call, message=said))
    assert (found.category, found.retry, found.token) == ("authentication", Retry.LATER, TokenRule.SAME)
    assert not found.unknown


def test_a_message_never_decides_where_the_code_does() -> None:
    """Words in a message change nothing about what a code means that says something."""
    noise = "Throttling: OperationDenied.NoStock InternalError quota; it already has a public ip; out of usage"
    assert classify(error(403, "Forbidden.RAM", message=noise)) == classify(error(403, "Forbidden.RAM"))


@pytest.mark.parametrize(
    ("status", "words", "category", "retry", "token", "parameter"),
    [
        (404, "Another instance has been creating.", "state", "later", "same", None),
        (403, "The resource is OUT OF USAGE.", "capacity", "alternative", "next", "InstanceType"),
        (403, "Sales of this resource are temporarily suspended.", "capacity", "alternative", "next", "InstanceType"),
        (403, "Creation to the specified zone is not allowed.", "unsupported", "alternative", "next", "ZoneId"),
        (403, "It does not offer the specified disk category.", "unsupported", "alternative", "next",
         "SystemDisk.Category"),
        (400, "This type is not available or not authorized.", "unsupported", "alternative", "next", "InstanceType"),
        (400, "Wrong VlanId.", "invalid_parameter", "never", "next", "VlanId"),
        (403, "The image is disabled or is deleted.", "state", "never", "next", "ImageId"),
        (404, "The image is disabled or is deleted.", "not_found", "never", "next", "ImageId"),
        (403, "Words of which nobody has heard.", "unsupported", "alternative", "next", None),
        (404, "", "unsupported", "alternative", "next", None),
    ],
)  # fmt: skip
def test_bare_operation_denied(
    *, status: int, words: str, category: str, retry: str, token: str, parameter: str | None
) -> None:
    """A code that says nothing is told apart by status and words; what matches nothing takes the next alternative."""
    found = classify(error(status, "OperationDenied", message=words))
    assert (found.category, found.retry, found.token) == (category, Retry(retry), TokenRule(token))
    assert found.parameter == parameter


@pytest.mark.parametrize(
    ("action", "code", "retry", "parameter"),
    [
        ("StartInstance", "QuotaExceed.ElasticQuota", "later", "InstanceType"),
        ("StartInstance", "OperationDenied", "later", None),
        ("AllocatePublicIpAddress", "OperationDenied", "never", None),
        ("DeleteInstance", "InvalidOperation.EniLinked", "later", None),
        # Not listed for these calls: another offer is no answer, and nothing of the creation's answer is left over.
        ("AllocatePublicIpAddress", "QuotaExceed.ElasticQuota", "later", None),
        ("DeleteInstance", "Zone.NotOnSale", "later", None),
        ("StartInstance", "Zone.Purple", "later", None),
    ],
)
def test_a_calls_own_answer_is_whole(action: str, code: str, retry: str, parameter: str | None) -> None:
    """What a call's own answer leaves out is not taken from the answer to a creation."""
    found, creating = classify(error(403, code, action)), classify(error(403, code))
    assert (found.retry, found.parameter, found.unknown) == (Retry(retry), parameter, False)
    if found.retry is not creating.retry:
        assert found.remedy != creating.remedy


@pytest.mark.parametrize("code", ["InvalidPrivateIpAddress.Duplicated", "InvalidIPAddress.AlreadyUsed"])
def test_a_released_address_comes_back_late(code: str) -> None:
    """An address that seems taken is tried again, each time as a generation of its own."""
    found = classify(error(400, code))
    assert (found.retry, found.token, found.parameter) == (Retry.LATER, TokenRule.NEXT, "PrivateIpAddress")


@pytest.mark.parametrize(
    ("action", "status", "code", "expected"),
    [
        ("CreateInstance", 400, "DryRunOperation", True),
        ("AllocatePublicIpAddress", 403, "AllocatedAlready", True),
        ("DeleteInstance", 404, "InvalidInstanceId.NotFound", True),
        ("DeleteInstance", 404, "Forbidden.InstanceNotFound", True),
        ("DeleteInstance", None, "InvalidInstanceId.NotFound", False),
        ("AllocatePublicIpAddress", 200, "AllocatedAlready", False),
        ("AllocatePublicIpAddress", 404, "Forbidden.InstanceNotFound", False),
        ("AllocatePublicIpAddress", 400, "OperationDenied", False),
        ("StartInstance", 403, "OperationDenied", False),
        ("StartInstance", 404, "InvalidInstanceId.NotFound", False),
        ("StartInstance", 403, "IncorrectInstanceStatus", False),
        ("CreateInstance", 400, "AllocatedAlready", False),
        ("CreateInstance", None, "", False),
    ],
)
def test_success_in_the_shape_of_an_error(*, action: str, status: int, code: str, expected: bool) -> None:
    """Some errors say that what was asked for is so already."""
    assert succeeded(error(status, code, action)) is expected


def test_an_address_that_is_there_is_a_success() -> None:
    """A code that says nothing is a success where its words say that the address was there before."""
    words = "The specified instance already has a public IP."
    assert succeeded(error(400, "OperationDenied", "AllocatePublicIpAddress", words))
    assert not succeeded(error(400, "OperationDenied", "CreateInstance", words))
