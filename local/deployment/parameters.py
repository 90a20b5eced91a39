"""The template's parameters as a person gives them: checked here, before anything is made."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TOGETHER = ("VpcId", "VSwitchId", "SecurityGroupId")
"""Either all of these or none."""
OWN = ("CodeBucket", "CodeObject")
"""What deploy itself sets."""
LASTING = {
    "Deployment": "is part of every instance's tag: instances of open requests would not be found under another name",
    "NamePrefix": "names queues, topic, functions and roles: all of them are made anew, and what is in the old is lost",
}
"""Parameters that are not to be changed, and why."""


class WrongParameter(Exception):
    """A parameter that the template does not have, or a value that it does not take; the text says what it takes."""


def given(words: Iterable[str], rules: Mapping[str, Any]) -> dict[str, str]:
    """Return what `NAME=VALUE` words say; raise WrongParameter."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise WrongParameter(f"{word!r} is no NAME=VALUE")
        if name in OWN:
            raise WrongParameter(f"{name} is set by deploy itself; --bucket and --package choose what it is")
        if name not in rules:
            near = get_close_matches(name, rules, 1)
            known = f"is it {near[0]}?" if near else f"there are: {', '.join(key for key in rules if key not in OWN)}"
            raise WrongParameter(f"there is no parameter {name}; {known}")
        check(name, value, rules[name])
        found[name] = value
    return found


def check(name: str, value: str, rule: Mapping[str, Any]) -> None:
    """Raise WrongParameter when the template's rule for a parameter does not take a value."""
    allowed, pattern = rule.get("AllowedValues"), rule.get("AllowedPattern")
    if allowed and value not in map(str, allowed):
        raise WrongParameter(f"{name} is one of {', '.join(map(str, allowed))}, not {value!r}")
    if pattern and not re.fullmatch(pattern, value):
        raise WrongParameter(f"{name} has the form {pattern}, {value!r} has not")
    if rule.get("Type") == "Number":
        least, most = rule.get("MinValue"), rule.get("MaxValue")
        limits = f" of at least {least}" if least is not None else ""
        limits += f", at most {most}" if most is not None else ""
        if not re.fullmatch(r"[0-9]{1,9}", value) or not (least or 0) <= int(value) <= (most or int(value)):
            raise WrongParameter(f"{name} is a whole number{limits}, not {value!r}")


def complete(parameters: Mapping[str, str]) -> None:
    """Raise WrongParameter when some of those that belong together are missing."""
    some = [name for name in TOGETHER if parameters.get(name)]
    if some and len(some) < len(TOGETHER):
        missing = ", ".join(name for name in TOGETHER if name not in some)
        raise WrongParameter(f"{', '.join(some)} without {missing}: a function in a VPC needs all three")
