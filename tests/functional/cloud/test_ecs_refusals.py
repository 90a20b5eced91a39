"""What ECS refuses: parameters, stock and quota, actions it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alibabacloud_ecs20140526 import models
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

from tests.support.ecs_calls import PLAIN, REGION, create, delete, refusal

if TYPE_CHECKING:
    from tests.support.clients import Clients


def raw(cloud: Clients, action: str, **query: str) -> object:
    """Call an action with parameters no typed request would let through."""
    params = Params(
        action=action,
        version="2014-05-26",
        protocol="HTTPS",
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    return cloud.ecs().call_api(params, OpenApiRequest(query=query), RuntimeOptions())


@pytest.mark.parametrize(
    ("action", "query", "code"),
    [
        ("StartInstance", {}, "MissingParameter"),
        ("StartInstance", {"InstanceId": ""}, "MissingParameter"),
        ("StartInstance", {"InstanceId": "i-1", "Nonsense": "1"}, "InvalidParameter"),
        ("StartInstance", {"InstanceId": "i-1", "DryRun": "yes"}, "InvalidParameter"),
        ("DescribeInstanceStatus", {"RegionId": REGION, "PageSize": "ten"}, "InvalidParameter"),
        ("DescribeInstanceStatus", {"RegionId": REGION, "InstanceId.0": "i-1"}, "InvalidParameter"),
        ("DescribeInstanceStatus", {}, "MissingParameter"),
        ("CreateInstance", {"RegionId": REGION, "InstanceType": "t", "DataDisk.1.Weight": "1"}, "InvalidParameter"),
        ("CreateInstance", {"RegionId": REGION, "InstanceType": "t", "SpotPriceLimit": "x"}, "InvalidParameter"),
    ],
)  # fmt: skip
def test_metadata(cloud: Clients, action: str, query: dict[str, str], code: str) -> None:
    """Unknown and missing parameters and wrong types are refused before anything else."""
    assert refusal(raw, cloud, action, **query) == (400, code)


def test_an_unknown_action_is_named(cloud: Clients) -> None:
    """An action the local cloud does not have is a loud error that names it."""
    with pytest.raises(AlibabaCloudException, match="RebootTheWorld") as caught:
        raw(cloud, "RebootTheWorld")
    assert (caught.value.status_code, caught.value.code) == (404, "InvalidAction.NotFound")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Password": "short"}, "InvalidPassword.Malformed"),
        ({"InstanceName": "1"}, "InvalidInstanceName.Malformed"),
        ({"ImageId": None}, "MissingParameter"),
        ({"Tag": [{"Key": f"k{number}"} for number in range(21)]}, "QuotaExceed.Tags"),
    ],
)
def test_the_contract(cloud: Clients, changes: dict[str, object], code: str) -> None:
    """CreateInstance refuses what the product's own rules refuse, with the documented code: a way around shows."""
    assert refusal(create, cloud.ecs(), **changes)[1] == code


def test_twenty_tags_are_allowed(cloud: Clients) -> None:
    """The cloud takes 20 tags: 19 of a message and the worker's own."""
    assert create(cloud.ecs(), Tag=[{"Key": f"k{number}", "Value": "v"} for number in range(20)])


def test_stock_by_zone_and_type(cloud: Clients) -> None:
    """Where there is no stock, the answer is NoStock; another zone or type still has some."""
    ecs = cloud.ecs()
    cloud.local("config", {"stock": {"cn-hangzhou-h": {"ecs.g6.large": 1}}})
    only = create(ecs, ZoneId="cn-hangzhou-h")
    assert refusal(create, ecs, ZoneId="cn-hangzhou-h") == (403, "OperationDenied.NoStock")
    assert create(ecs, ZoneId="cn-hangzhou-i")
    assert create(ecs, ZoneId="cn-hangzhou-h", InstanceType="ecs.g7.large")
    cloud.cloud.clock.advance(5)
    delete(ecs, only, force=True)
    assert create(ecs, ZoneId="cn-hangzhou-h")


def test_quota(cloud: Clients) -> None:
    """Where the quota is used up, the answer is a quota code."""
    ecs = cloud.ecs()
    cloud.local("config", {"quotas": {"*": {"*": 2}}})
    assert create(ecs)
    assert create(ecs)
    assert refusal(create, ecs) == (403, "QuotaExceed.ElasticQuota")


def test_the_answer_names_request_and_host(cloud: Clients) -> None:
    """A refusal carries the request id an operator asks for."""
    with pytest.raises(AlibabaCloudException) as caught:
        cloud.ecs().create_instance(models.CreateInstanceRequest().from_map({**PLAIN, "Password": "short"}))
    assert caught.value.data["RequestId"]
    assert caught.value.data["HostId"]
