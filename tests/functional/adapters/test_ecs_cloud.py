"""The ECS adapter against the local cloud, in process and over HTTP: the same SDK, the same answers."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.in_process import in_process
from shared.adapters.ecs.client import STATUS_PAGE, Ecs
from shared.domain.errors.catalogue import classify
from shared.ports import ApiFailure
from shared.settings import Credentials

if TYPE_CHECKING:
    from tests.support.clients import Clients

KEYS = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)
REGION = defaults.REGION
PARAMETERS = {
    "RegionId": REGION,
    "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
    "InstanceType": "ecs.g6.large",
    "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
    "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
    "InternetMaxBandwidthOut": 5,
    "InternetChargeType": "PayByTraffic",
    "Password": "Hunter2+/&%",
    "SystemDisk.Category": "cloud_essd",
    "SystemDisk.Size": 40,
    "DataDisk.1.Size": 100,
    "DataDisk.1.DeleteWithInstance": True,
    "Tag.1.Key": defaults.REQUEST_TAG,
    "Tag.1.Value": "test/order-1",
}


@pytest.fixture
def ecs(cloud: Clients) -> Ecs:
    """Return the adapter, connected to the local cloud in both ways."""
    return Ecs(KEYS, call_seconds=10, endpoint=cloud.ecs_endpoint, connections=64)


def create(ecs: Ecs, number: int = 1, **changes: str | int) -> str:
    """Create an instance under the token of that number and return its id."""
    return ecs.create({**PARAMETERS, "ClientToken": f"token-{number}", **changes}).instance_id


def test_a_life(cloud: Clients, ecs: Ecs) -> None:
    """An instance is created, stopped, given an address and a release time, started, described and deleted."""
    instance_id = create(ecs)
    assert ecs.statuses(REGION, [instance_id]) == {instance_id: "Pending"}
    cloud.cloud.clock.advance(60)
    assert ecs.statuses(REGION, [instance_id]) == {instance_id: "Stopped"}
    address = ecs.allocate_address(REGION, instance_id)
    release_at = cloud.cloud.clock.now() // 60 * 60 + 7200
    ecs.set_release_time(REGION, instance_id, release_at)
    assert cloud.cloud.ecs.account.instances[instance_id].release_at == release_at
    ecs.start(REGION, instance_id)
    cloud.cloud.clock.advance(60)
    found = ecs.describe(REGION, [instance_id])[instance_id]
    assert (found.status, found.instance_type, found.public_ip_address) == ("Running", "ecs.g6.large", address)
    assert found.private_ip_addresses
    assert found.zone_id
    assert dict(found.tags) == {defaults.REQUEST_TAG: "test/order-1"}
    ecs.delete(REGION, instance_id)
    assert ecs.statuses(REGION, [instance_id]) == {}
    assert ecs.describe(REGION, [instance_id]) == {}


def test_the_token_makes_it_one(ecs: Ecs) -> None:
    """The same token and parameters are the same instance; other parameters under it are refused."""
    assert create(ecs) == create(ecs)
    with pytest.raises(ApiFailure) as caught:
        create(ecs, InstanceName="other")
    assert caught.value.error.code == "IdempotentParameterMismatch"
    assert create(ecs, 2) != create(ecs)


def test_the_page_trap(cloud: Clients, ecs: Ecs) -> None:
    """Fifty ids in one call are all answered, though the API answers ten unless it is asked for more."""
    ids = [create(ecs, number) for number in range(STATUS_PAGE)]
    cloud.cloud.calls.clear()
    assert sorted(ecs.statuses(REGION, ids)) == sorted(ids)
    assert sorted(ecs.describe(REGION, ids)) == sorted(ids)
    assert cloud.cloud.calls == {"ecs.DescribeInstanceStatus": 1, "ecs.DescribeInstances": 1}


def test_found_by_tag_over_pages(cloud: Clients, ecs: Ecs) -> None:
    """Every instance with the tag is found, over as many pages as it takes, the oldest first."""
    for number in range(103):
        create(ecs, number, **{"Tag.1.Value": "test/other" if number == 5 else "test/order-1"})
        cloud.cloud.clock.advance(60)
    cloud.cloud.calls.clear()
    found = ecs.find_by_tag(REGION, defaults.REQUEST_TAG, "test/order-1")
    assert len(found) == 102
    assert [one.creation_time for one in found] == sorted(one.creation_time for one in found)
    assert cloud.cloud.calls == {"ecs.DescribeInstances": 2}
    assert len(ecs.find_by_tag(REGION, defaults.REQUEST_TAG, "test/other")) == 1
    assert ecs.find_by_tag(REGION, defaults.REQUEST_TAG, "test/nobody") == []


@pytest.mark.parametrize("place", ["body", "query"])
def test_both_places(cloud: Clients, place: str) -> None:
    """The cloud takes and checks signed parameters in the body as in the query; a wrong secret is refused in both."""
    ecs = Ecs(KEYS, call_seconds=10, endpoint=cloud.ecs_endpoint, parameters=place)
    instance_id = create(ecs)
    assert ecs.statuses(REGION, [instance_id]) == {instance_id: "Pending"}
    assert {"?" in target for target in cloud.cloud.access} == {place == "query"}
    wrong = Credentials(defaults.ACCESS_KEY_ID, "another-secret")
    with pytest.raises(ApiFailure) as caught:
        create(Ecs(wrong, call_seconds=10, endpoint=cloud.ecs_endpoint, parameters=place), 2)
    assert caught.value.error.code == "SignatureDoesNotMatch"


def test_the_most_user_data(cloud: Clients) -> None:
    """32 KB of user data pass in the body; in the URL they meet the gateway's limit, which is a definite refusal."""
    data = {"UserData": base64.b64encode(b"\0" * 32 * 1024).decode()}
    assert create(Ecs(KEYS, call_seconds=10, endpoint=cloud.ecs_endpoint), **data)
    with pytest.raises(ApiFailure) as caught:
        create(Ecs(KEYS, call_seconds=10, endpoint=cloud.ecs_endpoint, parameters="query"), 2, **data)
    error = caught.value.error
    assert (error.http_status, error.code, error.sent) == (414, "", True)
    assert (classify(error).parameter, classify(error).unknown) == ("UserData", False)
    assert cloud.cloud.calls == {"ecs.CreateInstance": 1}


@pytest.mark.parametrize("effect", ["lose-request", "lose-response"])
def test_lost(cloud: Clients, ecs: Ecs, effect: str) -> None:
    """A lost call is unknown, was made once, and the same token finds out what came of it."""
    cloud.cloud.faults.add({"service": "ecs", "action": "CreateInstance", "effect": effect})
    with pytest.raises(ApiFailure) as caught:
        create(ecs)
    assert caught.value.error.http_status is None
    assert cloud.cloud.calls == {"ecs.CreateInstance": 1}
    instance_id = create(ecs)
    assert [one.instance_id for one in ecs.find_by_tag(REGION, defaults.REQUEST_TAG, "test/order-1")] == [instance_id]


def test_throttled(cloud: Clients, ecs: Ecs) -> None:
    """Throttling keeps its code and says when to come back."""
    error = {"status": 429, "code": "Throttling.User", "message": "m", "headers": {"x-acs-retry-after": "2500"}}
    cloud.cloud.faults.add({"service": "ecs", "action": "StartInstance", "error": error})
    with pytest.raises(ApiFailure) as caught:
        ecs.start(REGION, "i-1")
    error = caught.value.error
    assert (error.action, error.http_status, error.code, error.retry_after) == (
        "StartInstance", 429, "Throttling.User", 2.5,
    )  # fmt: skip
    assert error.request_id


def test_a_wrong_key(cloud: Clients) -> None:
    """A wrong secret is an answer like any other, and the secret is not in it."""
    keys = Credentials(defaults.ACCESS_KEY_ID, "another-secret")
    with pytest.raises(ApiFailure) as caught:
        create(Ecs(keys, call_seconds=5, endpoint=cloud.ecs_endpoint))
    assert caught.value.error.code.startswith("SignatureDoesNotMatch")
    assert "another-secret" not in repr(caught.value.error)


def test_each_region_has_its_endpoint() -> None:
    """Without an endpoint of its own, a region's calls go over https to the host of the SDK's map or rule."""
    ecs = Ecs(KEYS, call_seconds=5)
    with in_process(Cloud()) as mock:
        for region, host in (
            ("cn-beijing", "ecs.cn-beijing"),
            ("ap-southeast-1", "ecs.ap-southeast-1"),
            ("cn-hangzhou", "ecs-cn-hangzhou"),
            ("cn-shanghai-finance-1", "ecs-cn-hangzhou"),
            ("cn-beijing-gov-1", "ecs"),
            ("cn-zhengzhou-nebula-1", "ecs.cn-qingdao-nebula"),
            ("cn-beijing", "ecs.cn-beijing"),
        ):
            ecs.statuses(region, ["i-1"])
            assert str(mock.calls[-1].request.url) == f"https://{host}.aliyuncs.com/"


@pytest.mark.slow
def test_many_threads(cloud: Clients, ecs: Ecs) -> None:
    """64 threads create side by side through one adapter: each gets its own instance, none gets another's."""

    def work(number: int) -> tuple[str, str]:
        value = f"test/order-{number}"
        instance_id = create(ecs, number, **{"Tag.1.Value": value})
        (found,) = ecs.find_by_tag(REGION, defaults.REQUEST_TAG, value)
        return instance_id, found.instance_id

    with ThreadPoolExecutor(64) as pool:
        pairs = list(pool.map(work, range(192)))
    assert all(created == found for created, found in pairs)
    assert len({created for created, _ in pairs}) == 192
    assert cloud.cloud.calls["ecs.CreateInstance"] == 192
