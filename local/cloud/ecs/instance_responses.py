"""The actions that change an instance: StartInstance, AllocatePublicIpAddress, DeleteInstance, TagResources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.cloud.ecs import exceptions
from local.cloud.ecs.actions import action
from local.cloud.ecs.create_responses import MAX_TAGS, tags_of
from local.cloud.ecs.parameters import items
from local.cloud.service import ServiceError

if TYPE_CHECKING:
    from typing import Any

    from local.cloud.ecs.actions import Values
    from local.cloud.ecs.models import Account
    from local.cloud.service import Call

MAX_RESOURCES = 50


@action(string="InstanceId!", boolean="DryRun InitLocalDisk")
def start_instance(account: Account, values: Values, _call: Call) -> dict[str, Any]:
    """Start a stopped instance."""
    instance = account.get(values["InstanceId"])
    if (status := instance.status(account.now)) != "Stopped":
        raise exceptions.wrong_status(instance.instance_id, status)
    _dry_run(values)
    instance.started = True
    instance.running_at = account.now + account.cloud.config.delay("Starting")
    account.cloud.witness.instance(instance)
    return {}


@action(string="InstanceId! IpAddress VlanId")
def allocate_public_ip_address(account: Account, values: Values, _call: Call) -> dict[str, Any]:
    """Give a stopped or running instance an address; the one it has is given again."""
    instance = account.get(values["InstanceId"])
    if (status := instance.status(account.now)) not in {"Stopped", "Running"}:
        raise exceptions.wrong_status(instance.instance_id, status)
    if not instance.parameters.get("InternetMaxBandwidthOut"):
        raise ServiceError(400, "InvalidParameter.Bandwidth", "The instance has no outbound public bandwidth.")
    if instance.public_ip is None:
        instance.public_ip = values.get("IpAddress") or account.new_address()
        account.cloud.witness.instance(instance)
    return {"IpAddress": instance.public_ip}


@action(string="InstanceId!", boolean="DryRun Force ForceStop TerminateSubscription")
def delete_instance(account: Account, values: Values, _call: Call) -> dict[str, Any]:
    """Release an instance: a stopped one, or any with Force, but none that is still being initialised."""
    instance = account.get(values["InstanceId"])
    status, now = instance.status(account.now), account.now
    if now < instance.deletable_at:
        raise ServiceError(403, "IncorrectInstanceStatus.Initializing", "The instance is being initialised.")
    if instance.parameters.get("DeletionProtection"):
        raise ServiceError(403, "InvalidOperation.DeletionProtection", "The instance is protected from deletion.")
    if instance.parameters.get("InstanceChargeType") == "PrePaid" and not values.get("TerminateSubscription"):
        raise ServiceError(403, "ChargeTypeViolation", "The instance is paid for in advance.")
    if status != "Stopped" and not values.get("Force"):
        raise exceptions.wrong_status(instance.instance_id, status)
    _dry_run(values)
    instance.gone_at = min(now, instance.gone_at)
    account.cloud.witness.instance(instance)
    return {}


@action(string="RegionId! ResourceType! ResourceId.N Tag.N.Key Tag.N.Value")
def tag_resources(account: Account, values: Values, _call: Call) -> dict[str, Any]:
    """Put tags on up to 50 instances."""
    ids, tags = items(values, "ResourceId"), tags_of(values)
    if values["ResourceType"] != "instance":
        raise ServiceError(501, "LocalCloud.NotModelled", "The local cloud has tags on instances only.")
    if not ids or not tags:
        raise exceptions.missing("ResourceId.1" if not ids else "Tag.1.Key")
    if len(ids) > MAX_RESOURCES:
        raise exceptions.invalid("ResourceId.N", f"at most {MAX_RESOURCES} ids")
    instances = [account.get(instance_id) for instance_id in ids]
    if any(len(instance.tags | tags) > MAX_TAGS for instance in instances):
        raise ServiceError(403, "QuotaExceed.Tags", f"An instance has at most {MAX_TAGS} tags.")
    for instance in instances:
        instance.tags |= tags
    return {}


def _dry_run(values: Values) -> None:
    if values.get("DryRun"):
        raise ServiceError(400, "DryRunOperation", "The request would have succeeded; DryRun was set.")
