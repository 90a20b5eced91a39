"""How ECS, ROS and STS are spoken alike: an action and its parameters in the query or a form, signed; JSON back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from local.cloud.http import HttpResponse
from local.cloud.rpc_signing import Gate
from local.cloud.service import Call, ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from local.cloud.core import Core
    from local.cloud.http import HttpRequest

FORM = "application/x-www-form-urlencoded"
JSON = {"content-type": "application/json;charset=utf-8"}


class RpcService:
    """What the services of this kind share. `label` is a service's name in its refusals."""

    name: str
    label: str
    version: str

    def __init__(self, cloud: Core) -> None:
        self._cloud = cloud
        self._gate = Gate(cloud.keys)

    def actions(self) -> Collection[str]:
        """Return the names of all actions."""
        raise NotImplementedError

    def handle(self, call: Call) -> Mapping[str, Any]:
        """Check the parameters, do it, return the answer but for its RequestId; raise ServiceError."""
        raise NotImplementedError

    def identify(self, request: HttpRequest) -> Call:
        """Name the action (header `x-acs-action`, or parameter `Action`)."""
        parameters = parameters_of(request)
        action = request.headers.get("x-acs-action") or parameters.get("Action", "")
        if action not in self.actions():
            words = f"The local cloud has no {self.label} action {action or '(none named)'}."
            raise ServiceError(404, "InvalidAction.NotFound", words)
        version = version_of(request, parameters)
        if version != self.version:
            raise ServiceError(400, "InvalidVersion", f"{self.label} has the version {self.version}, not {version}.")
        return Call(action, request, parameters)

    def authenticate(self, call: Call) -> None:
        """Check the signature."""
        if self._cloud.config.checks.signatures:
            self._gate.check(call.request, call.parameters)

    def run(self, call: Call) -> HttpResponse:
        """Check the parameters and do it."""
        return _json(200, {**self.handle(call), "RequestId": self._cloud.new_request_id()})

    def refuse(self, request: HttpRequest, error: ServiceError) -> HttpResponse:
        """Answer as these services word a refusal."""
        request_id = self._cloud.new_request_id()
        answer = {
            "RequestId": request_id,
            "HostId": request.headers.get("host", ""),
            "Code": error.code,
            "Message": error.message,
        }
        response = _json(error.status, answer)
        response.headers |= {"x-acs-request-id": request_id} | error.headers
        return response


def parameters_of(request: HttpRequest) -> dict[str, str]:
    """Return the parameters of query and form."""
    parameters = request.query
    if request.body and request.headers.get("content-type", "").startswith(FORM):
        parameters |= dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    return parameters


def version_of(request: HttpRequest, parameters: Mapping[str, str]) -> str | None:
    """Return the API version a request names (header `x-acs-version`, or parameter `Version`)."""
    return request.headers.get("x-acs-version") or parameters.get("Version")


def _json(status: int, data: Any) -> HttpResponse:
    return HttpResponse(status, json.dumps(data, separators=(",", ":")).encode(), dict(JSON))
