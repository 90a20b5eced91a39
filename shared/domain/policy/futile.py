"""Rules that no message can meet: mistakes of a policy that is about to be set.

A policy that stands is not held to this: what was accepted once stays readable, whatever is known better by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.create_instance.defaults import Unsaid, left_out
from shared.domain.create_instance.disk_rules import OTHER_SYSTEM_SIZES, SYSTEM_SIZES
from shared.domain.create_instance.json_types import shown
from shared.domain.create_instance.parameters import PARAMETERS
from shared.domain.create_instance.schema import Violation
from shared.domain.policy.rules import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.create_instance.schema import Parameter, Scalar
    from shared.domain.create_instance.view import CheckOptions
    from shared.domain.policy.document import Policy

_LEAST = {"SystemDisk.Size": min(low for low, _ in (OTHER_SYSTEM_SIZES, *SYSTEM_SIZES.values()))}
"""The least values that a rule between parameters sets, not a limit of the parameter's own."""


def futile(policy: Policy, options: CheckOptions) -> list[Violation]:
    """Return the rules, and the values in them, that the contract of CreateInstance lets no message meet."""
    return [*_values(policy, options), *_highest(policy), *_profile(policy)]


def _values(policy: Policy, options: CheckOptions) -> Iterator[Violation]:
    for name, values in policy.allow.items():
        for number, value in enumerate(values, start=1):
            if value is not None and (words := _impossible(PARAMETERS[name], value, options)):
                said = f"no message can have it: it must {words}; given: {shown(value)}"
                yield Violation(f"allow.{name}.{number}", "InvalidParameter", said)


def _impossible(parameter: Parameter, value: Scalar, options: CheckOptions) -> str | None:
    """Return what a value has to be and is not; of a pattern, whether it fits any of the values that there are."""
    limits = [limit for limit in parameter.limits if not (limit.listed and options.unlisted == "warn")]
    if isinstance(value, str) and "*" in value:
        fits = {each: any(matches(value, known) for known in each.schema.get("enum", [value])) for each in limits}
    else:
        fits = {each: each.holds(value) for each in limits}
    return next((limit.words for limit, fit in fits.items() if not fit), None)


def _highest(policy: Policy) -> Iterator[Violation]:
    for name, most in policy.max.items():
        least = max([_LEAST.get(name, 0), *(each.schema.get("minimum", 0) for each in PARAMETERS[name].limits)])
        allowed = policy.allow.get(name, (None,))
        if most < 0 or (most < least and not _may_be_left_out(name, most)):
            words = f"no message can keep to it: the least there is is {max(least, 0)}"
            yield Violation(f"max.{name}", "InvalidParameter", words)
        elif all(isinstance(each, (int, float)) and each > most for each in allowed):
            yield Violation(f"max.{name}", "InvalidParameter", f"everything that allow.{name} names is more than that")


def _may_be_left_out(name: str, most: float) -> bool:
    """Tell whether a message without the parameter, or without an item of its list, keeps to its highest value."""
    value = left_out(name, {})
    return ".N." in name or value is Unsaid.NOTHING or (isinstance(value, (int, float)) and value <= most)


def _profile(policy: Policy) -> Iterator[Violation]:
    if policy.require.profile and not policy.profiles:
        words = "there is no profile that a message could name; to buy nothing, pause"
        yield Violation("require.profile", "InvalidParameter", words)
