"""Pages, filters and limits of the describing actions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from alibabacloud_ecs20140526 import models

from tests.support.ecs_calls import REGION, create, describe, refusal, statuses

if TYPE_CHECKING:
    from tests.support.clients import Clients


def test_ten_statuses_a_page_unless_told_otherwise(cloud: Clients) -> None:
    """DescribeInstanceStatus shows 10 of 60 asked for; 50 with PageSize 50; more a page is refused."""
    ecs = cloud.ecs()
    ids = [create(ecs) for _ in range(60)]
    assert list(statuses(ecs, ids)) == ids[:10]
    assert list(statuses(ecs, ids, page_size=50)) == ids[:50]
    assert list(statuses(ecs, ids, page_size=50, page_number=2)) == ids[50:]
    assert refusal(statuses, ecs, ids, page_size=51) == (400, "InvalidParameter")
    assert refusal(statuses, ecs, ids, page_size=0) == (400, "InvalidParameter")


def test_at_most_a_hundred_ids(cloud: Clients) -> None:
    """Both actions take up to 100 ids; unknown ones are absent from the answer."""
    ecs = cloud.ecs()
    ids = [create(ecs), *(f"i-unknown{number}" for number in range(99))]
    assert list(statuses(ecs, ids)) == ids[:1]
    assert [one.instance_id for one in describe(ecs, instance_ids=json.dumps(ids))] == ids[:1]
    assert refusal(statuses, ecs, [*ids, "i-more"]) == (400, "InvalidParameter")
    assert refusal(describe, ecs, instance_ids=json.dumps([*ids, "i-more"])) == (400, "InvalidParameter")


def test_instance_ids_are_json_in_a_string(cloud: Clients) -> None:
    """DescribeInstances refuses ids in any other spelling."""
    ecs = cloud.ecs()
    for wrong in ("i-1,i-2", '{"i-1": 1}', "[1]"):
        assert refusal(describe, ecs, instance_ids=wrong) == (400, "InvalidParameter")


def test_next_token_pages(cloud: Clients) -> None:
    """With MaxResults the answer goes on where NextToken says, and ends with an empty one; 10 are the least a page."""
    ecs = cloud.ecs()
    ids = [create(ecs) for _ in range(25)]
    pages: list[list[str]] = []
    token = None
    while token != "":
        request = models.DescribeInstancesRequest(region_id=REGION, max_results=2, next_token=token)
        body = ecs.describe_instances(request).body
        pages.append([one.instance_id for one in body.instances.instance])
        token = body.next_token
    assert pages == [ids[:10], ids[10:20], ids[20:]]
    assert len(describe(ecs, max_results=101)) == 25
    assert refusal(describe, ecs, next_token="made-up") == (400, "InvalidParameter")


def test_tags_and_filters(cloud: Clients) -> None:
    """Every tag that is named must be there, with its value where one is given; other filters are equality."""
    ecs = cloud.ecs()
    tag = models.DescribeInstancesRequestTag
    both = create(ecs, Tag=[{"Key": "team", "Value": "web"}, {"Key": "stage"}], ZoneId="cn-hangzhou-h")
    one = create(ecs, Tag=[{"Key": "team", "Value": "db"}])
    assert _ids(describe(ecs, tag=[tag(key="team")])) == [both, one]
    assert _ids(describe(ecs, tag=[tag(key="team", value="web"), tag(key="stage")])) == [both]
    assert _ids(describe(ecs, zone_id="cn-hangzhou-h")) == [both]
    assert _ids(describe(ecs, status="Running")) == []


def test_tag_resources(cloud: Clients) -> None:
    """TagResources puts tags on instances that exist, up to 20 each."""
    ecs = cloud.ecs()
    instance_id = create(ecs)

    def tag(resource: str, count: int) -> object:
        tags = [models.TagResourcesRequestTag(key=f"k{number}", value="v") for number in range(count)]
        request = models.TagResourcesRequest(
            region_id=REGION, resource_type="instance", resource_id=[resource], tag=tags
        )
        return ecs.tag_resources(request)

    tag(instance_id, 20)
    assert len(describe(ecs)[0].tags.tag) == 20
    assert refusal(tag, instance_id, 21) == (403, "QuotaExceed.Tags")
    assert refusal(tag, "i-unknown", 1) == (404, "InvalidInstanceId.NotFound")


def test_what_is_not_modelled_says_so(cloud: Clients) -> None:
    """A documented filter that the local cloud does not have is refused by name, not ignored."""
    assert refusal(describe, cloud.ecs(), vpc_id="vpc-1") == (501, "LocalCloud.NotModelled")


def _ids(instances: list[models.DescribeInstancesResponseBodyInstancesInstance]) -> list[str]:
    return [instance.instance_id for instance in instances]
