"""The actions that make and change an instance: CreateInstance, StartInstance, AllocatePublicIpAddress and so on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from local.cloud.ecs import exceptions
from local.cloud.ecs.models import NEVER
from local.cloud.ecs.parameters import items, pairs
from local.cloud.service import ServiceError
from shared.domain.create_instance.check import check_parameters
from shared.domain.create_instance.parameters import SECRET_PARAMETERS
from shared.domain.create_instance.view import CheckOptions
from shared.domain.timings import LONGEST_LIFETIME_SECONDS, SHORTEST_LIFETIME_SECONDS

if TYPE_CHECKING:
    from typing import Any

    from local.cloud.ecs.models import Account
    from local.cloud.ecs.parameters import Values
    from local.cloud.service import Call

# Undocumented but well-formed values may be new; the cloud decides by the bounds, not by the list.
CONTRACT = CheckOptions(unlisted="warn")
MAX_TAGS = 20
HOURLY_PRICE = 0.17
"""What every instance costs here; only its being there matters."""
MAX_RESOURCES = 50


def create_instance(account: Account, values: Values, call: Call) -> dict[str, Any]:
    """Check everything, then make one instance per client token."""
    _check_contract(account, values)
    if values.get("DryRun"):
        raise ServiceError(400, "DryRunOperation", "The request would have succeeded; DryRun was set.")
    token = values.pop("ClientToken", "") if account.cloud.config.checks.tokens else ""
    region, kept_seconds = values["RegionId"], account.cloud.config.tokens_kept
    if token and (answer := account.tokens.recall(region, token, values, account.now, kept_seconds)):
        return answer
    zone = values.get("ZoneId") or f"{region}-a"
    busy_until = account.now + account.cloud.config.delay("Creating")
    try:
        account.check_limits(zone, values["InstanceType"])
    except ServiceError:
        if token:
            account.tokens.keep(region, token, values, account.now, busy_until, None)
        raise
    kept = {n: v for n, v in values.items() if n not in SECRET_PARAMETERS and not n.startswith("Tag.")}
    instance = account.create(kept, tags_of(values), zone, call.vanish_after)
    answer = {"InstanceId": instance.instance_id, "TradePrice": HOURLY_PRICE}
    if values.get("InstanceChargeType") == "PrePaid":
        answer["OrderId"] = account.cloud.new_id("2")
    if token:
        account.tokens.keep(region, token, values, account.now, busy_until, answer)
    return answer


def start_instance(account: Account, values: Values, _call: Call) -> dict[str, Any]:
    """Start a stopped instance."""
    instance = account.get(values["InstanceId"])
    if (status := instance.status(account.now)) != "Stopped":
        raise exceptions.wrong_status(instance.instance_id, status)
    _dry_run(values)
    instance.started = True
    instance.running_at = account.now + account.cloud.config.delay("Starting")
    account.cloud.recorder.instance(instance)
    return {}


def allocate_public_ip_address(account: Account, values: Values, _call: Call) -> dict[str, Any]:
    """Give a stopped or running instance an address; the one it has is given again."""
    instance = account.get(values["InstanceId"])
    if (status := instance.status(account.now)) not in {"Stopped", "Running"}:
        raise exceptions.wrong_status(instance.instance_id, status)
    if not instance.parameters.get("InternetMaxBandwidthOut"):
        raise ServiceError(400, "InvalidParameter.Bandwidth", "The instance has no outbound public bandwidth.")
    if instance.public_ip is None:
        instance.public_ip = values.get("IpAddress") or account.new_address()
        account.cloud.recorder.instance(instance)
    return {"IpAddress": instance.public_ip}


def modify_instance_auto_release_time(account: Account, values: Values, _call: Call) -> dict[str, Any]:
    """Have an instance go by itself at a whole minute, half an hour to three years from now; without a time, not."""
    instance = account.get(values["InstanceId"])
    if instance.parameters.get("InstanceChargeType") == "PrePaid":
        raise ServiceError(403, "ChargeTypeViolation", "The instance is paid for in advance: no time releases it.")
    text = values.get("AutoReleaseTime")
    instance.release_at = _release_time(text, account.now) if text else NEVER
    account.cloud.recorder.instance(instance)
    return {}


def _release_time(text: str, now: float) -> float:
    try:
        moment = datetime.strptime(f"{text}+0000", "%Y-%m-%dT%H:%M:%SZ%z").timestamp()
    except ValueError:
        moment = NEVER
    at = moment // 60 * 60  # seconds do not count
    if not now + SHORTEST_LIFETIME_SECONDS <= at <= now + LONGEST_LIFETIME_SECONDS:
        words = (
            "AutoReleaseTime is yyyy-MM-ddTHH:mm:ssZ, in half an hour at the earliest and three years at the latest."
        )
        raise ServiceError(400, "InvalidAutoReleaseTime.Malformed", words)
    return at


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
    instance.vanishes_at = min(now, instance.vanishes_at)
    account.cloud.recorder.instance(instance)
    return {}


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


def tags_of(values: Values) -> dict[str, str]:
    """Return the tags; a key without a value has an empty one."""
    tags = pairs(values, "Tag", "Key", "Value") | pairs(values, "Tag", "key", "value")
    return {key: value or "" for key, value in tags.items()}


def _check_contract(account: Account, values: Values) -> None:
    if account.cloud.config.checks.parameters:
        for violation in check_parameters(values, CONTRACT, max_tags=MAX_TAGS):
            raise exceptions.violation(violation.code, violation.field, violation.message)
