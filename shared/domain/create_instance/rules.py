"""Rules between parameters: what the page says of two or more of them together. Those about disks: `disk_rules`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.create_instance.parameters import BANDWIDTH_IN
from shared.domain.create_instance.schema import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.create_instance.view import ParameterView


def _no_image(view: ParameterView) -> Iterator[Finding]:
    if view.get("ImageId") is None and view.get("ImageFamily") is None:
        yield "ImageId", "either ImageId or ImageFamily must be given"


def _two_images(view: ParameterView) -> Iterator[Finding]:
    if view.get("ImageId") is not None:
        yield "ImageFamily", "cannot be given together with ImageId"


def _two_passwords(view: ParameterView) -> Iterator[Finding]:
    if view.get("PasswordInherit") is True and view.get("Password"):
        yield "Password", "cannot be given when PasswordInherit is true"


def _slow_user_data(view: ParameterView) -> Iterator[Finding]:
    if view.get("IoOptimized") == "none":
        yield "UserData", "works on I/O optimised instances only, and IoOptimized is none"


def _inline_password(view: ParameterView) -> Iterator[Finding]:
    if view.inline_secrets == "refuse":
        yield "Password", "is not taken from messages here: name a KeyPairName, or use the image's with PasswordInherit"


def _inline_user_data(view: ParameterView) -> Iterator[Finding]:
    if view.inline_secrets == "refuse":
        yield "UserData", "is not taken from messages here: build an image that holds what the first start needs"


INSTANCE: tuple[Rule, ...] = (
    Rule(
        "InvalidParameter",
        "Password is not given where PROVISIONER_INLINE_SECRETS is refuse.",
        "Password",
        _inline_password,
    ),
    Rule(
        "InvalidUserData.Forbidden",
        "UserData is not given where PROVISIONER_INLINE_SECRETS is refuse.",
        "UserData",
        _inline_user_data,
    ),
    Rule("MissingParameter", "One of ImageId and ImageFamily is required.", "", _no_image),
    Rule(
        "UnexpectedImageFamily.ImageIdSupplied", "ImageFamily is not given when ImageId is.", "ImageFamily", _two_images
    ),
    Rule(
        "InvalidPasswordParam.Mismatch",
        "Password is not given when PasswordInherit is true.",
        "PasswordInherit",
        _two_passwords,
    ),
    Rule("InvalidUserData.NotSupported", "UserData needs an I/O optimised instance.", "UserData", _slow_user_data),
)


_SMALL_BANDWIDTH = 10


def _inbound(view: ParameterView) -> Iterator[Finding]:
    outbound = view.number("InternetMaxBandwidthOut", 0)
    most = max(outbound, _SMALL_BANDWIDTH)
    if view.number("InternetMaxBandwidthIn", 0) > most:
        yield "InternetMaxBandwidthIn", f"must be from 1 to {most} when InternetMaxBandwidthOut is {outbound}"


def _address_without_switch(view: ParameterView) -> Iterator[Finding]:
    if view.get("VSwitchId") is None:
        yield "VSwitchId", "is required when PrivateIpAddress is given: the address is one of the vSwitch's"


def _target_without_pool(view: ParameterView) -> Iterator[Finding]:
    if view.get("PrivatePoolOptions.MatchCriteria") == "Target" and view.get("PrivatePoolOptions.Id") is None:
        yield "PrivatePoolOptions.Id", "is required when PrivatePoolOptions.MatchCriteria is Target"


def _uses_pool(view: ParameterView) -> bool:
    return view.get("PrivatePoolOptions.MatchCriteria") in {"Open", "Target"}


def _pool_for_spot(view: ParameterView) -> Iterator[Finding]:
    if _uses_pool(view) and view.spot:
        yield "PrivatePoolOptions.MatchCriteria", "must be None or left out for a spot instance"


def _pool_on_host(view: ParameterView) -> Iterator[Finding]:
    if _uses_pool(view) and view.on_dedicated_host:
        yield "PrivatePoolOptions.MatchCriteria", "must be None or left out on a dedicated host"


PLACEMENT: tuple[Rule, ...] = (
    Rule(
        BANDWIDTH_IN,
        "InternetMaxBandwidthIn is at most 10, or InternetMaxBandwidthOut when that is more.",
        "InternetMaxBandwidthIn",
        _inbound,
    ),
    Rule("MissingParameter", "PrivateIpAddress needs VSwitchId.", "PrivateIpAddress", _address_without_switch),
    Rule(
        "MissingParameter.PrivatePoolOptions.Id",
        "The criterion Target needs a pool.",
        "PrivatePoolOptions.MatchCriteria",
        _target_without_pool,
    ),
    Rule(
        "SpotNotSupported", "A spot instance uses no private pool.", "PrivatePoolOptions.MatchCriteria", _pool_for_spot
    ),
    Rule(
        "DedicatedHostNotSupported",
        "An instance on a dedicated host uses no private pool.",
        "PrivatePoolOptions.MatchCriteria",
        _pool_on_host,
    ),
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


def _unit(view: ParameterView) -> Iterator[Finding]:
    if view.get("PeriodUnit") not in PERIODS[view.site]:
        yield "PeriodUnit", f"must be one of {', '.join(PERIODS[view.site])} on the {view.site} site"


def _lengths(view: ParameterView, name: str, table: dict[str, dict[str, tuple[int, ...]]]) -> Iterator[Finding]:
    unit = str(view.get("PeriodUnit") or "Month")
    allowed = table[view.site].get(unit)
    if allowed is not None and view.get(name) not in allowed:
        listed = ", ".join(map(str, allowed))
        yield name, f"must be one of {listed} when PeriodUnit is {unit} on the {view.site} site"


def _period(view: ParameterView) -> Iterator[Finding]:
    return _lengths(view, "Period", PERIODS)


def _renewal(view: ParameterView) -> Iterator[Finding]:
    return _lengths(view, "AutoRenewPeriod", RENEWALS)


def _no_period(view: ParameterView) -> Iterator[Finding]:
    if view.prepaid and view.get("Period") is None:
        yield "Period", "is required when InstanceChargeType is PrePaid"


def _no_renewal(view: ParameterView) -> Iterator[Finding]:
    if view.prepaid and view.get("AutoRenew") is True and view.get("AutoRenewPeriod") is None:
        yield "AutoRenewPeriod", "is required when AutoRenew is true on a PrePaid instance"


def _prepaid_spot(view: ParameterView) -> Iterator[Finding]:
    if view.spot and view.prepaid:
        yield "SpotStrategy", "a spot instance cannot be PrePaid"


def _spot_without_zone(view: ParameterView) -> Iterator[Finding]:
    if view.spot and view.get("ZoneId") is None and view.get("VSwitchId") is None:
        yield "ZoneId", "a spot instance needs a zone: give ZoneId, or a VSwitchId that brings its zone"


def _spot_without_price(view: ParameterView) -> Iterator[Finding]:
    if view.spot and view.get("SpotStrategy") == "SpotWithPriceLimit" and not view.get("SpotPriceLimit"):
        yield "SpotPriceLimit", "SpotWithPriceLimit needs a price above 0"


def _spot_on_host(view: ParameterView) -> Iterator[Finding]:
    if view.spot and view.get("Tenancy") == "host":
        yield "SpotStrategy", "dedicated hosts do not take spot instances, and Tenancy is host"


def _protected(view: ParameterView) -> Iterator[Finding]:
    if view.get("DeletionProtection") is True and (view.prepaid or view.spot):
        yield "DeletionProtection", "only a PostPaid instance that is no spot instance can be protected"


def ignored(view: ParameterView) -> Iterator[Finding]:
    """Yield the spot settings that a named dedicated host makes the service ignore."""
    if view.get("DedicatedHostId") is not None and view.get("SpotStrategy") not in (None, "NoSpot"):
        for name in ("SpotStrategy", "SpotPriceLimit"):
            if view.get(name) is not None:
                yield name, "is ignored because DedicatedHostId is given: the instance becomes no spot instance"


BILLING: tuple[Rule, ...] = (
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


def _value_without_key(view: ParameterView) -> Iterator[Finding]:
    for number in view.numbered["Tag"]:
        if not view.given(f"Tag.{number}.Key"):
            yield f"Tag.{number}.Key", "is required: a tag has a key"


def _same_key(view: ParameterView) -> Iterator[Finding]:
    first: dict[object, int] = {}
    for number in view.numbered["Tag"]:
        key = view.flat.get(f"Tag.{number}.Key")
        if key is not None and first.setdefault(key, number) != number:
            yield f"Tag.{number}.Key", f"is the same as Tag.{first[key]}.Key"


TAGS: tuple[Rule, ...] = (
    Rule("MissingParameter", "Every tag has a key.", "Tag", _value_without_key),
    Rule("Duplicate.TagKey", "No two tags have the same key.", "Tag", _same_key),
)
