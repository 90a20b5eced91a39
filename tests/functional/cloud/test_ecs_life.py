"""An instance from CreateInstance to its end, through the official SDK."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from alibabacloud_ecs20140526.models import DescribeInstancesRequestTag

from tests.support.ecs_calls import allocate, create, delete, describe, refusal, release_at, start, statuses

if TYPE_CHECKING:
    from tests.support.clients import Clients


def test_pending_stopped_running(cloud: Clients) -> None:
    """A new instance is Pending, then Stopped; started it is Starting, then Running."""
    ecs = cloud.ecs()
    instance_id = create(ecs)
    assert statuses(ecs, [instance_id]) == {instance_id: "Pending"}
    assert refusal(start, ecs, instance_id) == (403, "IncorrectInstanceStatus")
    cloud.cloud.clock.advance(3)
    assert statuses(ecs, [instance_id]) == {instance_id: "Stopped"}
    start(ecs, instance_id)
    assert statuses(ecs, [instance_id]) == {instance_id: "Starting"}
    cloud.cloud.clock.advance(2)
    assert statuses(ecs, [instance_id]) == {instance_id: "Running"}
    assert refusal(start, ecs, instance_id) == (403, "IncorrectInstanceStatus")


def test_public_address_rules(cloud: Clients) -> None:
    """An address needs outbound bandwidth and a settled status, and is given once."""
    ecs = cloud.ecs()
    without, with_bandwidth = create(ecs), create(ecs, InternetMaxBandwidthOut=5)
    assert refusal(allocate, ecs, with_bandwidth) == (403, "IncorrectInstanceStatus")
    cloud.cloud.clock.advance(3)
    assert refusal(allocate, ecs, without) == (400, "InvalidParameter.Bandwidth")
    address = allocate(ecs, with_bandwidth)
    assert allocate(ecs, with_bandwidth) == address
    (shown,) = describe(ecs, instance_ids=json.dumps([with_bandwidth]))
    assert shown.public_ip_address.ip_address == [address]
    assert shown.vpc_attributes.private_ip_address.ip_address != []


def test_delete_rules(cloud: Clients) -> None:
    """Deleting is refused while initialising and, without Force, unless stopped; then the id is gone."""
    ecs = cloud.ecs()
    instance_id, protected = create(ecs), create(ecs, DeletionProtection=True)
    assert refusal(delete, ecs, instance_id, force=True) == (403, "IncorrectInstanceStatus.Initializing")
    cloud.cloud.clock.advance(2)
    assert refusal(delete, ecs, instance_id) == (403, "IncorrectInstanceStatus")
    delete(ecs, instance_id, force=True)
    assert statuses(ecs) == {protected: "Pending"}
    assert refusal(delete, ecs, instance_id, force=True) == (404, "InvalidInstanceId.NotFound")
    assert refusal(delete, ecs, protected, force=True) == (403, "InvalidOperation.DeletionProtection")


def test_an_instance_goes_at_its_release_time(cloud: Clients) -> None:
    """Until that minute it is there and says so; a new time takes the old one's place, none takes it away."""
    ecs = cloud.ecs()
    goes, stays, later = create(ecs), create(ecs), create(ecs)
    for instance_id in (goes, stays, later):
        release_at(ecs, instance_id, instant(cloud, 2400))
    release_at(ecs, stays, None)
    release_at(ecs, later, instant(cloud, 7200))
    shown = {one.instance_id: one.auto_release_time for one in describe(ecs)}
    assert shown == {goes: instant(cloud, 2400)[:-4] + "Z", stays: "", later: instant(cloud, 7200)[:-4] + "Z"}
    cloud.cloud.clock.advance(2400 - 61)
    assert statuses(ecs).keys() == {goes, stays, later}
    cloud.cloud.clock.advance(61)
    assert statuses(ecs).keys() == {stays, later}
    assert refusal(delete, ecs, goes, force=True) == (404, "InvalidInstanceId.NotFound")
    assert cloud.local("state")["ecs"]["gone"] == [goes]


def test_release_times_that_are_refused(cloud: Clients) -> None:
    """Half an hour ahead at least, three years at most, as the API writes times; no subscription, nothing unknown."""
    ecs = cloud.ecs()
    instance_id, prepaid = create(ecs), create(ecs, InstanceChargeType="PrePaid", Period=1)
    for time in (
        instant(cloud, 1700),
        instant(cloud, 4 * 365 * 86400),
        "tomorrow",
        "2036-13-01T00:00:00Z",
        "2026-11-24",
    ):
        assert refusal(release_at, ecs, instance_id, time) == (400, "InvalidAutoReleaseTime.Malformed")
    assert refusal(release_at, ecs, prepaid, instant(cloud, 7200)) == (403, "ChargeTypeViolation")
    assert refusal(release_at, ecs, "i-none", instant(cloud, 7200)) == (404, "InvalidInstanceId.NotFound")
    release_at(ecs, instance_id, instant(cloud, 1860))


def instant(cloud: Clients, seconds: float) -> str:
    """Return a time so far ahead of the cloud's, as the API writes it."""
    at = datetime.fromtimestamp(cloud.cloud.clock.now() + seconds, timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_read_lag(cloud: Clients) -> None:
    """With a read lag a new instance is absent from answers for a while, and its tag finds nothing."""
    ecs = cloud.ecs()
    cloud.local("config", {"readLagSeconds": 5})
    tag = {"Key": "provisioner:request", "Value": "local/a"}
    instance_id = create(ecs, Tag=[tag])
    assert statuses(ecs, [instance_id]) == {}
    assert describe(ecs, tag=_tags(tag)) == []
    cloud.cloud.clock.advance(5)
    assert [one.instance_id for one in describe(ecs, tag=_tags(tag))] == [instance_id]


def test_tokens_are_forgotten(cloud: Clients) -> None:
    """A client token is good for one instance as long as it is remembered; after that it buys another."""
    ecs = cloud.ecs()
    cloud.local("config", {"tokenSeconds": 60})
    first = create(ecs, ClientToken="t")
    cloud.cloud.clock.advance(59)
    assert create(ecs, ClientToken="t") == first
    cloud.cloud.clock.advance(1)
    assert create(ecs, ClientToken="t") != first


def test_dry_run_makes_nothing(cloud: Clients) -> None:
    """DryRun answers DryRunOperation after all checks, and makes no instance."""
    ecs = cloud.ecs()
    assert refusal(create, ecs, DryRun=True) == (400, "DryRunOperation")
    assert cloud.local("state")["ecs"]["instances"] == []


def test_state_never_shows_secrets(cloud: Clients) -> None:
    """What /_local/state shows of an instance has neither Password nor UserData in it."""
    create(cloud.ecs(), Password="Abcd-1234-secret", UserData="c2VjcmV0")
    text = json.dumps(cloud.local("state"))
    assert "Abcd-1234-secret" not in text
    assert "c2VjcmV0" not in text


def _tags(*tags: dict[str, str]) -> list[DescribeInstancesRequestTag]:
    return [DescribeInstancesRequestTag(key=tag["Key"], value=tag.get("Value")) for tag in tags]
