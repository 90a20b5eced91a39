"""MNS as it is spoken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.cloud.http import HttpResponse
from local.cloud.service import Call, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.cloud.cloud import Cloud
    from local.cloud.http import HttpRequest


class Mns:
    """The MNS service."""

    name = "mns"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def serves(self, request: HttpRequest) -> bool:
        """Queues and topics."""
        return "x-mns-version" in request.headers

    def identify(self, request: HttpRequest) -> Call:
        """Name the action."""
        return Call(request.headers.get("x-acs-action", ""), request)

    def authenticate(self, call: Call) -> None:
        """Check the signature."""

    def run(self, call: Call) -> HttpResponse:
        """Do it."""
        raise ServiceError(404, "InvalidAction.NotFound", f"action {call.action} is not supported")

    def refuse(self, _request: HttpRequest, error: ServiceError) -> HttpResponse:
        """Answer as JSON."""
        return HttpResponse(error.status, json.dumps({"Code": error.code, "Message": error.message}).encode())

    def request_ids(self, _call: Call) -> Iterable[str]:
        """Return the request ids."""
        return ()

    def state(self) -> Any:  # noqa: ANN401 - JSON
        """Show the instances."""
        return {"queues": {}, "topics": {}}

    def reset(self) -> None:
        """Forget the instances."""
