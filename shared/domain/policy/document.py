"""The policy document: presets, rules and limits, read as a whole or refused with every mistake at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from shared.domain.create_instance.json_types import Strict
from shared.domain.create_instance.schema import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.domain.create_instance.schema import Scalar


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests may be open at once, and how many may begin to buy in one UTC hour; None: any number."""

    open: int | None = None
    per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Require:
    """What a message must bring; `release_after_seconds` is the longest lifetime, None when it needs none."""

    profile: bool = False
    tags: tuple[str, ...] = ()
    release_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A preset: what a message that names it begins with, and what it may set besides (`override`)."""

    parameters: Mapping[str, Any] = field(repr=False)
    alternatives: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    release_after_seconds: int | None = None
    override: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole document. `allow` and `max` are by documented parameter name (`DataDisk.N.Size`)."""

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    allow: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    max: Mapping[str, float] = field(default_factory=dict)
    require: Require = field(default_factory=Require)
    limits: Limits = field(default_factory=Limits)


class InvalidPolicy(Exception):
    """A document is no policy; `violations` are all of its mistakes, the fields as the document has them."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__(f"{len(violations)} mistakes in the policy")
        self.violations = violations


MOST = 1_000_000


def _count(data_key: str | None = None) -> Strict:
    number = validate.Range(1, MOST, error=f"must be from 1 to {MOST}")
    return Strict(int, validate=number, data_key=data_key)


class _Strictly(Schema):
    class Meta:
        unknown = RAISE


class _Limits(_Strictly):
    open = _count()
    per_hour = _count("perHour")


class _Document(_Strictly):
    limits = fields.Nested(_Limits)


_DOCUMENT = _Document()


def parse_policy(document: Mapping[str, Any]) -> Policy:
    """Return the policy that a document writes; raise InvalidPolicy with every mistake in it."""
    try:
        read = _DOCUMENT.load(document)
    except ValidationError as error:
        raise InvalidPolicy(tuple(_violations(error.messages, ""))) from None
    return Policy(limits=Limits(**read.get("limits", {})))


def _violations(messages: Any, place: str) -> Iterator[Violation]:
    if isinstance(messages, dict):
        for name, below in messages.items():
            yield from _violations(below, f"{place}.{name}" if place else str(name))
    else:
        for words in messages:
            yield Violation(place, "InvalidParameter", words)
