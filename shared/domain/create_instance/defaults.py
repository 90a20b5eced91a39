"""What CreateInstance does about a parameter that is not given, where its page says so.

Of everything else nobody knows: the service, the region or the account decides.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from shared.domain.create_instance.names import lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.domain.create_instance.schema import Scalar

_NARROW = 10
"""Mbit/s: up to this outbound bandwidth the inbound one is as much, above it is the outbound one's."""


def _inbound(flat: Mapping[str, Scalar]) -> Scalar:
    return max(_NARROW, int(flat.get("InternetMaxBandwidthOut") or 0))


DEFAULTS: dict[str, Scalar | Callable[[Mapping[str, Scalar]], Scalar]] = {
    "InternetChargeType": "PayByTraffic",
    "InternetMaxBandwidthOut": 0,
    "InternetMaxBandwidthIn": _inbound,
    "InstanceChargeType": "PostPaid",
    "PeriodUnit": "Month",
    "AutoRenew": False,
    "SpotStrategy": "NoSpot",
    "SpotDuration": 1,
    "SpotInterruptionBehavior": "Terminate",
    "DeletionProtection": False,
    "DryRun": False,
    "Affinity": "default",
    "Tenancy": "default",
    "HttpEndpoint": "enabled",
    "HttpTokens": "optional",
    "PrivatePoolOptions.MatchCriteria": "None",
    "SystemDisk.PerformanceLevel": "PL1",
    "DataDisk.N.PerformanceLevel": "PL1",
    "DataDisk.N.DeleteWithInstance": True,
    "DataDisk.N.Encrypted": False,
    "Tag.N.Value": "",
}
"""The documented defaults by table name, or how they follow from the rest."""

_SPOT = ("SpotStrategy", ("SpotWithPriceLimit", "SpotAsPriceGo"))
_PREPAID = ("InstanceChargeType", ("PrePaid",))
_MEANS_SOMETHING_WITH: dict[str, tuple[str, tuple[Scalar, ...]]] = {
    "Period": _PREPAID,
    "PeriodUnit": _PREPAID,
    "AutoRenew": _PREPAID,
    "AutoRenewPeriod": ("AutoRenew", (True,)),
    "SpotPriceLimit": ("SpotStrategy", ("SpotWithPriceLimit",)),
    "SpotDuration": _SPOT,
    "SpotInterruptionBehavior": _SPOT,
    "PrivatePoolOptions.Id": ("PrivatePoolOptions.MatchCriteria", ("Target",)),
    "DataDisk.N.KMSKeyId": ("DataDisk.N.Encrypted", (True,)),
    "DataDisk.N.EncryptAlgorithm": ("DataDisk.N.Encrypted", (True,)),
}
"""Parameters that say nothing unless another one has one of these values."""


class Unsaid(Enum):
    """What a parameter that is not given comes to when there is no value for it."""

    NOTHING = "it means nothing here"
    UNKNOWN = "the page does not say"


_OVERRULED_BY = {"DataDisk.N.Size": "DataDisk.N.SnapshotId"}
"""Parameters that the service ignores where another one is given."""


def in_effect(name: str, flat: Mapping[str, Scalar]) -> Scalar | Unsaid:
    """Return the value that a parameter has in the end, given or not."""
    parameter = lookup(name)
    overruling = _OVERRULED_BY.get(parameter.name) if parameter else None
    if overruling is not None and _beside(overruling, name) in flat:
        return Unsaid.UNKNOWN
    return flat[name] if name in flat else left_out(name, flat)


def left_out(name: str, flat: Mapping[str, Scalar]) -> Scalar | Unsaid:
    """Return what a parameter that is not among the flat ones (`DataDisk.2.Size`) comes to."""
    parameter = lookup(name)
    if parameter is None:
        return Unsaid.UNKNOWN
    needed = _MEANS_SOMETHING_WITH.get(parameter.name)
    if needed is not None:
        other, values = _beside(needed[0], name), needed[1]
        if (flat[other] if other in flat else left_out(other, flat)) not in values:
            return Unsaid.NOTHING
    default = DEFAULTS.get(parameter.name, Unsaid.UNKNOWN)
    return default(flat) if callable(default) else default


def _beside(template: str, name: str) -> str:
    """Return the name of another member of the same item."""
    return f"{name.rpartition('.')[0]}.{template.rpartition('.')[2]}" if ".N." in template else template
