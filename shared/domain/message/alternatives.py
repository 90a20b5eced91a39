"""The parameters of a message and of its alternatives: read, laid over, checked, held to the policy's rules."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.domain.create_instance.check import Findings, examine
from shared.domain.create_instance.json_types import kind_of
from shared.domain.create_instance.names import Flat, flatten
from shared.domain.create_instance.parameters import MAX_TAGS
from shared.domain.create_instance.schema import Violation
from shared.domain.message.envelope import Asked, conflicts
from shared.domain.message.request import lay_over
from shared.domain.policy.rules import FORBIDS, breaches
from shared.domain.timings import REQUEST_TAG

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from shared.domain.create_instance.schema import Scalar
    from shared.domain.create_instance.view import CheckOptions
    from shared.domain.policy.document import Policy, Profile

OWN_TAGS = MAX_TAGS - 1
"""How many tags a message can bring: one of the API's 20 is ours."""


class Content:
    """Everything a message says about instances, with what is wrong with it; fields as they are in the message.

    With a profile the message's parameters lie over the profile's. `forbidden` are the alternatives that a rule of the
    policy forbids, by number from 1: they refuse nothing.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        asked: Asked,
        options: CheckOptions,
        policy: Policy,
        profile: Profile | None = None,
    ) -> None:
        self._asked = asked
        self._options = options
        self._policy = policy
        self._profile = profile
        self._base = flatten(parameters)
        self.parameters = self.sent if profile is None else lay_over(profile.parameters, self.sent)
        self._found = self._examine(self.parameters, self._base.unreadable)
        self.overlays: list[dict[str, Scalar | None]] = []
        self.forbidden: dict[int, list[Violation]] = {}
        self.warnings = _under("parameters", self._found.warnings)
        broken = breaches(policy, self.parameters, self._base.unreadable)
        own = [
            *self._base.violations, *self._presumed(self._base.values),
            *self._told([*self._found.violations, *broken, *_reserved_tags(self.parameters)], self._base),
        ]  # fmt: skip
        self.violations = _under("parameters", own)
        self._broken = frozenset(broken)
        self._conflicts = {
            (where, name): Violation(where, "InvalidParameter", words)
            for where, name, words in conflicts(asked, self.parameters)
            if name not in self._base.unreadable
        }
        self.violations += self._conflicts.values()

    @cached_property
    def sent(self) -> dict[str, Scalar]:
        """The flat parameters of the message itself that could be read."""
        return {name: value for name, value in self._base.values.items() if value is not None}

    def add_alternatives(self, alternatives: Sequence[Any]) -> None:
        """Lay each alternative over the parameters and check the request it makes; without any, the profile's."""
        for number, given in enumerate(alternatives, start=1):
            if isinstance(given, dict):
                self._add(number, flatten(given, overlay=True), sent=True)
            else:
                self.violations.append(_no_object(_place(number), given))
        if not alternatives and self._profile is not None:
            for number, overlay in enumerate(self._profile.alternatives, start=1):
                self._add(number, flatten(overlay, overlay=True), sent=False)

    def forbidden_alternatives(self) -> list[Violation]:
        """Return what the policy forbids of alternatives and not of the request itself, as violations."""
        return [
            Violation(f"{_place(number)}.{each.field}", each.code, each.message)
            for number, broken in self.forbidden.items()
            for each in broken
            if each not in self._broken
        ]

    def _add(self, number: int, overlay: Flat, *, sent: bool) -> None:
        place = _place(number)
        merged = lay_over(self.parameters, overlay.values)
        unreadable = self._base.unreadable - overlay.values.keys() | overlay.unreadable
        found = self._examine(merged, unreadable, self.parameters.keys() - overlay.values.keys())
        presumed = self._presumed(overlay.values) if sent else []
        own = overlay if sent else Flat()
        if sent:
            self.overlays.append(overlay.values)
        if broken := breaches(self._policy, merged, unreadable):
            self.forbidden[number] = self._told(broken, own, self._base)
        self.violations += _under(place, [*overlay.violations, *presumed])
        self.violations += _under(place, self._told(self._new(found.violations, overlay), own, self._base))
        self.warnings += _under(place, self._new(found.warnings, overlay))
        self.violations += [
            Violation(f"{place}.{name}", "InvalidParameter", words)
            for where, name, words in conflicts(self._asked, merged)
            if name not in unreadable and ((where, name) not in self._conflicts or name in overlay.values)
        ]

    def _examine(self, flat: Mapping[str, Any], unreadable: set[str], settled: Collection[str] = ()) -> Findings:
        return examine(flat, self._options, max_tags=OWN_TAGS, unreadable=unreadable, settled=settled)

    def _new(self, found: Iterable[Violation], overlay: Flat) -> list[Violation]:
        """Leave out what is wrong with the request itself already, unless the alternative says it again."""
        return [each for each in found if each not in self._known or each.field in overlay.values]

    @cached_property
    def _known(self) -> frozenset[Violation]:
        return frozenset([*self._found.violations, *self._found.warnings])

    def _presumed(self, given: Mapping[str, Scalar | None]) -> list[Violation]:
        """Return what a message sets although its profile does not let it; to buy nothing needs no leave."""
        profile = self._profile
        if profile is None:
            return []
        return [
            Violation(name, FORBIDS, not_yours(name, profile))
            for name, value in given.items()
            if not profile.lets_set(name) and not (name == "DryRun" and value is True)
        ]

    def _told(self, found: Iterable[Violation], *own: Flat) -> list[Violation]:
        """Name the profile where the message itself has no part in a violation."""
        if self._profile is None:
            return list(found)
        fields = _fields(own)
        return [each if each.field in fields else self._from_profile(each, self._profile) for each in found]

    def _from_profile(self, each: Violation, profile: Profile) -> Violation:
        inside = any(each.field == name or name.startswith(f"{each.field}.") for name in profile.parameters)
        has_it = inside or any(each.field in overlay for overlay in profile.alternatives)
        who = f"from the profile {profile.name}" if has_it else f"the profile {profile.name} does not give it either"
        return Violation(each.field, each.code, f"{each.message} ({who})")


def unreadable_alternatives(alternatives: Sequence[Any]) -> list[Violation]:
    """Return what is wrong with the names and types of alternatives to a request that cannot be read itself."""
    found: list[Violation] = []
    for number, given in enumerate(alternatives, start=1):
        if isinstance(given, dict):
            found += _under(_place(number), flatten(given, overlay=True).violations)
        else:
            found.append(_no_object(_place(number), given))
    return found


def _place(number: int) -> str:
    return f"alternatives.{number}"


def _no_object(place: str, given: object) -> Violation:
    return Violation(place, "InvalidParameter", f"must be an object, not {kind_of(given)}")


def _under(place: str, violations: Iterable[Violation]) -> list[Violation]:
    return [Violation(f"{place}.{each.field}", each.code, each.message) for each in violations]


def _fields(own: Iterable[Flat]) -> set[str]:
    """Return every name that a message's parameters have, and every beginning of one that ends before a dot."""
    parts = (name.split(".") for flat in own for name in (*flat.values, *flat.unreadable))
    return {".".join(each[:length]) for each in parts for length in range(1, len(each) + 1)}


def not_yours(name: str, profile: Profile) -> str:
    """Say that a name is not for a message with this profile to set."""
    lets = ", ".join(profile.override) or "nothing"
    return f"{name} is not for a message with the profile {profile.name} to set; it lets one set: {lets}"


def _reserved_tags(flat: Mapping[str, Scalar]) -> Iterator[Violation]:
    for name, value in flat.items():
        if value == REQUEST_TAG and name.startswith("Tag.") and name.endswith(".Key"):
            yield Violation(name, "InvalidTagKey.Malformed", f"must not be {REQUEST_TAG}: that tag is the worker's own")
