"""ROS and STS, as far as the command line needs them: ListStacks, GetStack, GetCallerIdentity."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, ClassVar

from local import defaults
from local.cloud.account.models import own_stack
from local.cloud.rpc import RpcService, parameters_of, version_of
from local.cloud.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from local.cloud.account.models import Stack
    from local.cloud.core import Core
    from local.cloud.http import HttpRequest
    from local.cloud.service import Call

COMMON = frozenset(
    {
        "AccessKeyId", "Action", "Format", "SecurityToken", "Signature", "SignatureMethod", "SignatureNonce",
        "SignatureType", "SignatureVersion", "Timestamp", "Version",
    }
)  # fmt: skip
NAMES_ASKED, PAGE, LONGEST_PAGE = 5, 10, 50
"""ListStacks: how many names one call may ask for, how many stacks it answers unless asked, and at most."""


class _Account(RpcService):
    """A service that is known by its version: all of them are at the same address here."""

    takes: ClassVar[dict[str, re.Pattern[str]]]

    def actions(self) -> Collection[str]:
        """Return the names of all actions."""
        return self.takes

    def serves(self, request: HttpRequest) -> bool:
        """Tell by the version."""
        return request.path == "/" and version_of(request, parameters_of(request)) == self.version

    def request_ids(self, call: Call) -> Iterable[str]:  # noqa: ARG002 - the protocol's signature
        """No call here is about a provisioning request."""
        return ()

    def reset(self) -> None:
        """Forget everything."""

    def refuse_strangers(self, call: Call) -> None:
        """Raise ServiceError for a parameter that the action does not have."""
        for name in call.parameters.keys() - COMMON:
            if not self.takes[call.action].fullmatch(name):
                raise ServiceError(400, "InvalidParameter", f"{call.action} has no parameter {name}.")


class Ros(_Account):
    """The service that holds stacks."""

    name, label, version = "ros", "ROS", "2019-09-10"
    takes: ClassVar = {
        "ListStacks": re.compile(r"RegionId|PageNumber|PageSize|StackName\.[1-5]"),
        "GetStack": re.compile("RegionId|StackId|ClientToken|OutputOption|ShowResourceProgress|LogOption"),
    }

    def __init__(self, cloud: Core) -> None:
        super().__init__(cloud)
        self.stacks: dict[str, Stack] = {}

    def provision_defaults(self) -> None:
        """Make the deployment's stack."""
        stack = own_stack(self._cloud.new_id("stack-"))
        self.stacks[stack.stack_id] = stack

    def handle(self, call: Call) -> dict[str, Any]:
        """Do ListStacks or GetStack."""
        self.refuse_strangers(call)
        region = _required(call, "RegionId")
        if call.action == "GetStack":
            return self._get(region, _required(call, "StackId"), call.parameters.get("OutputOption", "Enabled"))
        return self._list(region, call)

    def state(self) -> list[dict[str, str]]:
        """Show the stacks."""
        return [stack.summary() for stack in self.stacks.values()]

    def reset(self) -> None:
        """Forget the stacks."""
        self.stacks.clear()

    def _get(self, region: str, stack_id: str, outputs: str) -> dict[str, Any]:
        stack = self.stacks.get(stack_id)
        if stack is None or stack.region != region:
            raise ServiceError(404, "StackNotFound", f"The stack {stack_id} is not there.")
        details = stack.details()
        if outputs == "Disabled":
            del details["Outputs"]
        return details

    def _list(self, region: str, call: Call) -> dict[str, Any]:
        page, size = _number(call, "PageNumber", 1), _number(call, "PageSize", PAGE)
        if page < 1 or not 1 <= size <= LONGEST_PAGE:
            raise ServiceError(400, "InvalidParameter", f"PageNumber begins at 1, PageSize is 1 to {LONGEST_PAGE}.")
        wanted = [value for name, value in call.parameters.items() if name.startswith("StackName.")]
        found = [
            stack.summary() for stack in self.stacks.values()
            if stack.region == region and (not wanted or any(fnmatchcase(stack.name, name) for name in wanted))
        ]  # fmt: skip
        shown = found[(page - 1) * size : page * size]
        return {"Stacks": shown, "TotalCount": len(found), "PageNumber": page, "PageSize": size}


class Sts(_Account):
    """The service that knows who is calling."""

    name, label, version = "sts", "STS", "2015-04-01"
    takes: ClassVar = {"GetCallerIdentity": re.compile("RegionId")}

    def handle(self, call: Call) -> dict[str, Any]:
        """Do GetCallerIdentity."""
        self.refuse_strangers(call)
        return {
            "AccountId": defaults.ACCOUNT_ID, "IdentityType": "Account", "PrincipalId": defaults.ACCOUNT_ID,
            "UserId": defaults.ACCOUNT_ID, "Arn": f"acs:ram::{defaults.ACCOUNT_ID}:root",
        }  # fmt: skip

    def state(self) -> dict[str, str]:
        """Show the account."""
        return {"AccountId": defaults.ACCOUNT_ID}


def _required(call: Call, name: str) -> str:
    value: str = call.parameters.get(name, "")
    if not value:
        raise ServiceError(400, "MissingParameter", f"The parameter {name} is required.")
    return value


def _number(call: Call, name: str, default: int) -> int:
    text: str = call.parameters.get(name, str(default))
    if not re.fullmatch("[0-9]{1,6}", text):
        raise ServiceError(400, "InvalidParameter", f"The parameter {name} is a number.")
    return int(text)
