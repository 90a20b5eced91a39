"""The policy document: presets, rules and limits, read as a whole or refused with every mistake at once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from marshmallow import RAISE, Schema, ValidationError, validate

from shared.domain.create_instance.json_types import Strict, printable
from shared.domain.create_instance.schema import Violation
from shared.domain.policy.entries import Allowed, ByName, Highest, Lifetime, Names, Overlays, Overrides, Preset, TagKeys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.domain.create_instance.schema import Scalar

MOST = 10_000
"""The highest limit: each place is a column of its bucket's row, and Tablestore advises against more in one row."""
MAX_POLICY_BYTES = 64 * 1024
"""The most a whole document takes, as JSON."""


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
    """A preset: what a message that names it begins with, and what it may set besides (`override`).

    `parameters` and the overlays of `alternatives` are flat; None in an overlay removes.
    """

    name: str
    parameters: Mapping[str, Scalar] = field(default_factory=dict, repr=False)
    alternatives: tuple[Mapping[str, Scalar | None], ...] = field(default=(), repr=False)
    release_after_seconds: int | None = None
    override: tuple[str, ...] = ()

    def lets_set(self, name: str) -> bool:
        """Tell whether a message may set a flat parameter (`Tag.1.Key`) or a field of its own."""
        return name in self.override or name.split(".", 1)[0] in self.override


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole document. `allow` and `max` are by documented parameter name (`DataDisk.N.Size`).

    None among the allowed values means that the parameter may be left out.
    """

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    allow: Mapping[str, tuple[Scalar | None, ...]] = field(default_factory=dict)
    max: Mapping[str, float] = field(default_factory=dict)
    require: Require = field(default_factory=Require)
    limits: Limits = field(default_factory=Limits)


class InvalidPolicy(Exception):
    """A document is no policy; `violations` are all of its mistakes, the fields as the document has them.

    `readable` is what could be read of it.
    """

    def __init__(self, violations: tuple[Violation, ...], readable: Policy | None = None) -> None:
        first = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        super().__init__(f"{first.field or 'the document'}: {first.message}{more}")
        self.violations = violations
        self.readable = readable or Policy()


def parse_policy(document: Any) -> Policy:
    """Return the policy that a document writes; raise InvalidPolicy with every mistake in it.

    Whether its profiles make valid messages is for `shared.domain.message.profiles` to say.
    """
    if not isinstance(document, dict):
        words = f"a policy is an object with {', '.join(_DOCUMENT.fields)}"
        raise InvalidPolicy((Violation("", "InvalidParameter", words),))
    try:
        policy, mistakes = _policy(_DOCUMENT.load(document)), []
    except ValidationError as error:
        policy, mistakes = _policy(dict(error.valid_data or {})), list(_violations(error.messages, ""))
    size = len(json.dumps(document, separators=(",", ":"), default=str))
    if size > MAX_POLICY_BYTES:
        words = f"a policy takes at most {MAX_POLICY_BYTES} bytes as JSON, and this one {size}"
        mistakes.insert(0, Violation("", "InvalidParameter", words))
    if mistakes:
        raise InvalidPolicy(tuple(mistakes), policy)
    return policy


class _Strictly(Schema):
    """An object with these members and no others; a member that is not known is told what it was meant to be."""

    class Meta:
        """Anything else is refused."""

        unknown = RAISE

    error_messages = {"unknown": "unknown"}  # noqa: RUF012 - marshmallow's way

    def handle_error(self, error: ValidationError, data: Any, **_: Any) -> None:
        """Say what there is instead of an unknown member."""
        names = [item.data_key or name for name, item in self.fields.items()]
        messages = error.messages_dict
        for name in [name for name, words in messages.items() if words == ["unknown"] and name in data]:
            close = get_close_matches(str(name), names, 1)
            meant = f"did you mean {close[0]}? There are" if close else "there are"
            messages[name] = [f"there is no such member; {meant}: {', '.join(names)}"]


class _Part(Strict):
    """An object of its own schema inside another."""

    def __init__(self, schema: Schema) -> None:
        super().__init__(dict)
        self._schema = schema

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return self._schema.load(super()._deserialize(value, attr, data, **kwargs))


def _count(data_key: str | None = None) -> Strict:
    number = validate.Range(1, MOST, error=f"must be from 1 to {MOST}; to buy nothing, pause")
    return Strict(int, validate=number, data_key=data_key)


class _Profile(_Strictly):
    parameters = Preset()
    alternatives = Overlays()
    release_after_seconds = Lifetime(data_key="releaseAfterSeconds")
    override = Overrides()


class _Require(_Strictly):
    profile = Strict(bool)
    tags = TagKeys()
    release_after_seconds = Lifetime(data_key="releaseAfterSeconds")


class _Limits(_Strictly):
    open = _count()
    per_hour = _count("perHour")


class _Document(_Strictly):
    profiles = Names(_Part(_Profile()))
    allow = ByName(Allowed)
    max = ByName(Highest)
    require = _Part(_Require())
    limits = _Part(_Limits())


_DOCUMENT = _Document()


def _policy(read: Mapping[str, Any]) -> Policy:
    profiles = {name: Profile(name, **given) for name, given in read.get("profiles", {}).items()}
    return Policy(
        profiles=profiles,
        allow=read.get("allow", {}),
        max=read.get("max", {}),
        require=Require(**read.get("require", {})),
        limits=Limits(**read.get("limits", {})),
    )


def _violations(messages: Any, place: str) -> Iterator[Violation]:
    if isinstance(messages, dict):
        for name, below in messages.items():
            inner = place if name is None else f"{place}.{printable(str(name))}" if place else printable(str(name))
            yield from _violations(below, inner)
    else:
        for words in messages:
            yield Violation(place, "InvalidParameter", words)
