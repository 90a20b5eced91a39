"""Roles, through the RAM client; service-linked ones are made through EventBridge's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local.deployment.sdk.client import Service

if TYPE_CHECKING:
    from local.deployment.ports import Data
    from local.runtime.access import Access

ABSENT = ("EntityNotExist",)


class RamRoles:
    """See `ports.Roles`."""

    def __init__(self, access: Access) -> None:
        self._ram = Service("alibabacloud_ram20150501", "ram", access)
        self._eventbridge = Service("alibabacloud_eventbridge20200401", "eventbridge", access)

    def role(self, name: str) -> Data | None:
        """See the port."""
        found = self._ram.call("GetRole", self._ram.models.GetRoleRequest(role_name=name), absent=ABSENT)
        return dict(found.get("Role") or {}) if found else None

    def statements(self, name: str) -> list[Data]:
        """See the port."""
        models = self._ram.models
        listed = self._ram.call("ListPoliciesForRole", models.ListPoliciesForRoleRequest(role_name=name))
        statements: list[Data] = []
        for one in (listed.get("Policies") or {}).get("Policy") or []:
            asked = models.GetPolicyRequest(policy_name=one["PolicyName"], policy_type=one["PolicyType"])
            document = self._ram.call("GetPolicy", asked)["DefaultPolicyVersion"]["PolicyDocument"]
            statements += json.loads(document)["Statement"]
        return statements

    def make_service_linked(self, name: str) -> None:
        """See the port. What the API calls ProductName is the role's name."""
        asked = self._eventbridge.models.CreateServiceLinkedRoleForProductRequest(product_name=name)
        self._eventbridge.call("CreateServiceLinkedRoleForProduct", asked)
