"""What to do after a call that did not succeed: the one place that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from shared.domain.errors.classify import classify
from shared.domain.errors.model import Retry, TokenRule
from shared.domain.errors.policies import policy_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.errors.model import ApiError, Verdict


class Action(str, Enum):
    """What becomes of a generation after an error.

    FAIL: it cannot succeed, or no time or tries are left. TURN_OVER: a new generation, with the next alternative if
    the verdict's retry is `alternative`, else with the same parameters. RETRY: the same token again. SETTLE: find out
    first whether the instance exists.
    """

    FAIL = "fail"
    TURN_OVER = "turn_over"
    RETRY = "retry"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class Decision:
    """An action, and how many seconds to wait before it."""

    action: Action
    delay: float
    verdict: Verdict


def decide(
    error: ApiError,
    *,
    attempt: int,
    now: float,
    deadline: float,
    alternative_left: bool,
    fraction: Callable[[], float],
) -> Decision:
    """Decide from the error, the number of the call that failed (from 1) and the time left.

    `attempt` goes on counting over generations that repeat the same parameters, so that turning over is bounded, too;
    an alternative starts at 1 again. An answer that leaves the effect unknown never fails for want of tries.
    """
    verdict = classify(error)
    if verdict.token is TokenRule.SETTLE:
        return Decision(Action.SETTLE, 0.0, verdict=verdict)
    failed = Decision(Action.FAIL, 0.0, verdict=verdict)
    if verdict.retry is Retry.NEVER or (verdict.retry is Retry.ALTERNATIVE and not alternative_left):
        return failed
    delay = 0.0
    if verdict.retry is Retry.LATER:
        policy = policy_for(verdict)
        if policy.attempts is not None and attempt >= policy.attempts:
            return failed
        delay = policy.delay(attempt, error.retry_after, fraction)
    if now + delay > deadline:
        return failed
    action = Action.TURN_OVER if verdict.token is TokenRule.NEXT else Action.RETRY
    return Decision(action, delay, verdict=verdict)
