"""What a cloud can be told about itself: account state and delays, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY = "*"
DELAYS = {"Pending": 3.0, "Starting": 2.0, "Initializing": 1.0, "Creating": 0.0}
"""Seconds in each passing state.

`Pending` and `Starting` are instance statuses. `Initializing`: how long after creation DeleteInstance is refused.
`Creating`: how long the same client token is answered with IdempotentProcessing.
"""

Limits = dict[str, dict[str, int]]
"""Numbers by zone and instance type; `*` stands for any: `{"cn-hangzhou-h": {"ecs.g6.large": 0, "*": 10}}`."""


@dataclass(frozen=True, slots=True)
class Checks:
    """Safeguards that can be switched off, for negative controls only: tests that show a check bites."""

    signatures: bool = True
    tokens: bool = True
    pages: bool = True
    parameters: bool = True


@dataclass(slots=True)
class Config:
    """The account's state that calls do not change, and how slow the cloud is.

    `stock` limits how many instances exist at once before `OperationDenied.NoStock`, `quotas` the same before
    `QuotaExceed.ElasticQuota`; what neither names is unlimited. `speed` divides all delays.
    """

    stock: Limits = field(default_factory=dict)
    quotas: Limits = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=lambda: dict(DELAYS))
    read_lag_seconds: float = 0.0
    token_seconds: float | None = None
    speed: float = 1.0
    checks: Checks = field(default_factory=Checks)

    def delay(self, name: str) -> float:
        """Return how long a passing state lasts, in seconds."""
        return self.scaled(self.delays[name])

    @property
    def tokens_kept(self) -> float | None:
        """How long client tokens are remembered, in seconds; None as long as the cloud lives."""
        return None if self.token_seconds is None else self.scaled(self.token_seconds)

    @property
    def read_lag(self) -> float:
        """How long a new instance is absent from answers, in seconds."""
        return self.scaled(self.read_lag_seconds)

    def scaled(self, seconds: float) -> float:
        """Return how long one of the cloud's own delays is at the present speed."""
        return seconds / self.speed

    def to_json(self) -> dict[str, Any]:
        """Return the settings as `update` takes them."""
        return {
            "stock": self.stock, "quotas": self.quotas, "delays": dict(self.delays),
            "readLagSeconds": self.read_lag_seconds, "tokenSeconds": self.token_seconds,
        }  # fmt: skip

    def update(self, data: Any) -> None:
        """Set what is named, leave the rest; raise ValueError and set nothing when something is wrong."""
        if not isinstance(data, dict):
            raise ValueError("the configuration is an object")  # noqa: TRY004 - one kind of error for bad input
        known = {"stock", "quotas", "delays", "readLagSeconds", "tokenSeconds"}
        if unknown := sorted(set(data) - known):
            raise ValueError(f"unknown settings {unknown}; known are {sorted(known)}")
        stock, quotas = _limits(data, "stock"), _limits(data, "quotas")
        delays, lag = _delays(data.get("delays", {})), _seconds(data.get("readLagSeconds", self.read_lag_seconds))
        kept = data.get("tokenSeconds", self.token_seconds)
        kept = None if kept is None else _seconds(kept)
        self.stock = self.stock if stock is None else stock
        self.quotas = self.quotas if quotas is None else quotas
        self.delays.update(delays)
        self.read_lag_seconds, self.token_seconds = lag, kept


def limit(limits: Limits, zone: str, instance_type: str) -> tuple[str, str, int] | None:
    """Return the entry for a zone and type and its keys, the most exact one first; None where nothing limits."""
    for zone_key in (zone, ANY):
        for type_key in (instance_type, ANY):
            number = limits.get(zone_key, {}).get(type_key)
            if number is not None:
                return zone_key, type_key, number
    return None


def _limits(data: Mapping[str, Any], name: str) -> Limits | None:
    if name not in data:
        return None
    limits = data[name]
    if not isinstance(limits, dict) or not all(
        isinstance(types, dict) and all(type(number) is int and number >= 0 for number in types.values())
        for types in limits.values()
    ):
        raise ValueError(f'{name} has the shape {{"zone or *": {{"instance type or *": number}}}}')
    return limits


def _delays(data: Any) -> dict[str, float]:
    if not isinstance(data, dict) or set(data) - set(DELAYS):
        raise ValueError(f"delays are seconds by name; the names are {sorted(DELAYS)}")
    return {name: _seconds(value) for name, value in data.items()}


def _seconds(value: Any) -> float:
    if type(value) not in {int, float} or value < 0:
        raise ValueError(f"seconds are a number from 0: {value!r}")
    return float(value)
