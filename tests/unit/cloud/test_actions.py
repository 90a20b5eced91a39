"""The names of the actions: those of the services' APIs and no others."""

from __future__ import annotations

import pytest

from local.cloud.cloud import Cloud

DOCUMENTED = {
    "mns": {
        "CreateQueue", "SetQueueAttributes", "GetQueueAttributes", "DeleteQueue", "ListQueue", "SendMessage",
        "BatchSendMessage", "ReceiveMessage", "BatchReceiveMessage", "PeekMessage", "BatchPeekMessage", "DeleteMessage",
        "BatchDeleteMessage", "ChangeMessageVisibility", "CreateTopic", "SetTopicAttributes", "GetTopicAttributes",
        "DeleteTopic", "ListTopic", "PublishMessage", "Subscribe", "SetSubscriptionAttributes",
        "GetSubscriptionAttributes", "Unsubscribe", "ListSubscriptionByTopic",
    },
    "ots": {
        "CreateTable", "DescribeTable", "DeleteTable", "PutRow", "UpdateRow", "DeleteRow", "GetRow", "GetRange",
        "BatchGetRow", "BatchWriteRow",
    },
    "ecs": {
        "CreateInstance", "DescribeInstanceStatus", "DescribeInstances", "StartInstance", "AllocatePublicIpAddress",
        "ModifyInstanceAutoReleaseTime",
        "DeleteInstance", "TagResources",
    },
}  # fmt: skip


@pytest.mark.parametrize("service", DOCUMENTED)
def test_a_fault_takes_documented_actions_only(service: str) -> None:
    """Every action that a fault can name is one of the API: no function of the local cloud passes for one."""
    cloud = Cloud()
    for action in DOCUMENTED[service]:
        cloud.faults.add({"service": service, "action": action, "effect": "lose-request"})
    (found,) = [one for one in cloud.services if one.name == service]
    assert set(found.actions()) == DOCUMENTED[service]


def test_a_helper_is_no_action() -> None:
    """A delete without a receipt handle is answered, but it is DeleteMessage and has no name of its own."""
    with pytest.raises(ValueError, match="a fault needs an action of mns"):
        Cloud().faults.add({"service": "mns", "action": "DeleteWithoutHandle", "effect": "lose-request"})
