"""The actions that only look: DescribeInstanceStatus, DescribeInstances."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from local.cloud.ecs import exceptions
from local.cloud.ecs.parameters import items, pairs
from local.cloud.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from local.cloud.ecs.models import Account, Instance
    from local.cloud.ecs.parameters import Values
    from local.cloud.service import Call

DEFAULT_PAGE = 10
MAX_STATUS_PAGE = 50
MAX_PAGE = 100
MAX_IDS = 100
FILTERS = (
    "InstanceType", "ImageId", "InstanceName", "VSwitchId", "SecurityGroupId", "InstanceChargeType",
    "InternetChargeType", "KeyPairName",
)  # fmt: skip
"""Parameters of CreateInstance that DescribeInstances filters by, beside ids, zone, status and tags."""
NOT_MODELLED = (
    "DeviceAvailable", "EipAddresses", "HpcClusterId", "HttpEndpoint", "HttpPutResponseHopLimit", "HttpTokens",
    "InnerIpAddresses", "InstanceNetworkType", "InstanceTypeFamily", "IoOptimized", "LockReason", "NeedSaleCycle",
    "PrivateIpAddresses", "PublicIpAddresses", "RdmaIpAddresses", "ResourceGroupId", "VpcId",
)  # fmt: skip
"""Documented parameters that would change the answer; this cloud says that it cannot."""


def describe_instance_status(account: Account, values: Values, _call: Call) -> dict[str, Any]:
    """Answer statuses page by page: 10 a page unless told otherwise, at most 50."""
    ids = items(values, "InstanceId")
    if len(ids) > MAX_IDS:
        raise exceptions.invalid("InstanceId.N", f"at most {MAX_IDS} ids")
    zone, now = values.get("ZoneId"), account.now
    found = [i for i in account.visible(values["RegionId"], ids or None) if zone in {None, i.zone_id}]
    number, size = _page(account, values, MAX_STATUS_PAGE)
    return {
        "TotalCount": len(found),
        "PageNumber": number,
        "PageSize": size,
        "InstanceStatuses": {
            "InstanceStatus": [
                {"InstanceId": instance.instance_id, "Status": instance.status(now)}
                for instance in found[(number - 1) * size : number * size]
            ]
        },
    }


def describe_instances(account: Account, values: Values, _call: Call) -> dict[str, Any]:
    """Answer instances with everything about them, by page number or by `MaxResults` and `NextToken`."""
    _refuse_not_modelled(values)
    fits = _filter(values, account.now)
    found = [i for i in account.visible(values["RegionId"], _ids(values.get("InstanceIds"))) if fits(i)]
    answer: dict[str, Any] = {}
    if "MaxResults" in values or values.get("NextToken"):
        # Too little or too much is not refused here, as a PageSize is: it is taken for the least and the most.
        start, size = _start(values.get("NextToken")), max(values.get("MaxResults", DEFAULT_PAGE), DEFAULT_PAGE)
        size = min(size, MAX_PAGE)
        answer["NextToken"] = f"local-{start + size}" if start + size < len(found) else ""
    else:
        number, size = _page(account, values, MAX_PAGE)
        start = (number - 1) * size
        answer |= {"TotalCount": len(found), "PageNumber": number, "PageSize": size}
    page = [_describe(instance, account.now) for instance in found[start : start + size]]
    return answer | {"Instances": {"Instance": page}}


def _page(account: Account, values: Values, most: int) -> tuple[int, int]:
    number, size = values.get("PageNumber", 1), values.get("PageSize", DEFAULT_PAGE)
    if number < 1:
        raise exceptions.invalid("PageNumber", "it counts from 1")
    if not account.cloud.config.checks.pages:
        return number, max(size, MAX_IDS)
    if not 1 <= size <= most:
        raise exceptions.invalid("PageSize", f"1 to {most}")
    return number, size


def _ids(text: str | None) -> list[str] | None:
    if text is None:
        return None
    try:
        ids = json.loads(text)
    except (ValueError, RecursionError):
        ids = None
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise exceptions.invalid("InstanceIds", "a JSON array of ids in a string")
    if len(ids) > MAX_IDS:
        raise exceptions.invalid("InstanceIds", f"at most {MAX_IDS} ids")
    return ids


def _start(token: str | None) -> int:
    if not token:
        return 0
    number = token.removeprefix("local-")
    if number == token or not number.isdigit():
        raise exceptions.invalid("NextToken", "no answer gave it out")
    return int(number)


def _filter(values: Values, now: float) -> Callable[[Instance], bool]:
    """Return what tells whether an instance fits all filters."""
    tags = pairs(values, "Tag", "Key", "Value") | pairs(values, "Tag", "key", "value")
    wanted = {name: values[name] for name in FILTERS if name in values}
    status = values.get("Status")

    def fits(instance: Instance) -> bool:
        return (
            all(key in instance.tags and value in {None, instance.tags[key]} for key, value in tags.items())
            and all(value == instance.parameters.get(name) for name, value in wanted.items())
            and values.get("ZoneId") in {None, instance.zone_id}
            and status in {None, instance.status(now)}
        )

    return fits


def _refuse_not_modelled(values: Values) -> None:
    for name in values:
        if name in NOT_MODELLED or name.startswith(("Filter.", "Ipv6Address.")):
            raise ServiceError(501, "LocalCloud.NotModelled", f"The local cloud does not model the parameter {name}.")


def _describe(instance: Instance, now: float) -> dict[str, Any]:
    own = instance.parameters
    created = datetime.fromtimestamp(instance.created_at, timezone.utc)
    return {
        "InstanceId": instance.instance_id,
        "InstanceName": own.get("InstanceName", instance.instance_id),
        "HostName": own.get("HostName", ""),
        "Description": own.get("Description", ""),
        "Status": instance.status(now),
        "RegionId": instance.region_id,
        "ZoneId": instance.zone_id,
        "InstanceType": instance.instance_type,
        "ImageId": own.get("ImageId", ""),
        "InstanceChargeType": own.get("InstanceChargeType", "PostPaid"),
        "InternetChargeType": own.get("InternetChargeType", "PayByTraffic"),
        "InternetMaxBandwidthOut": own.get("InternetMaxBandwidthOut", 0),
        "KeyPairName": own.get("KeyPairName", ""),
        "DeletionProtection": own.get("DeletionProtection", False),
        "AutoReleaseTime": instance.auto_release_time,
        "CreationTime": created.strftime("%Y-%m-%dT%H:%MZ"),
        "InstanceNetworkType": "vpc",
        "SecurityGroupIds": {"SecurityGroupId": [own["SecurityGroupId"]] if "SecurityGroupId" in own else []},
        "PublicIpAddress": {"IpAddress": [instance.public_ip] if instance.public_ip else []},
        "InnerIpAddress": {"IpAddress": []},
        "VpcAttributes": {
            "VSwitchId": own.get("VSwitchId", ""),
            "VpcId": "",
            "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": [instance.private_ip]},
        },
        "Tags": {"Tag": [{"TagKey": key, "TagValue": value} for key, value in instance.tags.items()]},
    }
