"""What a deployment would do, from what there is: made first, shown, and only then done."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.deployment.changes import Change, changes, is_ours, read
from local.deployment.checks.roles import OWN as OWN_ROLES
from local.deployment.checks.roles import SERVICE_ROLES
from local.deployment.parameters import LASTING, complete
from local.deployment.ports import Refused, StackRequest
from local.deployment.states import State, state_of
from local.runtime.template import Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local.deployment.ports import Account, Data

DIGITS = 12
PREFIX = "NamePrefix"


class Blocked(Exception):
    """Nothing can be deployed as things are; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An object that belongs into the bucket under a name made of its content."""

    key: str
    content: bytes

    @classmethod
    def of(cls, name: str, suffix: str, content: bytes) -> Upload:
        """Name the object by its content."""
        return cls(f"{name}-{hashlib.sha256(content).hexdigest()[:DIGITS]}{suffix}", content)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be deployed: where, under which names, with which parameters laid over what the stack has."""

    region: str
    stack: str
    bucket: str
    package: Upload
    template: Upload
    parameters: Mapping[str, str]

    @property
    def template_url(self) -> str:
        """Where ROS finds the template."""
        return f"oss://{self.bucket}/{self.template.key}?RegionId={self.region}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, in the order in which they are done. Without any, everything is as it should be."""

    target: Target
    make_bucket: bool
    uploads: tuple[Upload, ...]
    roles: tuple[str, ...]
    stack_id: str | None
    request: StackRequest | None
    changes: tuple[Change, ...]
    parameters: tuple[tuple[str, str | None, str], ...]
    """Each parameter that changes: name, value before (None when it is new), value after."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return self.request is None and not self.roles

    def lines(self) -> Iterator[str]:
        """Yield what will be done, for a person."""
        if self.make_bucket:
            yield f"make bucket {self.target.bucket} in {self.target.region}, private"
        for upload in self.uploads:
            yield f"upload {upload.key} to {self.target.bucket}, {len(upload.content):,} bytes"
        for role in self.roles:
            yield f"make the service-linked role {role}"
        if self.request is None:
            return
        verb = "update" if self.stack_id else "create"
        yield f"{verb} stack {self.target.stack} in {self.target.region}, and wait"
        for change in self.changes:
            yield f"  {change}"
        for name, before, after in self.parameters:
            was = f" (was {before})" if before is not None else ""
            yield f"  {name} = {after or 'empty'}{was}"
            if before is not None and name in LASTING:
                yield f"    careful: {name} {LASTING[name]}"


def plan(account: Account, target: Target, stack: Data | None) -> Plan:
    """Look at what there is and return what is to be done.

    Raises Blocked, WrongParameter and what the ports raise. A stack with an operation under way is the caller's to wait
    for.
    """
    if stack is not None and state_of(str(stack.get("Status"))) is State.STUCK:
        raise Blocked(
            f"stack {target.stack} is {stack.get('Status')} ({stack.get('StatusReason') or 'no reason given'}); such a "
            f"stack cannot be updated: `aliyun ros DeleteStack --RegionId {target.region} --StackId "
            f"{stack.get('StackId')}`, wait until it is gone, and deploy again"
        )
    template = read(target.template.content.decode())
    rules = template["Parameters"]
    before = _parameters(stack, rules)
    after = {
        **before, **target.parameters, "CodeBucket": target.bucket, "CodeObject": target.package.key,
    }  # fmt: skip
    complete(after)
    taken = _role_names(template, after, target) - (_role_names(template, before, target) if stack else set())
    _refuse_taken(account, target, taken)
    old = read(account.stacks.template(str(stack["StackId"]))) if stack else {}
    if stack and not is_ours(old):
        raise Blocked(f"stack {target.stack} is something else, not this worker's; choose another name with --stack")
    found = tuple(changes(old, template) if stack else _all(template, after))
    differing = tuple((name, before.get(name), after[name]) for name in after if after[name] != before.get(name))
    failed = stack is not None and state_of(str(stack.get("Status"))) is not State.READY
    needed = bool(found or differing or failed)
    region = _bucket_region(account, target) if needed else target.region
    wanted = (target.package, target.template) if needed else ()
    return Plan(
        target=target,
        make_bucket=needed and region is None,
        uploads=tuple(
            one for one in wanted if region is None or not account.objects.has(target.bucket, one.key, len(one.content))
        ),
        roles=tuple(name for name in SERVICE_ROLES if account.roles.role(name) is None),
        stack_id=str(stack["StackId"]) if stack else None,
        request=StackRequest(target.template_url, after) if needed else None,
        changes=found,
        parameters=differing,
    )


def _role_names(template: Data, parameters: Mapping[str, str], target: Target) -> set[str]:
    """Return the names of the functions' roles, which every deployment has."""
    resolver = Resolver(template, {**parameters, "ALIYUN::Region": target.region})
    return {str(resolver.value(template["Resources"][one]["Properties"]["RoleName"])) for one in OWN_ROLES}


def _refuse_taken(account: Account, target: Target, new: set[str]) -> None:
    """Raise Blocked when another deployment of the region has the names that this one is to have.

    To make a queue that is there already, with the same attributes, is no error: when the stack then fails over another
    name, what is undone is the other deployment's.
    """
    for name in sorted(new):
        if account.roles.role(name) is not None:
            raise Blocked(
                f"role {name} is there already: another stack of {target.region} has these names. Choose others with "
                f"`--parameter {PREFIX}=NAME`, or name that stack with --stack; if it is gone, remove the role in RAM"
            )


def _bucket_region(account: Account, target: Target) -> str | None:
    """Return the bucket's region, None when it has to be made; Blocked when it is somewhere else, or somebody's."""
    try:
        region = account.objects.bucket_region(target.bucket)
    except Refused as refused:
        if not refused.forbidden:
            raise
        raise Blocked(
            f"{refused}; bucket {target.bucket} is another account's (name one with --bucket), or these keys need "
            f"{refused.action}: `provisioner doctor --policy`"
        ) from None
    if region not in (None, target.region):
        raise Blocked(f"bucket {target.bucket} is in {region}, not in {target.region}; name another with --bucket")
    return region


def _parameters(stack: Data | None, rules: Mapping[str, object]) -> dict[str, str]:
    """Return a stack's parameters, as far as the template still has them; the pseudo ones are not the template's."""
    given = {one["ParameterKey"]: str(one.get("ParameterValue") or "")
             for one in (stack or {}).get("Parameters") or []}  # fmt: skip
    return {name: value for name, value in given.items() if name in rules}


def _all(template: Data, parameters: Mapping[str, str]) -> Iterator[Change]:
    """Yield how many resources of each type a new stack has."""
    resolver = Resolver(template, parameters)
    kinds = [str(one["Type"]) for one in template["Resources"].values() if resolver.holds(one.get("Condition"))]
    for kind in sorted(set(kinds)):
        yield Change("+", f"{kinds.count(kind)}", kind)
