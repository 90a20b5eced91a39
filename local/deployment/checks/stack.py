"""Whether the stack is whole and of this version, and the printed policy covers what it needs."""

from __future__ import annotations

from local.deployment.changes import changes, is_ours, read
from local.deployment.check import DEPLOY, Check, Site, Verdict, no, unknown, yes
from local.deployment.permissions import allowed_actions
from local.deployment.states import State, state_of


def whole(site: Site) -> Verdict:
    """Tell whether the last operation on the stack ended well."""
    status, why = str(site.stack.get("Status")), str(site.stack.get("StatusReason") or "")
    told = f"{site.stack.get('StackName')} is {status}"
    state = state_of(status)
    if state is State.READY:
        return yes(told)
    if state is State.RUNNING:
        return unknown(told, "wait for its end; `provisioner deploy` follows it")
    if state is State.UPDATABLE:
        return no(f"{told}: {why}", f"mend the cause, then {DEPLOY}")
    return no(
        f"{told}: {why}",
        f"it cannot be used: `aliyun ros DeleteStack --StackId {site.stack.get('StackId')} "
        f"--RegionId {site.wanted.region}`, then {DEPLOY}",
    )


def same_version(site: Site) -> Verdict:
    """Tell whether the stack's template is the one of this command."""
    found = read(site.account.stacks.template(str(site.stack["StackId"])))
    if not is_ours(found):
        return no(f"{site.stack.get('StackName')} is something else, not this worker's", "name another stack")
    differing = [str(change) for change in changes(found, read(site.template))]
    if not differing:
        return yes("the stack's template is this version's")
    return no("the stack's template is another version's: " + ", ".join(differing), DEPLOY)


def policy(site: Site) -> Verdict:
    """Tell whether what ROS says the template needs of whoever deploys it is part of `doctor --policy`."""
    statements = site.account.stacks.policy(site.template).get("Statement") or []
    asked = {action for one in statements for action in _listed(one.get("Action"))}
    known = {action.lower() for action in allowed_actions()}
    missing = sorted(action for action in asked if action.lower() not in known)
    if not missing:
        return yes(f"{len(asked)} actions that ROS names for the template are in the printed policy")
    return unknown(
        f"ROS names actions that the printed policy lacks: {', '.join(missing)}",
        "if a deployment is refused for one of them, allow it, too",
    )


def _listed(actions: object) -> list[str]:
    return [str(one) for one in actions] if isinstance(actions, list) else [str(actions)]


CHECKS = (Check("stack", whole), Check("template", same_version), Check("operator-policy", policy))
