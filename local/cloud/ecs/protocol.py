"""ECS as it is spoken: an action and its parameters in the query (or a form), JSON back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.cloud.ecs.actions import ACTIONS
from local.cloud.ecs.models import Account
from local.cloud.ecs.parameters import items, pairs
from local.cloud.rpc import RpcService
from local.defaults import REQUEST_TAG

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from local.cloud.core import Core
    from local.cloud.http import HttpRequest
    from local.cloud.service import Call

VERSION = "2014-05-26"


class Ecs(RpcService):
    """The ECS service."""

    name = "ecs"
    label = "ECS"
    version = VERSION

    def __init__(self, cloud: Core) -> None:
        super().__init__(cloud)
        self.account = Account(cloud)

    def actions(self) -> Collection[str]:
        """Return the names of all actions."""
        return ACTIONS

    def serves(self, request: HttpRequest) -> bool:
        """Everything at `/` that no other service knows as its own."""
        return request.path == "/"

    def handle(self, call: Call) -> dict[str, Any]:
        """Check the parameters and do it."""
        action = ACTIONS[call.action]
        return action.handler(self.account, action.parameters.read(call.parameters), call)

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


def _listed(text: str | None) -> list[str]:
    try:
        ids = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return [one for one in ids if isinstance(one, str)] if isinstance(ids, list) else []
