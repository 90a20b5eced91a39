"""One decision from error, attempt and time left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors.catalogue import load
from shared.domain.errors.model import ApiError
from shared.domain.errors.retry import POLICIES, RetryAction, decide

NO_STOCK = (403, "OperationDenied.NoStock")
MISMATCH = (400, "IdempotentParameterMismatch")
NO_ANSWER = (None, "")
THROTTLED = (429, "Throttling.User")
BAD_KEY = (404, "InvalidAccessKeyId.NotFound")
PASSING = (403, "IncorrectVpcStatus")
FAILED_TOKEN = (400, "IdempotentFailed")
UNSEEN = (400, "Purple")
UNSEEN_QUOTA = (403, "QuotaExceed.Purple")
BAD_NAME = (400, "InvalidInstanceName.Malformed")
BAD_IMAGE = (500, "InvalidImage.OSType")


@pytest.mark.parametrize(
    ("what", "attempt", "left", "alternative", "asked", "action", "delay"),
    [
        # what         try  left  alt    asked  action               delay
        (BAD_NAME,       1,  900, True,  None,  RetryAction.FAIL,           0.0),
        (BAD_IMAGE,      1,  900, True,  None,  RetryAction.FAIL,           0.0),
        (NO_STOCK,       1,  900, True,  None,  RetryAction.ALTERNATIVE,    0.0),
        (NO_STOCK,       9,  900, True,  None,  RetryAction.ALTERNATIVE,    0.0),
        (NO_STOCK,       1,  900, False, None,  RetryAction.FAIL,           0.0),
        (NO_STOCK,       1,   -1, True,  None,  RetryAction.FAIL,           0.0),
        (MISMATCH,       1,  900, True,  None,  RetryAction.SETTLE,         0.0),
        (MISMATCH,      99,   -1, False, None,  RetryAction.SETTLE,         0.0),
        (NO_ANSWER,      1,  900, False, None,  RetryAction.RETRY,          2.0),
        (NO_ANSWER,      2,  900, False, None,  RetryAction.RETRY,          4.0),
        (NO_ANSWER,     99,  900, False, None,  RetryAction.RETRY,         60.0),
        (NO_ANSWER,     99,   59, False, None,  RetryAction.FAIL,           0.0),
        (THROTTLED,      1,  900, False, None,  RetryAction.RETRY,          6.0),
        (THROTTLED,      1,  900, False, 0.5,   RetryAction.RETRY,          0.5),
        (THROTTLED,      1,  900, False, 45.0,  RetryAction.RETRY,         45.0),
        (THROTTLED,      1,   30, False, 45.0,  RetryAction.FAIL,           0.0),
        (THROTTLED,     50,  900, False, None,  RetryAction.RETRY,        120.0),
        (BAD_KEY,        1,  900, False, None,  RetryAction.RETRY,         30.0),
        (BAD_KEY,        1,  900, False, 1.0,   RetryAction.RETRY,         30.0),
        (BAD_KEY,       50,  900, False, None,  RetryAction.RETRY,        300.0),
        (PASSING,        1,  900, False, None,  RetryAction.TURN_OVER,      5.0),
        (PASSING,        5,  900, False, None,  RetryAction.TURN_OVER,     80.0),
        (PASSING,        7,  900, False, None,  RetryAction.TURN_OVER,    120.0),
        (PASSING,        8,  900, False, None,  RetryAction.FAIL,           0.0),
        (PASSING,        8,  900, True,  None,  RetryAction.ALTERNATIVE,    0.0),
        (PASSING,        5,   79, True,  None,  RetryAction.ALTERNATIVE,    0.0),
        (PASSING,        5,   80, True,  None,  RetryAction.TURN_OVER,     80.0),
        (NO_STOCK,       1,    0, True,  None,  RetryAction.ALTERNATIVE,    0.0),
        (THROTTLED,      1,  900, False, 0.0,   RetryAction.RETRY,          6.0),
        (NO_ANSWER,      0,  900, False, None,  RetryAction.RETRY,          2.0),
        (PASSING,        5,   -1, True,  None,  RetryAction.FAIL,           0.0),
        (FAILED_TOKEN,   1,  900, False, None,  RetryAction.TURN_OVER,      5.0),
        (UNSEEN,         1,  900, False, None,  RetryAction.RETRY,          5.0),
        (UNSEEN,         5,  900, False, None,  RetryAction.FAIL,           0.0),
        (UNSEEN,         1,    4, False, None,  RetryAction.FAIL,           0.0),
        # What nobody has listed leads to the alternative before it fails, but not before its own tries.
        (UNSEEN,         4,  900, True,  None,  RetryAction.RETRY,         40.0),
        (UNSEEN,         5,  900, True,  None,  RetryAction.ALTERNATIVE,    0.0),
        (UNSEEN,         1,    4, True,  None,  RetryAction.ALTERNATIVE,    0.0),
        (UNSEEN,         5,   -1, True,  None,  RetryAction.FAIL,           0.0),
        (UNSEEN_QUOTA,   1,  900, True,  None,  RetryAction.ALTERNATIVE,    0.0),
        (UNSEEN_QUOTA,   1,  900, False, None,  RetryAction.FAIL,           0.0),
        # Somebody else is to blame: no alternative helps.
        (THROTTLED,      1,   30, True,  45.0,  RetryAction.FAIL,           0.0),
        (BAD_KEY,        1,   20, True,  None,  RetryAction.FAIL,           0.0),
        (NO_ANSWER,     99,   59, True,  None,  RetryAction.FAIL,           0.0),
    ],
)  # fmt: skip
def test_table(
    *,
    what: tuple[int | None, str],
    attempt: int,
    left: float,
    alternative: bool,
    asked: float | None,
    action: RetryAction,
    delay: float,
) -> None:
    """The whole of the retry policy, without chance."""
    error = ApiError("CreateInstance", *what, "", retry_after=asked)
    decision = decide(
        error, attempt=attempt, now=1000.0, deadline=1000.0 + left, alternative_left=alternative, jitter=lambda: 0.0
    )
    assert (decision.action, decision.delay) == (action, delay)


@pytest.mark.parametrize(("attempt", "delay"), [(1, 5.0), (2, 10.0), (99, 120.0)])
def test_what_never_left(attempt: int, delay: float) -> None:
    """A request that never left had no effect: later with the same token, as often as there is time for."""
    error = ApiError("CreateInstance", None, "", "no such host", sent=False)
    decision = decide(
        error, attempt=attempt, now=0.0, deadline=900.0, alternative_left=True, jitter=lambda: 0.0
    )  # fmt: skip
    assert (decision.action, decision.delay) == (RetryAction.RETRY, delay)
    assert not decision.verdict.unknown
    assert "RegionId" in decision.verdict.remedy
    late = decide(error, attempt=1, now=0.0, deadline=4.0, alternative_left=True, jitter=lambda: 0.0)
    assert late.action is RetryAction.FAIL


def test_chance_shortens_our_waits_and_lengthens_the_apis() -> None:
    """Jitter takes off at most half of our wait; a wait the API asks for is never cut short."""
    ours = ApiError("CreateInstance", *THROTTLED, "")
    theirs = ApiError("CreateInstance", *THROTTLED, "", retry_after=10.0)
    waits = [
        decide(
            error, attempt=3, now=0.0, deadline=900.0, alternative_left=False, jitter=lambda share=share: share
        ).delay
        for error in (ours, theirs)
        for share in (0.0, 0.999)
    ]
    assert waits == pytest.approx([24.0, 12.0, 10.0, 15.0], abs=0.02)


@pytest.mark.parametrize(
    ("code", "words", "action"),
    [
        ("InvalidSecurityToken.Expired", "", RetryAction.RETRY),
        ("InvalidParameter", 'The specified parameter "SecurityToken.Expired" is not valid.', RetryAction.RETRY),
        ("InvalidParameter", 'The specified parameter "SecurityToken.Malformed" is not valid.', RetryAction.FAIL),
        ("InvalidAccessKeyId.NotFound", "", RetryAction.FAIL),
    ],
)
def test_keys_that_another_region_refuses(code: str, words: str, action: RetryAction) -> None:
    """Keys that are over are over everywhere, and renewed; keys that a region does not know never will be."""
    error = ApiError("CreateInstance", 400, code, words)
    decision = decide(
        error, attempt=1, now=0.0, deadline=900.0, alternative_left=False, jitter=lambda: 0.0, elsewhere=True
    )
    assert decision.action is action


def test_policies_end() -> None:
    """Every policy has a bound: tries, or a wait that cannot shrink to nothing before the deadline."""
    for policy in POLICIES.values():
        assert policy.attempts is None or policy.attempts > 1
        assert policy.base * (1 - policy.jitter_share) > 0
        assert policy.base <= policy.cap


any_relative = st.builds("{}.{}".format, st.sampled_from(sorted(load()["families"])), st.text(max_size=10))
any_code = st.one_of(st.sampled_from(sorted(load()["codes"])), any_relative, st.text(max_size=40), st.just(""))
any_error = st.builds(
    ApiError,
    action=st.one_of(st.sampled_from(["CreateInstance", "StartInstance", "DeleteInstance"]), st.text(max_size=5)),
    http_status=st.one_of(st.none(), st.integers(-1, 1000), st.sampled_from([200, 400, 403, 404, 429, 500, 503])),
    code=any_code,
    message=st.text(max_size=200),
    retry_after=st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)),
)


@given(error=any_error, attempt=st.integers(-5, 10**6), left=st.floats(-1e6, 1e6), share=st.floats(0, 0.999))
def test_anything_gets_a_decision(error: ApiError, attempt: int, left: float, share: float) -> None:
    """Any status, code and body gives a decision whose time lies between now and the deadline."""
    decision = decide(
        error, attempt=attempt, now=0.0, deadline=left, alternative_left=attempt % 2 == 0, jitter=lambda: share
    )
    assert decision.delay >= 0
    assert decision.verdict.remedy
    if decision.action in (RetryAction.RETRY, RetryAction.TURN_OVER):
        assert decision.delay <= left


@given(status=st.one_of(st.none(), st.integers(500, 599)), code=any_code, left=st.floats(0, 1e6))
def test_broken_answers_keep_their_token(status: int | None, code: str, left: float) -> None:
    """After no answer or a 5xx only a code of the catalogue, or a throttle, may say that nothing was created."""
    error = ApiError("CreateInstance", status, code, "")
    decision = decide(error, attempt=1, now=0.0, deadline=left, alternative_left=True, jitter=lambda: 0.0)
    if not decision.verdict.catalogued:
        assert decision.verdict.unknown or decision.verdict.category == "throttled"
        assert decision.action in (RetryAction.RETRY, RetryAction.FAIL)


@given(error=any_error.filter(lambda error: error.retry_after is None), share=st.floats(0, 0.999))
def test_tries_are_bounded(error: ApiError, share: float) -> None:
    """An error that never changes ends by tries or deadline; one of unknown effect only by the deadline."""
    now, deadline, attempt = 0.0, 900.0, 1
    while attempt < 1000:
        decision = decide(
            error, attempt=attempt, now=now, deadline=deadline, alternative_left=False, jitter=lambda: share
        )
        if decision.action in (RetryAction.FAIL, RetryAction.SETTLE):
            break
        now += decision.delay
        attempt += 1
    assert decision.action in (RetryAction.FAIL, RetryAction.SETTLE)
    assert attempt <= 240
    if decision.verdict.unknown and decision.action is RetryAction.FAIL:
        assert deadline - now < POLICIES["unknown"].cap


CALLS = ("CreateInstance", "StartInstance", "AllocatePublicIpAddress", "DeleteInstance")
unlisted = st.one_of(any_relative, st.text(max_size=40)).filter(lambda code: code not in load()["codes"])
any_status = st.one_of(st.none(), st.integers(400, 599))


@given(
    status=any_status,
    code=unlisted,
    call=st.sampled_from(CALLS),
    alternatives=st.integers(0, 3),
    share=st.floats(0, 0.999),
)
def test_what_nobody_listed_uses_every_alternative(
    status: int | None, code: str, call: str, alternatives: int, share: float
) -> None:
    """Any unlisted code ends in bounded tries, and a refused creation only when its alternatives are used up."""
    error = ApiError(call, status, code, "")
    left, attempt, now, deadline = (alternatives if call == "CreateInstance" else 0), 1, 0.0, 14400.0
    for _ in range(2000):
        decision = decide(
            error, attempt=attempt, now=now, deadline=deadline, alternative_left=left > 0, jitter=lambda: share
        )
        now += decision.delay
        attempt += 1
        if decision.action is RetryAction.ALTERNATIVE:
            left, attempt = left - 1, 1
        elif decision.action is RetryAction.FAIL:
            break
    assert decision.action is RetryAction.FAIL
    waits_for_others = decision.verdict.unknown or decision.verdict.category in ("throttled", "authentication")
    assert left == 0 or waits_for_others
    if not waits_for_others:
        assert now < 600.0 * (alternatives + 1)
