"""Stacks, through the ROS client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.deployment.ports import Data, NoAnswer, Refused
from local.deployment.sdk.client import Service

if TYPE_CHECKING:
    from local.deployment.ports import StackRequest
    from local.runtime.access import Access

PAGE, PAGES = 50, 10
GONE = "DELETE_COMPLETE"
MINUTES = 30
"""How long ROS itself lets an operation last."""
SAME = ("NotSupported", "completely same stack")
"""The code, and words of the message, for an update that changes nothing (an issue of the ROS CDK quotes both)."""


class RosStacks:
    """See `ports.Stacks`."""

    def __init__(self, access: Access) -> None:
        self._service = Service("alibabacloud_ros20190910", "ros", access)
        self._models = self._service.models
        self._region = access.region

    def find(self, name: str) -> Data | None:
        """See the port. ROS gives details by id only, so the id is looked up first."""
        asked = self._models.ListStacksRequest(region_id=self._region, stack_name=[name], page_size=PAGE)
        listed = self._service.call("ListStacks", asked).get("Stacks") or []
        ids = [one["StackId"] for one in listed if one.get("StackName") == name and one.get("Status") != GONE]
        if not ids:
            return None
        asked = self._models.GetStackRequest(region_id=self._region, stack_id=ids[0])
        found: Data | None = self._service.call("GetStack", asked, absent=("StackNotFound",))
        return found

    def template(self, stack_id: str) -> str:
        """See the port."""
        asked = self._models.GetTemplateRequest(region_id=self._region, stack_id=stack_id)
        body = self._service.call("GetTemplate", asked).get("TemplateBody")
        if not isinstance(body, str):
            raise NoAnswer("ros:GetTemplate", "an answer without a template")
        return body

    def _told(self, request: StackRequest, parameter: Any) -> Data:
        """Return what creating and updating a stack are told alike; `parameter` is the call's own model of one."""
        return {
            "region_id": self._region,
            "template_url": request.template_url,
            "timeout_in_minutes": MINUTES,
            "parameters": [
                parameter(parameter_key=key, parameter_value=value) for key, value in request.parameters.items()
            ],
        }

    def create(self, name: str, request: StackRequest) -> str:
        """See the port."""
        told = self._told(request, self._models.CreateStackRequestParameters)
        asked = self._models.CreateStackRequest(stack_name=name, **told)
        return str(self._service.call("CreateStack", asked)["StackId"])

    def update(self, stack_id: str, request: StackRequest) -> bool:
        """See the port."""
        told = self._told(request, self._models.UpdateStackRequestParameters)
        asked = self._models.UpdateStackRequest(stack_id=stack_id, **told)
        try:
            self._service.call("UpdateStack", asked)
        except Refused as refused:
            if refused.code == SAME[0] and SAME[1] in refused.message:
                return False
            raise
        return True

    def events(self, stack_id: str) -> list[Data]:
        """See the port."""
        found: list[Data] = []
        for number in range(1, PAGES + 1):
            asked = self._models.ListStackEventsRequest(
                region_id=self._region, stack_id=stack_id, page_size=PAGE, page_number=number
            )
            page = self._service.call("ListStackEvents", asked).get("Events") or []
            found += page
            if len(page) < PAGE:
                break
        return sorted(found, key=lambda event: str(event.get("CreateTime") or ""), reverse=True)

    def policy(self, template: str) -> Data:
        """See the port."""
        asked = self._models.GenerateTemplatePolicyRequest(
            template_body=template, operation_types=["CreateStack", "UpdateStack"]
        )
        found = self._service.call("GenerateTemplatePolicy", asked).get("Policy")
        if not found:
            raise NoAnswer("ros:GenerateTemplatePolicy", "an answer without a policy")
        return dict(found)
