"""Client tokens: one call is done once, however often it arrives (platform facts: ClientToken)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.cloud.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.create_instance.schema import Scalar


@dataclass(frozen=True, slots=True)
class Used:
    """What became of a token's first call: its answer, None where it definitely failed."""

    digest: str
    at: float
    busy_until: float
    answer: dict[str, Any] | None


@dataclass(slots=True)
class Tokens:
    """The tokens each region has seen. A released instance keeps its token's answer.

    They are remembered for `kept_seconds` (None: as long as the cloud lives), as the cloud is set at the look back.
    """

    used: dict[tuple[str, str], Used] = field(default_factory=dict)

    def recall(
        self, region: str, token: str, parameters: Mapping[str, Scalar], now: float, kept_seconds: float | None = None
    ) -> dict[str, Any] | None:
        """Return the first call's answer, None for a new token; raise ServiceError where it has none to give."""
        used = self.used.get((region, token))
        if used is None or (kept_seconds is not None and now >= used.at + kept_seconds):
            return None
        if used.digest != digest(parameters):
            raise ServiceError(400, "IdempotentParameterMismatch", "The client token was used with other parameters.")
        if now < used.busy_until:
            raise ServiceError(400, "IdempotentProcessing", "The first call with this client token is being processed.")
        if used.answer is None:
            raise ServiceError(400, "IdempotentFailed", "The first call with this client token failed.")
        return used.answer

    def keep(
        self,
        region: str,
        token: str,
        parameters: Mapping[str, Scalar],
        at: float,
        busy_until: float,
        answer: dict[str, Any] | None,
    ) -> None:
        """Remember what became of a token's first call."""
        self.used[region, token] = Used(digest(parameters), at, busy_until, answer)


def digest(parameters: Mapping[str, Scalar]) -> str:
    """Return a digest of a call's parameters, secrets among them: they are compared, never kept."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
