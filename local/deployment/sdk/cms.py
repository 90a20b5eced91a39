"""Alert rules of CloudMonitor, through its client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.deployment.ports import Data, Refused
from local.deployment.sdk.client import Service

if TYPE_CHECKING:
    from local.runtime.access import Access


class CmsMetrics:
    """See `ports.Metrics`."""

    def __init__(self, access: Access) -> None:
        self._service = Service("alibabacloud_cms20190101", "cms", access)

    def rule(self, name: str) -> Data | None:
        """See the port. The API finds names that contain the one asked for, and says failure in a 200, too."""
        asked = self._service.models.DescribeMetricRuleListRequest(rule_name=name, page_size=100)
        body = self._service.call("DescribeMetricRuleList", asked)
        if body.get("Success") is False:
            raise Refused("cms:DescribeMetricRuleList", str(body.get("Code")), str(body.get("Message") or ""))
        rules = (body.get("Alarms") or {}).get("Alarm") or []
        return next((dict(one) for one in rules if one.get("RuleName") == name), None)
