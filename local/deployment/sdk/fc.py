"""Functions and triggers, through the Function Compute 3.0 client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.deployment.sdk.client import Service

if TYPE_CHECKING:
    from local.deployment.ports import Data
    from local.runtime.access import Access

NO_FUNCTION = ("FunctionNotFound",)


class FcFunctions:
    """See `ports.Functions`."""

    def __init__(self, access: Access) -> None:
        self._service = Service("alibabacloud_fc20230330", "fc", access)

    def function(self, name: str) -> Data | None:
        """See the port."""
        asked = self._service.models.GetFunctionRequest()
        found: Data | None = self._service.call("GetFunction", name, asked, {}, absent=NO_FUNCTION)
        return found

    def trigger(self, function: str, name: str) -> Data | None:
        """See the port."""
        absent = (*NO_FUNCTION, "TriggerNotFound")
        found: Data | None = self._service.call("GetTrigger", function, name, {}, absent=absent)
        return found

    def reserved(self, function: str) -> int | None:
        """See the port."""
        absent = (*NO_FUNCTION, "ConcurrencyConfigNotFound", "ProvisionConfigNotFound")
        found = self._service.call("GetConcurrencyConfig", function, {}, absent=absent)
        return (found or {}).get("reservedConcurrency")

    def asynchronous(self, function: str) -> Data | None:
        """See the port."""
        asked = self._service.models.GetAsyncInvokeConfigRequest()
        absent = (*NO_FUNCTION, "AsyncConfigNotExists", "AsyncConfigNotFound")
        found: Data | None = self._service.call("GetAsyncInvokeConfig", function, asked, {}, absent=absent)
        return found
