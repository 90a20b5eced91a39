"""How an instance is paid for: subscription, pay as you go, spot; and what hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.create_instance.limits import NOT_NEGATIVE, THREE_DECIMALS, between, one_of
from shared.domain.create_instance.schema import Finding, Parameter, Rule, flag, integer, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.create_instance.view import Given

PARAMETERS: tuple[Parameter, ...] = (
    text(
        "InstanceChargeType",
        "Subscription (PrePaid) or pay as you go (PostPaid, the default).",
        "InvalidInstanceChargeType.NotFound",
        one_of("PrePaid", "PostPaid"),
    ),
    integer("Period", "How long a subscription lasts, in PeriodUnit. Required with PrePaid.", "InvalidPeriod"),
    text("PeriodUnit", "The unit of Period.", "InvalidPeriodUnit.ValueNotSupported"),
    flag("AutoRenew", "Whether a subscription renews itself."),
    integer(
        "AutoRenewPeriod",
        "How long each renewal lasts. Required with AutoRenew on a subscription.",
        "InvalidAutoRenewPeriod.ValueNotSupported",
    ),
    text(
        "SpotStrategy",
        "Whether the instance is a spot instance, and how its price is limited.",
        "InvalidSpotStrategy",
        one_of("NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"),
    ),
    Parameter(
        "SpotPriceLimit",
        float,
        "The highest price per hour, with at most three decimal places.",
        "InvalidSpotPriceLimit",
        (NOT_NEGATIVE, THREE_DECIMALS),
    ),
    integer("SpotDuration", "How many hours a spot instance is sure to be kept.", "InvalidSpotDuration", between(0, 1)),
    text(
        "SpotInterruptionBehavior",
        "What happens to a spot instance that is taken back.",
        "InvalidSpotInterruptionBehavior",
        one_of("Terminate", "Stop"),
    ),
    flag("DeletionProtection", "Whether the instance is protected against release. PostPaid only, and not spot."),
)

MONTHS = (1, 2, 3, 6, 12)
PERIODS: dict[str, dict[str, tuple[int, ...]]] = {
    "international": {"Month": MONTHS},
    "mainland": {"Week": (1, 2, 3, 4), "Month": (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36, 48, 60)},
}
RENEWALS: dict[str, dict[str, tuple[int, ...]]] = {
    "international": {"Month": MONTHS},
    "mainland": {"Week": (1, 2, 3), "Month": MONTHS},
}
"""Lengths by site and unit. The page is the international site's; the mainland's are in the SDK's description."""


def _unit(given: Given) -> Iterator[Finding]:
    if given.get("PeriodUnit") not in PERIODS[given.site]:
        yield "PeriodUnit", f"must be one of {', '.join(PERIODS[given.site])} on the {given.site} site"


def _lengths(given: Given, name: str, table: dict[str, dict[str, tuple[int, ...]]]) -> Iterator[Finding]:
    unit = str(given.get("PeriodUnit") or "Month")
    allowed = table[given.site].get(unit)
    if allowed is not None and given.get(name) not in allowed:
        listed = ", ".join(map(str, allowed))
        yield name, f"must be one of {listed} when PeriodUnit is {unit} on the {given.site} site"


def _period(given: Given) -> Iterator[Finding]:
    return _lengths(given, "Period", PERIODS)


def _renewal(given: Given) -> Iterator[Finding]:
    return _lengths(given, "AutoRenewPeriod", RENEWALS)


def _no_period(given: Given) -> Iterator[Finding]:
    if given.prepaid and given.get("Period") is None:
        yield "Period", "is required when InstanceChargeType is PrePaid"


def _no_renewal(given: Given) -> Iterator[Finding]:
    if given.prepaid and given.get("AutoRenew") is True and given.get("AutoRenewPeriod") is None:
        yield "AutoRenewPeriod", "is required when AutoRenew is true on a PrePaid instance"


def _prepaid_spot(given: Given) -> Iterator[Finding]:
    if given.spot and given.prepaid:
        yield "SpotStrategy", "a spot instance cannot be PrePaid"


def _spot_without_zone(given: Given) -> Iterator[Finding]:
    if given.spot and given.get("ZoneId") is None and given.get("VSwitchId") is None:
        yield "ZoneId", "a spot instance needs a zone: give ZoneId, or a VSwitchId that brings its zone"


def _spot_without_price(given: Given) -> Iterator[Finding]:
    if given.spot and given.get("SpotStrategy") == "SpotWithPriceLimit" and not given.get("SpotPriceLimit"):
        yield "SpotPriceLimit", "SpotWithPriceLimit needs a price above 0"


def _spot_on_host(given: Given) -> Iterator[Finding]:
    if given.spot and given.get("Tenancy") == "host":
        yield "SpotStrategy", "dedicated hosts do not take spot instances, and Tenancy is host"


def _protected(given: Given) -> Iterator[Finding]:
    if given.get("DeletionProtection") is True and (given.prepaid or given.spot):
        yield "DeletionProtection", "only a PostPaid instance that is no spot instance can be protected"


def ignored(given: Given) -> Iterator[Finding]:
    """Yield the spot settings that a named dedicated host makes the service ignore."""
    if given.get("DedicatedHostId") is not None and given.get("SpotStrategy") not in (None, "NoSpot"):
        for name in ("SpotStrategy", "SpotPriceLimit"):
            if given.get(name) is not None:
                yield name, "is ignored because DedicatedHostId is given: the instance becomes no spot instance"


RULES: tuple[Rule, ...] = (
    Rule("InvalidPeriodUnit.ValueNotSupported", "PeriodUnit is one of the site's units.", "PeriodUnit", _unit),
    Rule("InvalidPeriod", "Period is one of the unit's lengths on the site.", "Period", _period),
    Rule(
        "InvalidAutoRenewPeriod.ValueNotSupported",
        "AutoRenewPeriod is one of the unit's lengths.",
        "AutoRenewPeriod",
        _renewal,
    ),
    Rule(
        "MissingParamter", "PrePaid needs Period (the code is misspelt by the API).", "InstanceChargeType", _no_period
    ),
    Rule("MissingParameter", "AutoRenew on a PrePaid instance needs AutoRenewPeriod.", "AutoRenew", _no_renewal),
    Rule("InvalidSpotPrepaid", "A spot instance is not PrePaid.", "SpotStrategy", _prepaid_spot),
    Rule(
        "InvalidSpotParam.EmptyZoneID",
        "A spot instance has a ZoneId, or a VSwitchId that brings it.",
        "SpotStrategy",
        _spot_without_zone,
    ),
    Rule(
        "InvalidSpotPriceLimit", "SpotWithPriceLimit has a SpotPriceLimit above 0.", "SpotStrategy", _spot_without_price
    ),
    Rule(
        "InvalidSpotStrategy",
        "A spot instance is not put on a dedicated host by Tenancy.",
        "SpotStrategy",
        _spot_on_host,
    ),
    Rule(
        "InvalidChargeType.ValueNotSupported",
        "DeletionProtection is for PostPaid and not for spot.",
        "DeletionProtection",
        _protected,
    ),
)
