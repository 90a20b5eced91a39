"""CreateInstance requests the tests vary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alibabacloud_ecs20140526 import models
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException

if TYPE_CHECKING:
    from collections.abc import Callable

    from alibabacloud_ecs20140526.client import Client

REGION = "cn-hangzhou"
PLAIN = {
    "RegionId": REGION,
    "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
    "InstanceType": "ecs.g6.large",
    "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
    "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
    "SystemDisk": {"Category": "cloud_essd", "Size": 40},
}


def create(client: Client, **changes: object) -> str:
    """Create an instance from PLAIN with changes and return its id."""
    request = models.CreateInstanceRequest().from_map({k: v for k, v in (PLAIN | changes).items() if v is not None})
    return str(client.create_instance(request).body.instance_id)


def statuses(client: Client, ids: list[str] | None = None, **more: int) -> dict[str, str]:
    """Return statuses by id."""
    request = models.DescribeInstanceStatusRequest(region_id=REGION, instance_id=ids, **more)
    found = client.describe_instance_status(request).body.instance_statuses.instance_status
    return {item.instance_id: item.status for item in found}


def describe(client: Client, **filters: object) -> list[models.DescribeInstancesResponseBodyInstancesInstance]:
    """Return what DescribeInstances says."""
    return list(
        client.describe_instances(models.DescribeInstancesRequest(region_id=REGION, **filters)).body.instances.instance
    )


def start(client: Client, instance_id: str) -> None:
    """Call StartInstance."""
    client.start_instance(models.StartInstanceRequest(instance_id=instance_id))


def allocate(client: Client, instance_id: str) -> str:
    """Call AllocatePublicIpAddress and return the address."""
    answer = client.allocate_public_ip_address(models.AllocatePublicIpAddressRequest(instance_id=instance_id))
    return str(answer.body.ip_address)


def release_at(ecs: Client, instance_id: str, time: str | None) -> None:
    """Call ModifyInstanceAutoReleaseTime."""
    ecs.modify_instance_auto_release_time(
        models.ModifyInstanceAutoReleaseTimeRequest(instance_id=instance_id, auto_release_time=time)
    )


def delete(client: Client, instance_id: str, *, force: bool = False) -> None:
    """Call DeleteInstance."""
    client.delete_instance(models.DeleteInstanceRequest(instance_id=instance_id, force=force))


def refusal(call: Callable[..., object], *args: object, **kwargs: object) -> tuple[int, str]:
    """Return status and code of a call that must be refused; anything else fails the test."""
    try:
        result = call(*args, **kwargs)
    except AlibabaCloudException as error:
        return int(error.status_code), str(error.code)
    raise AssertionError(f"not refused: {result}")
