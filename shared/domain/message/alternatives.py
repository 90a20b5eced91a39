"""The parameters of a message and of its alternatives: read, laid over, checked."""

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
from shared.domain.timings import REQUEST_TAG

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from shared.domain.create_instance.schema import Scalar
    from shared.domain.create_instance.view import CheckOptions

OWN_TAGS = MAX_TAGS - 1
"""How many tags a message can bring: one of the API's 20 is ours."""


class Content:
    """Everything a message says about instances, with what is wrong with it; fields as they are in the message."""

    def __init__(self, parameters: Mapping[str, Any], asked: Asked, options: CheckOptions) -> None:
        self._asked = asked
        self._options = options
        self._base = flatten(parameters)
        self._found = self._examine(self._base.values, self._base.unreadable)
        self.overlays: list[dict[str, Scalar | None]] = []
        self.warnings = _under("parameters", self._found.warnings)
        own = [*self._base.violations, *self._found.violations, *_reserved_tags(self._base)]
        self.violations = _under("parameters", own)
        self._conflicts = {
            name: Violation(where, "InvalidParameter", words)
            for where, name, words in conflicts(asked, self._base.values)
            if name not in self._base.unreadable
        }
        self.violations += self._conflicts.values()

    @property
    def parameters(self) -> dict[str, Scalar]:
        """The flat parameters that could be read."""
        return {name: value for name, value in self._base.values.items() if value is not None}

    def add_alternatives(self, alternatives: Sequence[Any]) -> None:
        """Lay each alternative over the parameters and check the request it makes."""
        for place, given in _numbered(alternatives):
            if isinstance(given, dict):
                self._add(place, given)
            else:
                self.violations.append(_no_object(place, given))

    def _add(self, place: str, given: Mapping[str, Any]) -> None:
        overlay = flatten(given, overlay=True)
        merged = lay_over(self.parameters, overlay.values)
        unreadable = self._base.unreadable - overlay.values.keys() | overlay.unreadable
        found = self._examine(merged, unreadable, self._base.values.keys() - overlay.values.keys())
        self.overlays.append(overlay.values)
        self.violations += _under(place, overlay.violations)
        self.violations += _under(place, self._new(found.violations, overlay))
        self.warnings += _under(place, self._new(found.warnings, overlay))
        self.violations += [
            Violation(f"{place}.{name}", "InvalidParameter", words)
            for _, name, words in conflicts(self._asked, merged)
            if name not in unreadable and (name not in self._conflicts or name in overlay.values)
        ]

    def _examine(self, flat: Mapping[str, Any], unreadable: set[str], settled: Collection[str] = ()) -> Findings:
        return examine(flat, self._options, max_tags=OWN_TAGS, unreadable=unreadable, settled=settled)

    def _new(self, found: Iterable[Violation], overlay: Flat) -> list[Violation]:
        """Leave out what is wrong with the request itself already, unless the alternative says it again."""
        return [each for each in found if each not in self._known or each.field in overlay.values]

    @cached_property
    def _known(self) -> frozenset[Violation]:
        return frozenset([*self._found.violations, *self._found.warnings])


def unreadable_alternatives(alternatives: Sequence[Any]) -> list[Violation]:
    """Return what is wrong with the names and types of alternatives to a request that cannot be read itself."""
    found: list[Violation] = []
    for place, given in _numbered(alternatives):
        if isinstance(given, dict):
            found += _under(place, flatten(given, overlay=True).violations)
        else:
            found.append(_no_object(place, given))
    return found


def _numbered(alternatives: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    return ((f"alternatives.{number}", given) for number, given in enumerate(alternatives, start=1))


def _no_object(place: str, given: object) -> Violation:
    return Violation(place, "InvalidParameter", f"must be an object, not {kind_of(given)}")


def _under(place: str, violations: Iterable[Violation]) -> list[Violation]:
    return [Violation(f"{place}.{each.field}", each.code, each.message) for each in violations]


def _reserved_tags(flat: Flat) -> list[Violation]:
    return [
        Violation(name, "InvalidTagKey.Malformed", f"must not be {REQUEST_TAG}: that tag is the worker's own")
        for name, value in flat.values.items()
        if value == REQUEST_TAG and name.startswith("Tag.") and name.endswith(".Key")
    ]
