"""Log lines, alert rules and dashboards, through the Simple Log Service client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.deployment.ports import NoAnswer
from local.deployment.sdk.client import Service

if TYPE_CHECKING:
    from local.deployment.ports import Data
    from local.runtime.access import Access

NO_PROJECT = ("ProjectNotExist",)
INCOMPLETE = "Incomplete"
PAGE = 100
"""The most lines that one call returns."""


class SlsLogs:
    """See `ports.Logs`."""

    def __init__(self, access: Access, project: str, store: str) -> None:
        self._service = Service("alibabacloud_sls20201230", "log", access)
        self._project, self._store = project, store

    def search(self, query: str, since: float, until: float, limit: int) -> list[Data]:
        """See the port: of more lines than the limit the newest. The worker's JSON, the field `message`, is read."""
        models = self._service.models
        found: list[Data] = []
        while len(found) < limit:
            asked = models.GetLogsRequest(
                from_=int(since), to=int(until) + 1, query=query, line=PAGE, offset=len(found), reverse=True
            )
            answer = self._service.call("GetLogs", self._project, self._store, asked, models.GetLogsHeaders())
            if (answer.get("meta") or {}).get("progress") in (INCOMPLETE, None):
                raise NoAnswer("log:GetLogStoreLogs", "an incomplete answer")
            lines = answer.get("data") or []
            found += lines
            if len(lines) < PAGE:
                break
        return [_read(line) for line in reversed(found[:limit])]

    def alert(self, name: str) -> Data | None:
        """See the port."""
        absent = (*NO_PROJECT, "AlertNotExist", "JobNotExist")
        found: Data | None = self._service.call("GetAlert", self._project, name, {}, absent=absent)
        return found

    def dashboard(self, name: str) -> Data | None:
        """See the port."""
        absent = (*NO_PROJECT, "DashboardNotExist")
        found: Data | None = self._service.call("GetDashboard", self._project, name, {}, absent=absent)
        return found


def _read(line: dict[str, Any]) -> Data:
    try:
        message = json.loads(line.get("message", ""))
    except (ValueError, TypeError):
        return dict(line)
    return {**line, "message": message} if isinstance(message, dict) else dict(line)
