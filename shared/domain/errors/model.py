"""What a cloud call answers when it does not succeed, and what that means, in terms every layer shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True)
class ApiError:
    """One call that did not succeed.

    `http_status` is None when no answer came (outcome unknown); `code` is then empty. `message` is the API's own
    words, already cleaned of secrets. `retry_after` is in seconds. `sent` is false when the request provably never
    left this machine: its host has no address, or no connection was made. `others` are members of a recorded error that
    only a later version knows.
    """

    action: str
    http_status: int | None
    code: str
    message: str
    request_id: str | None = None
    retry_after: float | None = None
    sent: bool = True
    others: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


class Retry(str, Enum):
    """Whether the same request can succeed: never, with another alternative, or later."""

    NEVER = "never"
    ALTERNATIVE = "alternative"
    LATER = "later"


class TokenRule(str, Enum):
    """What becomes of a generation's client token when the request is tried again."""

    SAME = "same"
    NEXT = "next"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an `ApiError` means.

    `unknown` is true when the call may have had its effect all the same (no answer, most 5xx, still processing).
    `catalogued` is false for a code the catalogue has never seen.
    """

    category: str
    retry: Retry
    token: TokenRule
    parameter: str | None
    remedy: str
    unknown: bool
    catalogued: bool = True
