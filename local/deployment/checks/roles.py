"""Whether the roles are there, who may take them, and whether they may do what the template says and no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local.deployment.check import BY_HAND, DEPLOY, Check, Site, Verdict, compared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.deployment.ports import Data

SERVICE_ROLES = (
    "AliyunServiceRoleForEventBridgeSourceMNS",
    "AliyunServiceRoleForEventBridgeSendToFC",
    "AliyunServiceRoleForEventBridgeSendToMNS",
    "AliyunServiceRoleForFCTriggerEventBridge",
)
"""In whose name EventBridge takes messages, calls the function and keeps dead letters; and what made the trigger."""
OWN = ("ProvisionRole", "PollRole")
NOT_LISTED = ["all but some"]
"""What NotAction and NotResource say."""


def service_roles(site: Site) -> Verdict:
    """Tell whether all service-linked roles exist."""
    missing = [f"{name} is not there" for name in SERVICE_ROLES if site.account.roles.role(name) is None]
    return compared(
        missing,
        f"all {len(SERVICE_ROLES)} service-linked roles are there",
        f"{DEPLOY}, which makes them; or create any queue trigger in Function Compute's console once",
    )


def own_roles(site: Site) -> Verdict:
    """Tell whether the functions' roles trust Function Compute and have the template's statements."""
    found = [said for name in OWN for said in _differences(site, name)]
    return compared(found, "both roles are as the template says", BY_HAND)


def _differences(site: Site, logical_name: str) -> list[str]:
    wanted = site.wanted[logical_name]
    name = wanted["RoleName"]
    role = site.account.roles.role(name)
    if role is None:
        return [f"role {name} is not there"]
    trusted = _trusted(json.loads(role.get("AssumeRolePolicyDocument") or "{}"))
    asked = _trusted(wanted["AssumeRolePolicyDocument"])
    there = site.account.roles.statements(name)
    may = rights(there)
    should = rights(one for policy in wanted["Policies"] for one in policy["PolicyDocument"]["Statement"])
    return [
        *(f"role {name} does not trust {who}" for who in sorted(asked - trusted)),
        *(f"role {name} trusts {who}, too" for who in sorted(trusted - asked)),
        *(f"role {name} may not {action} on {resource}" for action, resource in sorted(should - may)),
        *(f"role {name} may {action} on {resource}, too" for action, resource in sorted(may - should)),
        *(f"role {name} has a statement that is no plain right: {said}" for said in restrictions(there)),
    ]


def _trusted(document: Data) -> set[str]:
    """Return who may take a role: services, accounts, roles, users, identity providers."""
    principals = [one.get("Principal") or {} for one in document.get("Statement", []) if one.get("Effect") != "Deny"]
    return {name for principal in principals for names in principal.values() for name in _listed(names)}


def rights(statements: Iterable[Data]) -> set[tuple[str, str]]:
    """Return every action and resource that statements allow together, whatever else they say."""
    return {
        (action, resource)
        for one in statements
        if _is_plain(one)
        for action in _listed(one.get("Action"))
        for resource in _listed(one.get("Resource"))
    }


def restrictions(statements: Iterable[Data]) -> list[str]:
    """Return what is no plain right, in words: denials, rights under a condition, rights on all but some things."""
    return [
        f"{one.get('Effect')} {', '.join(_listed(one.get('Action')) or NOT_LISTED)} on "
        f"{', '.join(_listed(one.get('Resource')) or NOT_LISTED)}"
        + (f" if {', '.join(sorted(one['Condition']))}" if one.get("Condition") else "")
        for one in statements
        if not _is_plain(one)
    ]


def _is_plain(statement: Data) -> bool:
    more = {key for key, value in statement.items() if value} - {"Effect", "Action", "Resource"}
    return statement.get("Effect") == "Allow" and not more


def _listed(value: object) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


CHECKS = (Check("service-roles", service_roles), Check("roles", own_roles))
