"""CreateInstance requests the tests vary."""

from __future__ import annotations

from typing import Any

REGION = "cn-hangzhou"
PLAIN = {
    "RegionId": REGION,
    "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
    "InstanceType": "ecs.g6.large",
    "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
    "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
    "SystemDisk": {"Category": "cloud_essd", "Size": 40},
}


def create(client: Any, **changes: Any) -> str:
    """Create an instance from PLAIN with changes and return its id."""
    from alibabacloud_ecs20140526.models import CreateInstanceRequest

    request = CreateInstanceRequest().from_map({k: v for k, v in (PLAIN | changes).items() if v is not None})
    return str(client.create_instance(request).body.instance_id)


def statuses(client: Any, ids: list[str] | None = None, **more: Any) -> dict[str, str]:
    """Return statuses by id."""
    from alibabacloud_ecs20140526.models import DescribeInstanceStatusRequest

    request = DescribeInstanceStatusRequest(region_id=REGION, instance_id=ids, **more)
    found = client.describe_instance_status(request).body.instance_statuses.instance_status
    return {item.instance_id: item.status for item in found}


def describe(client: Any, **filters: Any) -> list[Any]:
    """Return what DescribeInstances says."""
    from alibabacloud_ecs20140526.models import DescribeInstancesRequest

    return list(
        client.describe_instances(DescribeInstancesRequest(region_id=REGION, **filters)).body.instances.instance
    )


def start(client: Any, instance_id: str) -> None:
    """Call StartInstance."""
    from alibabacloud_ecs20140526.models import StartInstanceRequest

    client.start_instance(StartInstanceRequest(instance_id=instance_id))


def allocate(client: Any, instance_id: str) -> str:
    """Call AllocatePublicIpAddress and return the address."""
    from alibabacloud_ecs20140526.models import AllocatePublicIpAddressRequest

    answer = client.allocate_public_ip_address(AllocatePublicIpAddressRequest(instance_id=instance_id))
    return str(answer.body.ip_address)


def delete(client: Any, instance_id: str, *, force: bool = False) -> None:
    """Call DeleteInstance."""
    from alibabacloud_ecs20140526.models import DeleteInstanceRequest

    client.delete_instance(DeleteInstanceRequest(instance_id=instance_id, force=force))


def refusal(call: Any, *args: Any, **kwargs: Any) -> tuple[int, str]:
    """Return status and code of a call that must be refused; anything else fails the test."""
    from darabonba.exceptions import UnretryableException

    try:
        result = call(*args, **kwargs)
    except UnretryableException:
        raise
    except Exception as error:
        return int(error.status_code), str(error.code)
    raise AssertionError(f"not refused: {result}")
