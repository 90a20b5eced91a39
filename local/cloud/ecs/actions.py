"""The table of actions: the parameters of each, and the function that does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.cloud.ecs import describe_responses, instance_responses
from local.cloud.ecs.parameters import KINDS, Parameters
from shared.domain.create_instance.parameters import PARAMETERS, REQUIRED

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.ecs.models import Account
    from local.cloud.ecs.parameters import Values
    from local.cloud.service import Call

    Handler = Callable[[Account, Values, Call], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Action:
    """What an action takes and what it does."""

    parameters: Parameters
    handler: Handler


LOWER_CASE_TAGS = {"Tag.N.key": "string", "Tag.N.value": "string"}
"""Another spelling of tags that the API takes and the worker does not."""

ACTIONS = {
    "CreateInstance": Action(
        Parameters({name: KINDS[item.kind] for name, item in PARAMETERS.items()} | LOWER_CASE_TAGS, REQUIRED),
        instance_responses.create_instance,
    ),
    "StartInstance": Action(
        Parameters.of(string="InstanceId!", boolean="DryRun InitLocalDisk"), instance_responses.start_instance
    ),
    "AllocatePublicIpAddress": Action(
        Parameters.of(string="InstanceId! IpAddress VlanId"), instance_responses.allocate_public_ip_address
    ),
    "ModifyInstanceAutoReleaseTime": Action(
        Parameters.of(string="InstanceId! AutoReleaseTime"), instance_responses.modify_instance_auto_release_time
    ),
    "DeleteInstance": Action(
        Parameters.of(string="InstanceId!", boolean="DryRun Force ForceStop TerminateSubscription"),
        instance_responses.delete_instance,
    ),
    "TagResources": Action(
        Parameters.of(string="RegionId! ResourceType! ResourceId.N Tag.N.Key Tag.N.Value"),
        instance_responses.tag_resources,
    ),
    "DescribeInstanceStatus": Action(
        Parameters.of(string="RegionId! ZoneId ClusterId InstanceId.N", integer="PageNumber PageSize"),
        describe_responses.describe_instance_status,
    ),
    "DescribeInstances": Action(
        Parameters.of(
            string="""RegionId! ZoneId InstanceIds Status NextToken Tag.N.Key Tag.N.Value Tag.N.key Tag.N.value
                AdditionalAttributes.N Filter.N.Key Filter.N.Value Ipv6Address.N """
            + " ".join(describe_responses.FILTERS + describe_responses.NOT_MODELLED),
            integer="PageNumber PageSize MaxResults",
            boolean="DryRun",
        ),
        describe_responses.describe_instances,
    ),
}
"""Every action by its name."""
