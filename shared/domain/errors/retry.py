"""What to do after a call that did not succeed: the one place that decides it, with its waits (seconds) as data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from shared.domain.errors.catalogue import classify
from shared.domain.errors.model import Retry, TokenRule

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.errors.model import ApiError, Verdict

INLINE_SECONDS = 2.0
"""A wait up to this long is sat out inside the invocation; a longer one is deferred."""

_DOUBLINGS = 32
_OVER = frozenset(
    {
        "InvalidSecurityToken.Expired",
        "InvalidTimeStamp.Expired",
        "IllegalTimestamp",
        "TimeExpired",
        "SignatureNonceUsed",
    }
)
_OVER_IN_WORDS = "securitytoken.expired"
"""Codes about the time of keys or of one call, and the one that is told in words: they come from every region alike."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Exponential waiting: `base` doubles up to `cap`; `jitter_share` is the share of it that chance may take off.

    `attempts` counts calls, the first included; None means as many as the deadline leaves room for. With
    `retry_after` the wait the API asks for replaces ours; chance then only adds to it. `alternative` says that another
    alternative is worth a call when tries or time run out: what is refused may be something that it changes.
    """

    attempts: int | None
    base: float
    cap: float
    jitter_share: float = 0.5
    retry_after: bool = True
    alternative: bool = True

    def delay(self, attempt: int, asked: float | None, jitter: Callable[[], float]) -> float:
        """Return the wait after the `attempt`-th call (from 1); `asked` is the API's own wish in seconds."""
        if self.retry_after and asked is not None and math.isfinite(asked) and asked > 0:
            return asked * (1 + self.jitter_share * jitter())
        full = min(self.cap, self.base * 2.0 ** min(max(attempt, 1) - 1, _DOUBLINGS))
        return full * (1 - self.jitter_share * jitter())


POLICIES = {
    # No answer, a broken one, or a call still in progress: soon, and until the deadline. Giving up would lose sight
    # of what may exist.
    "unknown": Policy(attempts=None, base=2, cap=60, alternative=False),
    # The request never left: nothing is in doubt, and the region, which alternatives share, may be misspelt.
    "unsent": Policy(attempts=None, base=5, cap=120, alternative=False),
    # Windows last a minute, and a busy account is no fault of the request: never waited for inside
    # an invocation, where it would hold up the batch.
    "throttled": Policy(attempts=None, base=6, cap=120, alternative=False),
    # Somebody has to mend a key, a role or a clock; hammering does not help, and the request is not to blame.
    "authentication": Policy(attempts=None, base=30, cap=300, retry_after=False, alternative=False),
    # A resource is between two states; it gets there by itself.
    "state": Policy(attempts=None, base=5, cap=30),
    # A definite failure that passes: each try is a generation of its own. Together about five minutes, which is how
    # long others wait for a released address to be free again (bosh-alicloud-cpi: 30 times 10 s).
    "temporary": Policy(attempts=8, base=5, cap=120),
    # A code nobody has seen.
    "uncatalogued": Policy(attempts=5, base=5, cap=60),
}
LOOK_UP = Policy(attempts=None, base=15, cap=300)
"""Between look-ups by tag that fail, which go on until one succeeds: nothing else tells what a lost answer left."""


def policy_for(verdict: Verdict) -> Policy:
    """Return the policy of a verdict that is tried again later."""
    return POLICIES[_policy_name(verdict)]


def _policy_name(verdict: Verdict) -> str:
    if verdict.unknown:
        return "unknown"
    if verdict.category in ("throttled", "authentication"):
        return verdict.category
    if not verdict.catalogued:
        return "uncatalogued"
    return "temporary" if verdict.token is TokenRule.NEXT else "state"


def leads_to_alternative(verdict: Verdict) -> bool:
    """Tell whether the next alternative is tried before a request fails with this.

    That is so for what the catalogue says so of, for every refusal that it does not know, and for one that outlasts
    its tries.
    """
    if verdict.retry is Retry.NEVER:
        return not verdict.catalogued
    return verdict.retry is Retry.ALTERNATIVE or policy_for(verdict).alternative


class RetryAction(str, Enum):
    """What becomes of a generation after an error.

    FAIL: it cannot succeed, or no time or tries are left. ALTERNATIVE: a new generation with the next alternative.
    TURN_OVER: a new generation with the same parameters. RETRY: the same token again. SETTLE: find out first whether
    the instance exists.
    """

    FAIL = "fail"
    ALTERNATIVE = "alternative"
    TURN_OVER = "turn_over"
    RETRY = "retry"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class Decision:
    """An action, and how many seconds to wait before it."""

    action: RetryAction
    delay: float
    verdict: Verdict


def decide(
    error: ApiError,
    *,
    attempt: int,
    now: float,
    deadline: float,
    alternative_left: bool,
    jitter: Callable[[], float],
    elsewhere: bool = False,
) -> Decision:
    """Decide from the error, the number of the call that failed (from 1) and the time left.

    `attempt` goes on counting over generations that repeat the same parameters, so that turning over is bounded, too;
    an alternative starts at 1 again. An answer that leaves the effect unknown never fails for want of tries.

    `elsewhere` says that a region other than the worker's own has answered. Keys that it does not take are good where
    the worker is, and waiting changes nothing: it belongs to another realm, or is not enabled for the account.
    """
    verdict = classify(error)
    if verdict.token is TokenRule.SETTLE:
        return Decision(RetryAction.SETTLE, 0.0, verdict=verdict)
    move_on = alternative_left and now <= deadline and error.sent and leads_to_alternative(verdict)
    last = Decision(RetryAction.ALTERNATIVE if move_on else RetryAction.FAIL, 0.0, verdict=verdict)
    unwelcome = elsewhere and verdict.category == "authentication" and not _is_over(error)
    if verdict.retry is not Retry.LATER or unwelcome:
        return last
    policy = policy_for(verdict) if error.sent else POLICIES["unsent"]
    delay = policy.delay(attempt, error.retry_after, jitter)
    if now + delay > deadline or (policy.attempts is not None and attempt >= policy.attempts):
        return last
    action = RetryAction.TURN_OVER if verdict.token is TokenRule.NEXT else RetryAction.RETRY
    return Decision(action, delay, verdict=verdict)


def _is_over(error: ApiError) -> bool:
    return error.code in _OVER or _OVER_IN_WORDS in error.message.lower()
