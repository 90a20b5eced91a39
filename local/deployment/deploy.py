"""Does what a plan says, step by step, and waits for the stack. Every step can be done again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.deployment.ports import CloudFailure
from local.deployment.states import State, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.deployment.plan import Plan
    from local.deployment.ports import Account, Data

PAUSE_SECONDS = 5.0
LONGEST_SECONDS = 40 * 60.0
"""Longer than ROS itself lets an operation last."""
PATIENCE_SECONDS = 5 * 60.0
"""How long looks at the stack may go without an answer before that ends the waiting."""
FAILED = "_FAILED"
BEGINNINGS = frozenset(
    f"{kind}_IN_PROGRESS" for kind in ("CREATE", "UPDATE", "DELETE", "CHECK", "IMPORT_CREATE", "IMPORT_UPDATE")
)
"""What the stack's own first event of an operation says."""

HINTS = (
    (
        ("notopen", "not open", "not activated", "notenabled", "servicenotenable", "not subscribed"),
        "open that service once in the console, then deploy again",
    ),
    (
        ("nopermission", "forbidden", "unauthorized", "not authorized", "accessdenied"),
        "`provisioner doctor --policy` prints what the keys that deploy need",
    ),
    (
        ("servicelinkedrole", "service-linked", "aliyunservicerole"),
        "create any queue trigger in Function Compute's console once: it makes the roles that are missing",
    ),
    (("runtime",), "the region may have no python3.12: `provisioner deploy --parameter Runtime=python3.10`"),
    (
        ("alreadyexist", "already exist", "duplicate", "already used"),
        "another deployment has that name (choose others with --parameter NamePrefix=NAME), or a removed one kept it",
    ),
    (("quota", "limitexceeded", "exceed"), "raise that limit in the quota center"),
)
"""Words of a failed resource's reason, and what to do then."""
OTHERWISE = "`provisioner explain CODE` may know the code; the stack's events in ROS's console tell more"


@dataclass(frozen=True, slots=True)
class Ending:
    """How an operation on a stack ended, and what failed, with what to do about each."""

    status: str
    failures: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Whether it ended well."""
        return state_of(self.status) is State.READY


def carry_out(plan: Plan, account: Account, tell: Callable[[str], None]) -> Ending | None:
    """Do the steps; return how the stack's operation ended, None when there was none. Raises what the ports raise."""
    target = plan.target
    if plan.make_bucket:
        account.objects.make_bucket(target.bucket)
        tell(f"bucket {target.bucket} is made")
    for upload in plan.uploads:
        account.objects.put(target.bucket, upload.key, upload.content)
        tell(f"{upload.key} is uploaded")
    for role in plan.roles:
        account.roles.make_service_linked(role)
        tell(f"role {role} is made")
    if plan.request is None:
        return None
    known = _newest(account, plan.stack_id) if plan.stack_id else None
    if plan.stack_id is None:
        account.stacks.create(target.stack, plan.request)
        tell("ROS creates the stack; when this is interrupted, run it again to follow")
    elif account.stacks.update(plan.stack_id, plan.request):
        tell("ROS updates the stack; when this is interrupted, run it again to follow")
    else:
        tell("ROS finds nothing to change in the stack")
    return follow(target.stack, account, tell, since=known)


def follow(name: str, account: Account, tell: Callable[[str], None], *, since: str | None = None) -> Ending:
    """Wait until no operation on the stack is under way; tell each resource's end as it comes.

    `since` is the id of the newest event that is not of this operation; without it, the stack's own last beginning
    tells. A look that is not answered, or that ROS is too busy for, is repeated.
    """
    seen: set[str] = set()
    begun = answered = account.clock.here()
    while True:
        try:
            stack = account.stacks.find(name)
            every = account.stacks.events(str(stack["StackId"])) if stack else []
        except CloudFailure as failure:
            if not failure.passing or account.clock.here() > answered + PATIENCE_SECONDS:
                raise
            account.clock.sleep(PAUSE_SECONDS)
            continue
        answered = account.clock.here()
        if stack is None:
            return Ending("gone", (f"there is no stack {name} any more",))
        events = _of_operation(every, name, since)
        for event in reversed(events):
            if event["EventId"] not in seen and not str(event["Status"]).endswith("_IN_PROGRESS"):
                tell(f"{event['LogicalResourceId']}: {event['Status']}")
            seen.add(event["EventId"])
        status = str(stack.get("Status"))
        if state_of(status) is not State.RUNNING:
            ending = Ending(status)
            return ending if ending.well else Ending(status, tuple(_failures(name, stack, events)))
        if account.clock.here() > begun + LONGEST_SECONDS:
            return Ending(status, ("ROS is not done after 40 minutes; run this again to follow",))
        account.clock.sleep(PAUSE_SECONDS)


def _newest(account: Account, stack_id: str) -> str | None:
    events = account.stacks.events(stack_id)
    return str(events[0]["EventId"]) if events else None


def _of_operation(events: list[Data], name: str, since: str | None) -> list[Data]:
    """Return the events of the stack's operation, newest first as they came."""
    found = []
    for event in events:
        if event["EventId"] == since:
            break
        found.append(event)
        if since is None and event.get("LogicalResourceId") == name and event["Status"] in BEGINNINGS:
            break
    return found


def _failures(name: str, stack: Data, events: list[Data]) -> list[str]:
    """Return what failed first, each with a hint. The stack's own events only repeat them."""
    failed = [
        event for event in reversed(events)
        if str(event["Status"]).endswith(FAILED) and event.get("LogicalResourceId") != name
    ]  # fmt: skip
    if not failed:
        return [_with_hint(str(stack.get("StatusReason") or "ROS gives no reason"))]
    return [
        f"{one['LogicalResourceId']} ({one.get('ResourceType')}): {_with_hint(str(one.get('StatusReason') or ''))}"
        for one in failed
    ]


def _with_hint(reason: str) -> str:
    plain = reason.lower()
    hint = next((told for words, told in HINTS if any(word in plain for word in words)), OTHERWISE)
    return f"{reason}. {hint}"
