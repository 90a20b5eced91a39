"""Where an instance is put: region, zone, network, hosts, sets and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.create_instance.limits import IPV4, SUPPLIED, at_least, between, one_of
from shared.domain.create_instance.schema import Finding, Parameter, Rule, integer, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.create_instance.view import Given

BANDWIDTH_IN = "InvalidInternetMaxBandwidthIn.Malformed"

PARAMETERS: tuple[Parameter, ...] = (
    text("RegionId", "The region. Required.", "InvalidParameter", SUPPLIED),
    text("ZoneId", "The zone; with a VSwitchId it must be the vSwitch's own, or left out."),
    text("VSwitchId", "The vSwitch, for an instance in a VPC."),
    text("SecurityGroupId", "The security group."),
    text("PrivateIpAddress", "A free address of the vSwitch's block.", "InvalidPrivateIpAddress.Malformed", IPV4),
    text("InnerIpAddress", "The inner address.", "InvalidInnerIpAddress.Malformed", IPV4),
    text("VlanId", "The virtual LAN."),
    text(
        "InternetChargeType",
        "How public traffic is paid for.",
        "InvalidInternetChargeType.ValueNotSupported",
        one_of("PayByBandwidth", "PayByTraffic"),
    ),
    integer(
        "InternetMaxBandwidthOut",
        "The highest outbound bandwidth, Mbit/s; 0, the default, means no public network.",
        "InvalidInternetMaxBandwidthOut.Malformed",
        between(0, 100),
    ),
    integer("InternetMaxBandwidthIn", "The highest inbound bandwidth, Mbit/s.", BANDWIDTH_IN, at_least(1)),
    text("DedicatedHostId", "The dedicated host to put the instance on."),
    text(
        "Tenancy",
        "Whether the instance is put on a dedicated host.",
        "InvalidParameter.Tenancy",
        one_of("default", "host"),
    ),
    text(
        "Affinity",
        "Whether the instance stays with its dedicated host.",
        "InvalidParameter.Affinity",
        one_of("default", "host"),
    ),
    text("DeploymentSetId", "The deployment set.", "InvalidDeploymentSetId.NotFound"),
    integer(
        "DeploymentSetGroupNo",
        "The group inside a deployment set of the strategy AvailabilityGroup.",
        "InvalidParameter",
        between(1, 7),
    ),
    text("HpcClusterId", "The HPC cluster."),
    text(
        "PrivatePoolOptions.MatchCriteria",
        "How private pools are used.",
        "Invalid.PrivatePoolOptions.MatchCriteria",
        one_of("Open", "Target", "None"),
    ),
    text(
        "PrivatePoolOptions.Id",
        "The private pool. Required with the criterion Target.",
        "Invalid.PrivatePoolOptionsId",
    ),
)

_SMALL_BANDWIDTH = 10


def _inbound(given: Given) -> Iterator[Finding]:
    outbound = given.number("InternetMaxBandwidthOut", 0)
    most = max(outbound, _SMALL_BANDWIDTH)
    if given.number("InternetMaxBandwidthIn", 0) > most:
        yield "InternetMaxBandwidthIn", f"must be from 1 to {most} when InternetMaxBandwidthOut is {outbound}"


def _address_without_switch(given: Given) -> Iterator[Finding]:
    if given.get("VSwitchId") is None:
        yield "VSwitchId", "is required when PrivateIpAddress is given: the address is one of the vSwitch's"


def _target_without_pool(given: Given) -> Iterator[Finding]:
    if given.get("PrivatePoolOptions.MatchCriteria") == "Target" and given.get("PrivatePoolOptions.Id") is None:
        yield "PrivatePoolOptions.Id", "is required when PrivatePoolOptions.MatchCriteria is Target"


def _uses_pool(given: Given) -> bool:
    return given.get("PrivatePoolOptions.MatchCriteria") in {"Open", "Target"}


def _pool_for_spot(given: Given) -> Iterator[Finding]:
    if _uses_pool(given) and given.spot:
        yield "PrivatePoolOptions.MatchCriteria", "must be None or left out for a spot instance"


def _pool_on_host(given: Given) -> Iterator[Finding]:
    if _uses_pool(given) and given.on_dedicated_host:
        yield "PrivatePoolOptions.MatchCriteria", "must be None or left out on a dedicated host"


RULES: tuple[Rule, ...] = (
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
