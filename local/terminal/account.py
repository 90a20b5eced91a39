"""Opens the services of an account for a command, and one deployment in it; what goes wrong is wrong use."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.deployment.check import Site
from local.deployment.parameters import WrongParameter, check
from local.deployment.ports import CloudFailure, NoAnswer, Refused
from local.deployment.sdk.client import MissingSdk
from local.deployment.wanted import Wanted
from local.project import TEMPLATE
from local.runtime.deployable import deployable
from local.runtime.template import load
from local.terminal.output import WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.deployment.ports import Account, Data
    from local.runtime.access import Access


PREFIX = "NamePrefix"


@contextmanager
def said() -> Iterator[None]:
    """Turn what the services refuse, or do not answer, into wrong use with what to do."""
    try:
        yield
    except MissingSdk as missing:
        raise WrongUse(str(missing)) from None
    except CloudFailure as failure:
        if isinstance(failure, Refused) and failure.forbidden:
            raise WrongUse(
                f"{failure}; give these keys {failure.action}: `provisioner doctor --policy` prints all that an "
                "operator needs"
            ) from None
        if isinstance(failure, NoAnswer):
            raise WrongUse(
                f"no answer to {failure.action} ({failure.code}); check network and HTTPS_PROXY, then again"
            ) from None
        raise WrongUse(f"{failure}; `provisioner explain {failure.code}` may know more") from None


def open_services(access: Access) -> Account:
    """Return the account's services; WrongUse when an SDK is not installed."""
    from local.deployment.sdk.account import open_account  # noqa: PLC0415 - a dozen clients

    with said():
        return open_account(access)


def site_of(account: Account, stack: Data, access: Access) -> Site:
    """Return a deployment as this command's template describes it."""
    template = load(TEMPLATE)
    given = {one["ParameterKey"]: str(one.get("ParameterValue") or "") for one in stack.get("Parameters") or []}
    if (prefix := given.get(PREFIX)) is not None:
        try:
            check(PREFIX, prefix, template["Parameters"][PREFIX])  # it is part of a host's name
        except WrongParameter as wrong:
            raise WrongUse(f"stack {stack.get('StackName')} is none of this template's: {wrong}") from None
    wanted = Wanted(template, given, region=access.region, account=access.account_id, stack_id=str(stack["StackId"]))
    return Site(account, stack, wanted, deployable())


def no_stack(name: str, region: str) -> str:
    """Return what to say of a stack that is not there."""
    return (
        f"there is no stack {name} in {region}; `aliyun ros ListStacks --RegionId {region}` shows what there is, "
        f"`provisioner deploy --stack {name}` makes it"
    )
