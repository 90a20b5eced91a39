"""ECS as it is spoken: an action and its parameters in the query (or a form), JSON back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from local.cloud.ecs import exceptions
from local.cloud.ecs.actions import ACTIONS
from local.cloud.ecs.models import Account
from local.cloud.ecs.parameters import items, pairs
from local.cloud.ecs.signing import Gate
from local.cloud.http import HttpResponse
from local.cloud.service import Call, ServiceError
from local.defaults import REQUEST_TAG

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from local.cloud.core import Core
    from local.cloud.http import HttpRequest

VERSION = "2014-05-26"
FORM = "application/x-www-form-urlencoded"
JSON = {"content-type": "application/json;charset=utf-8"}


class Ecs:
    """The ECS service."""

    name = "ecs"

    def __init__(self, cloud: Core) -> None:
        self._cloud = cloud
        self._gate = Gate(cloud.keys)
        self.account = Account(cloud)

    def actions(self) -> Collection[str]:
        """Return the names of all actions."""
        return ACTIONS

    def serves(self, request: HttpRequest) -> bool:
        """Everything at `/` that no other service knows as its own."""
        return request.path == "/"

    def identify(self, request: HttpRequest) -> Call:
        """Name the action (header `x-acs-action`, or parameter `Action`)."""
        parameters = request.query
        if request.body and request.headers.get("content-type", "").startswith(FORM):
            parameters |= dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        action = request.headers.get("x-acs-action") or parameters.get("Action", "")
        if action not in ACTIONS:
            raise exceptions.unknown_action(action)
        version = request.headers.get("x-acs-version") or parameters.get("Version")
        if version != VERSION:
            raise ServiceError(400, "InvalidVersion", f"ECS has the version {VERSION}, not {version}.")
        return Call(action, request, parameters)

    def authenticate(self, call: Call) -> None:
        """Check the signature."""
        if self._cloud.config.checks.signatures:
            self._gate.check(call.request, call.parameters)

    def run(self, call: Call) -> HttpResponse:
        """Check the parameters and do it."""
        action = ACTIONS[call.action]
        answer = action.handler(self.account, action.parameters.read(call.parameters), call)
        return _json(200, answer | {"RequestId": self._cloud.new_request_id()})

    def refuse(self, request: HttpRequest, error: ServiceError) -> HttpResponse:
        """Answer as ECS words a refusal."""
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

    def request_ids(self, call: Call) -> Iterator[str]:
        """Return what the provisioning tag says, of the call itself or of the instances it names."""
        values = call.parameters
        for key, value in pairs(values, "Tag", "Key", "Value").items():
            if key == REQUEST_TAG and value:
                yield value.rpartition("/")[2]
        named = {values.get("InstanceId", ""), *items(values, "InstanceId"), *_listed(values.get("InstanceIds"))}
        for instance in map(self.account.instances.get, named):
            if instance and REQUEST_TAG in instance.tags:
                yield instance.tags[REQUEST_TAG].rpartition("/")[2]

    def state(self) -> dict[str, Any]:
        """Show the instances."""
        return self.account.to_json()

    def reset(self) -> None:
        """Forget instances and tokens."""
        self.account = Account(self._cloud)


def _json(status: int, data: Any) -> HttpResponse:
    return HttpResponse(status, json.dumps(data, separators=(",", ":")).encode(), dict(JSON))


def _listed(text: str | None) -> list[str]:
    try:
        ids = json.loads(text or "[]")
    except ValueError:
        return []
    return [one for one in ids if isinstance(one, str)] if isinstance(ids, list) else []
