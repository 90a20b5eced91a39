"""What a policy's rules say of a request: every breach, with the rule, what it allows and what to write.

A rule is about a documented parameter. What a message leaves out is judged by its documented default; where nobody
knows what it comes to, the rule is broken until the message says it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.create_instance.defaults import Unsaid, in_effect
from shared.domain.create_instance.json_types import printable, shown
from shared.domain.create_instance.schema import Violation
from shared.domain.policy.entries import RELEASE_AFTER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from shared.domain.create_instance.schema import Scalar
    from shared.domain.policy.document import Policy

FORBIDS = "PolicyForbids"
_SHOWN = 12
"""So many of the allowed values are named."""


def breaches(policy: Policy, flat: Mapping[str, Scalar], unreadable: Collection[str] = ()) -> list[Violation]:
    """Return what flat parameters break of `allow` and `max`; fields are flat names without a prefix.

    Nothing is said of `unreadable` names: something else is wrong with them.
    """
    return [*_allowed(policy, flat, unreadable), *_highest(policy, flat, unreadable)]


def demands(
    policy: Policy, *, profile: str | None, release_after: int | None, flat: Mapping[str, Scalar]
) -> list[Violation]:
    """Return what a request lacks of `require`; fields are as they are in a message."""
    return list(_demands(policy, profile, release_after, flat))


def matches(pattern: str, value: str) -> bool:
    """Tell whether a value fits a pattern, in which each * stands for any text; nothing else in it is special."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == value
    last = rest.pop()
    if len(value) < len(first) + len(last) or not value.startswith(first) or not value.endswith(last):
        return False
    at, end = len(first), len(value) - len(last)
    for part in rest:
        at = value.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _allowed(policy: Policy, flat: Mapping[str, Scalar], unreadable: Collection[str]) -> Iterator[Violation]:
    for rule, values in policy.allow.items():
        for name in _names(rule, flat, unreadable):
            value = in_effect(name, flat)
            if _is_allowed(value, values) or (name not in flat and None in values):
                continue
            yield _breach(name, f"allow.{rule}", _choice(values), flat, value)


def _highest(policy: Policy, flat: Mapping[str, Scalar], unreadable: Collection[str]) -> Iterator[Violation]:
    for rule, most in policy.max.items():
        for name in _names(rule, flat, unreadable):
            value = in_effect(name, flat)
            if value is Unsaid.NOTHING or (isinstance(value, (int, float)) and value <= most):
                continue
            yield _breach(name, f"max.{rule}", f"at most {most}", flat, value)


def _demands(
    policy: Policy, profile: str | None, release_after: int | None, flat: Mapping[str, Scalar]
) -> Iterator[Violation]:
    require = policy.require
    if require.profile and profile is None:
        known = _listed(tuple(policy.profiles)) or "there is none"
        yield Violation("profile", FORBIDS, f"is required by the policy (require.profile); profiles: {known}")
    most = require.release_after_seconds
    if most is not None and (release_after is None or release_after > most):
        given = "" if release_after is None else f"; given: {release_after}"
        prepaid = flat.get("InstanceChargeType") == "PrePaid"
        why = ": a PrePaid instance cannot have one" if prepaid else ""
        words = f"must be given, and at most {most} (require.releaseAfterSeconds){why}{given}"
        yield Violation(RELEASE_AFTER, FORBIDS, words)
    keys = {flat[name] for name in flat if _is_key(name) and flat.get(f"{name[: -len('Key')]}Value")}
    for key in require.tags:
        if key not in keys:
            yield Violation("parameters.Tag", FORBIDS, f"must have the tag {key} with a value (require.tags)")


def _is_key(name: str) -> bool:
    return name.startswith("Tag.") and name.endswith(".Key")


def _names(rule: str, flat: Mapping[str, Scalar], unreadable: Collection[str]) -> Iterable[str]:
    """Return the flat names a rule is about: one for each item of its list, whether the item has the member or not."""
    if ".N." not in rule:
        names = [rule]
    else:
        head, leaf = rule.split(".N.")
        heads = {name.rpartition(".")[0]: None for name in flat if name.startswith(f"{head}.")}
        names = [f"{item}.{leaf}" for item in heads]
    return [name for name in names if not _unreadable(name, unreadable)]


def _unreadable(name: str, unreadable: Collection[str]) -> bool:
    return name in unreadable or name.split(".", 1)[0] in unreadable or name.rpartition(".")[0] in unreadable


def _is_allowed(value: Scalar | Unsaid, values: tuple[Scalar | None, ...]) -> bool:
    if value is Unsaid.NOTHING:
        return True
    if isinstance(value, str):
        return any(isinstance(each, str) and matches(each, value) for each in values)
    return any(isinstance(each, bool) is isinstance(value, bool) and each == value for each in values)


def _breach(name: str, rule: str, allowed: str, flat: Mapping[str, Scalar], value: Scalar | Unsaid) -> Violation:
    if name in flat and isinstance(value, Unsaid):
        words = f"must be {allowed} ({rule}), and is not known: another parameter overrules it; leave that one out"
    elif name in flat:
        words = f"must be {allowed} ({rule}); given: {shown(value)}"
    elif isinstance(value, Unsaid):
        words = f"must be written, {allowed} ({rule}): what it is without that is not documented"
    else:
        words = f"must be {allowed} ({rule}); left out it is {shown(value)}"
    return Violation(name, FORBIDS, words)


def _choice(values: tuple[Scalar | None, ...]) -> str:
    """Say what a parameter may be, or that it may be left out, in words that follow "must be"."""
    named = f"one of {_listed(values)}" if any(each is not None for each in values) else ""
    return " or ".join(filter(None, [named, "left out" if None in values else ""]))


def _listed(values: tuple[Scalar | None, ...]) -> str:
    named = [printable(each) if isinstance(each, str) else shown(each) for each in values if each is not None]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return ", ".join(named[:_SHOWN]) + more
