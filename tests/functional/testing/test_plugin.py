"""The pytest plugin, used as anybody would: this module imports nothing of the project at run time."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local.testing import LocalCloud, Provisioner

ORDER = {
    "requestId": "order-1",
    "parameters": {
        "RegionId": "cn-hangzhou",
        "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
        "InstanceType": "ecs.g6.large",
        "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
        "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
    },
}


@pytest.mark.slow
def test_a_message_becomes_an_instance_and_an_outcome(provisioner: Provisioner) -> None:
    """Throttled at first, the order still has one instance, named by its outcome, and the worker outlives a restart."""
    throttled = {"status": 429, "code": "Throttling.Api"}
    provisioner.faults({"service": "ecs", "action": "CreateInstance", "error": throttled})
    provisioner.enqueue(ORDER)
    completed = provisioner.outcome("order-1")
    assert completed["type"] == "provisioning.instance.completed"
    (instance,) = provisioner.cloud.instances()
    assert instance["InstanceId"] == completed["data"]["instance"]["instanceId"]
    provisioner.stop()
    provisioner.enqueue("{")
    provisioner.enqueue(ORDER)
    provisioner.start()
    first, refused = provisioner.outcomes(2)
    assert first == completed
    assert refused["data"]["error"]["code"] == "MalformedMessage"
    assert len(provisioner.cloud.instances()) == 1


@pytest.mark.slow
def test_nothing_is_left_of_the_test_before(provisioner: Provisioner) -> None:
    """Cloud and records are new: the same id is a new request, with the stock that this test says there is."""
    assert provisioner.cloud.published() == []
    provisioner.cloud.configure(stock={"*": {"*": 0}})
    provisioner.enqueue(ORDER)
    assert provisioner.outcome("order-1")["data"]["error"]["code"] == "OperationDenied.NoStock"
    assert provisioner.cloud.instances() == []


@pytest.mark.slow
def test_waiting_in_vain_says_why(provisioner: Provisioner) -> None:
    """What does not come is told with what the worker did, or that it is stopped."""
    with pytest.raises(Exception, match=r"(?s)1 outcomes after 0\.1 s; the worker's last lines:\n.*worker on http"):
        provisioner.outcomes(timeout=0.1)
    provisioner.stop()
    with pytest.raises(Exception, match=r"no outcome of order-1 .*: the worker is stopped"):
        provisioner.outcome("order-1")


def test_the_cloud_alone(local_cloud: LocalCloud) -> None:
    """Without a worker messages stay in the queue; what it is told wrongly is refused with what is known."""
    local_cloud.enqueue(ORDER)
    assert local_cloud.state()["mns"]["queues"][local_cloud.queue]["visible"] == 1
    with pytest.raises(ValueError, match="unknown settings \\['stocks'\\]"):
        local_cloud.configure(stocks={})
    with pytest.raises(ValueError, match="a fault needs a service"):
        local_cloud.faults({"service": "oss"})
    assert local_cloud.access_key_secret not in repr(local_cloud)


def test_the_plugin_costs_nothing_until_it_is_used() -> None:
    """Pytest loads it in every project: it brings nothing but itself, pytest aside."""
    probe = (
        "import sys, pytest; known = set(sys.modules); import local.pytest_plugin;"
        "print(sorted(set(sys.modules) - known))"
    )
    found = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True).stdout
    assert found.strip() == "['local', 'local.pytest_plugin']"
