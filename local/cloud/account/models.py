"""The stacks there are: the deployment's own, named as template.yml names its outputs."""

from __future__ import annotations

from dataclasses import dataclass, field

from local import defaults

STACK = "provisioner"
TERMINAL = "CREATE_COMPLETE"


@dataclass(slots=True)
class Stack:
    """One stack."""

    stack_id: str
    name: str
    region: str
    status: str = TERMINAL
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def summary(self) -> dict[str, str]:
        """Return what a list shows of it."""
        return {"StackId": self.stack_id, "StackName": self.name, "RegionId": self.region, "Status": self.status}

    def details(self) -> dict[str, object]:
        """Return all of it."""
        return {
            **self.summary(),
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in self.parameters.items()],
            "Outputs": [{"OutputKey": k, "OutputValue": v, "Description": ""} for k, v in self.outputs.items()],
        }


def own_stack(stack_id: str) -> Stack:
    """Return the deployment's stack as it would be after template.yml was created with the default names."""
    return Stack(
        stack_id,
        STACK,
        defaults.REGION,
        parameters={"ALIYUN::Region": defaults.REGION, "ALIYUN::TenantId": defaults.ACCOUNT_ID,
                    "Deployment": defaults.DEPLOYMENT},
        outputs={
            "Deployment": defaults.DEPLOYMENT, "QueueName": defaults.QUEUE,
            "DeadLetterQueueName": defaults.DEAD_LETTERS, "TopicName": defaults.TOPIC, "InboxQueueName": defaults.INBOX,
            "StoreInstance": defaults.TABLESTORE_INSTANCE, "RequestsTable": defaults.REQUESTS_TABLE,
            "OpenTable": defaults.OPEN_TABLE,
        },
    )  # fmt: skip
