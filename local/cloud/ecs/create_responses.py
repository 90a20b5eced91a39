"""CreateInstance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.cloud.ecs import exceptions
from local.cloud.ecs.actions import action
from local.cloud.ecs.parameters import pairs
from local.cloud.service import ServiceError
from shared.domain.create_instance.check import check_parameters
from shared.domain.create_instance.parameters import SECRET_PARAMETERS
from shared.domain.create_instance.view import CheckOptions

if TYPE_CHECKING:
    from typing import Any

    from local.cloud.ecs.actions import Values
    from local.cloud.ecs.models import Account
    from local.cloud.service import Call

# Undocumented but well-formed values may be new; the cloud decides by the bounds, not by the list.
CONTRACT = CheckOptions(unlisted="warn")
MAX_TAGS = 20
HOURLY_PRICE = 0.17
"""What every instance costs here; only its being there matters."""


@action(
    string="""RegionId! InstanceType! Affinity Arn.N.RoleType Arn.N.Rolearn ClientToken ClusterId CreditSpecification
        DataDisk.N.Category DataDisk.N.Description DataDisk.N.Device DataDisk.N.DiskName DataDisk.N.EncryptAlgorithm
        DataDisk.N.KMSKeyId DataDisk.N.PerformanceLevel DataDisk.N.SnapshotId DataDisk.N.StorageClusterId
        DedicatedHostId DeploymentSetId Description HostName HpcClusterId HttpEndpoint HttpTokens ImageFamily ImageId
        InnerIpAddress InstanceChargeType InstanceName InternetChargeType IoOptimized KeyPairName NodeControllerId
        Password PeriodUnit PrivateIpAddress PrivatePoolOptions.Id PrivatePoolOptions.MatchCriteria RamRoleName
        ResourceGroupId SecurityEnhancementStrategy SecurityGroupId SpotInterruptionBehavior SpotStrategy StorageSetId
        SystemDisk.Category SystemDisk.Description SystemDisk.DiskName SystemDisk.PerformanceLevel
        SystemDisk.StorageClusterId Tag.N.Key Tag.N.Value Tag.N.key Tag.N.value Tenancy UserData VSwitchId VlanId
        ZoneId""",
    integer="""Arn.N.AssumeRoleFor AutoRenewPeriod DataDisk.N.Size DeploymentSetGroupNo HttpPutResponseHopLimit
        InternetMaxBandwidthIn InternetMaxBandwidthOut Period SpotDuration StorageSetPartitionNumber SystemDisk.Size""",
    number="SpotPriceLimit",
    boolean="""AutoRenew DataDisk.N.DeleteWithInstance DataDisk.N.Encrypted DeletionProtection DryRun
        HibernationOptions.Configured PasswordInherit UseAdditionalService""",
)
def create_instance(account: Account, values: Values, call: Call) -> dict[str, Any]:
    """Check everything, then make one instance per client token."""
    _check_contract(account, values)
    if values.get("DryRun"):
        raise ServiceError(400, "DryRunOperation", "The request would have succeeded; DryRun was set.")
    token = values.pop("ClientToken", "") if account.cloud.config.checks.tokens else ""
    region = values["RegionId"]
    if token and (answer := account.tokens.recall(region, token, values, account.now)):
        return answer
    zone = values.get("ZoneId") or f"{region}-a"
    busy_until = account.now + account.cloud.config.delay("Creating")
    try:
        account.check_limits(zone, values["InstanceType"])
    except ServiceError:
        if token:
            account.tokens.keep(region, token, values, busy_until, None)
        raise
    kept = {n: v for n, v in values.items() if n not in SECRET_PARAMETERS and not n.startswith("Tag.")}
    instance = account.create(kept, tags_of(values), zone, call.vanish_after)
    answer = {"InstanceId": instance.instance_id, "TradePrice": HOURLY_PRICE}
    if values.get("InstanceChargeType") == "PrePaid":
        answer["OrderId"] = account.cloud.new_id("2")
    if token:
        account.tokens.keep(region, token, values, busy_until, answer)
    return answer


def tags_of(values: Values) -> dict[str, str]:
    """Return the tags; a key without a value has an empty one."""
    tags = pairs(values, "Tag", "Key", "Value") | pairs(values, "Tag", "key", "value")
    return {key: value or "" for key, value in tags.items()}


def _check_contract(account: Account, values: Values) -> None:
    if account.cloud.config.checks.parameters:
        for violation in check_parameters(values, CONTRACT, max_tags=MAX_TAGS):
            raise exceptions.violation(violation.code, violation.field, violation.message)
