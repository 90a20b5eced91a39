"""The profiles of a policy held to everything a message is held to: what could never be accepted is a mistake."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.domain.create_instance.schema import Violation
from shared.domain.message.parse import parse
from shared.domain.message.request import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.create_instance.view import CheckOptions
    from shared.domain.policy.document import Policy, Profile

_ENOUGH = {"requestId": "any"}


def check_profiles(policy: Policy, options: CheckOptions) -> list[Violation]:
    """Return what no message with a profile could mend: what it may set itself is left to it."""
    return [
        Violation(f"profiles.{profile.name}.{each.field}", each.code, each.message)
        for profile in policy.profiles.values()
        for each in _wrong(policy, profile, options)
        if not _can_be_mended(each.field, profile)
    ]


def _wrong(policy: Policy, profile: Profile, options: CheckOptions) -> Iterator[Violation]:
    read = parse(json.dumps({**_ENOUGH, "profile": profile.name}), options, policy)
    if isinstance(read, Refusal):
        yield from read.violations
        return
    for number, broken in read.forbidden.items():
        for each in broken:
            yield Violation(f"alternatives.{number}.{each.field}", each.code, each.message)


def _can_be_mended(field: str, profile: Profile) -> bool:
    """Tell whether a message may set what is wrong; an alternative is mended by setting the parameter, too."""
    place, _, name = field.partition(".")
    if place == "alternatives":
        name = name.partition(".")[2]
        if any(name in overlay for overlay in profile.alternatives):
            return False
    return profile.lets_set(name or place)
