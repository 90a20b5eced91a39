"""The entries of a policy document, as marshmallow fields: presets, rules by parameter name, lists of names.

An error is keyed by where it stands; None is the entry itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar, cast

from marshmallow import ValidationError, validate

from shared.domain.create_instance.hints import unknown_parameter
from shared.domain.create_instance.json_types import Strict, from_text, instead, kind_of, shown, unreadable
from shared.domain.create_instance.names import ALIASES, flatten, lookup
from shared.domain.create_instance.parameters import LISTS, MAX_TAGS, OBJECTS, PARAMETERS, SECRET_PARAMETERS
from shared.domain.timings import LONGEST_LIFETIME_SECONDS, REQUEST_TAG, SHORTEST_LIFETIME_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.create_instance.names import Flat
    from shared.domain.create_instance.schema import Parameter, Scalar

MAX_ALTERNATIVES = 10
MAX_VALUES = 200
"""Values of one `allow` rule."""
PROFILE_NAME = "[A-Za-z0-9._-]{1,64}"
RELEASE_AFTER = "releaseAfterSeconds"
_LONGEST_TAG_KEY = 128

T = TypeVar("T")
Mistakes = dict[Any, Any]
"""What is wrong, by where it is, as marshmallow has it."""


class Lifetime(Strict):
    """How long an instance lives, in seconds: within what ECS takes."""

    def __init__(self, **options: Any) -> None:
        least, most = SHORTEST_LIFETIME_SECONDS, LONGEST_LIFETIME_SECONDS
        super().__init__(
            int, validate=validate.Range(least, most, error=f"must be from {least} to {most} (3 years)"), **options
        )


class Names(Strict):
    """Objects by a name of theirs."""

    def __init__(self, inner: Strict) -> None:
        super().__init__(dict)
        self._inner = inner

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        given, read, wrong = super()._deserialize(value, attr, data, **kwargs), {}, Mistakes()
        for name, item in given.items():
            if not isinstance(name, str) or not re.fullmatch(PROFILE_NAME, name):
                wrong[name] = ["a profile's name is 1 to 64 characters of A-Z a-z 0-9 . _ -"]
                continue
            try:
                read[name] = self._inner.deserialize(item)
            except ValidationError as error:
                wrong[name] = error.messages
        return _all(read, wrong)


class Preset(Strict):
    """The parameters of a profile, flat."""

    def __init__(self) -> None:
        super().__init__(dict)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Scalar]:
        given = super()._deserialize(value, attr, data, **kwargs)
        flat = flatten({str(name): item for name, item in given.items()})
        wrong = _wrong(flat)
        for name in flat.values.keys() & {*SECRET_PARAMETERS, "ClientToken"}:
            token = name == "ClientToken"
            why = "one token is good for one instance" if token else "a policy is kept and shown in clear"
            wrong[name] = [f"must not stand in a profile: {why}; let messages bring it (override)"]
        return _all({n: v for n, v in flat.values.items() if v is not None}, wrong)


class Overlays(Strict):
    """The alternatives of a profile, flat."""

    def __init__(self) -> None:
        most = validate.Length(max=MAX_ALTERNATIVES, error=f"must have at most {MAX_ALTERNATIVES} items")
        super().__init__(list, validate=most)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[dict[str, Any], ...]:
        read, wrong = [], Mistakes()
        for number, item in enumerate(super()._deserialize(value, attr, data, **kwargs), start=1):
            if not isinstance(item, dict):
                wrong[number] = [f"must be an object, not {kind_of(item)}"]
                continue
            flat = flatten({str(name): inner for name, inner in item.items()}, overlay=True)
            read.append(dict(flat.values))
            if mistakes := _wrong(flat):
                wrong[number] = mistakes
        return _all(tuple(read), wrong)


class _Texts(Strict):
    """A list of texts, each of which `says_wrong` may find something wrong with."""

    def __init__(self, says_wrong: Callable[[str], str | None], **options: Any) -> None:
        super().__init__(list, **options)
        self._says_wrong = says_wrong

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        given, wrong = super()._deserialize(value, attr, data, **kwargs), Mistakes()
        for number, item in enumerate(given, start=1):
            if words := unreadable(item, str):
                wrong[number] = [words]
            elif item in given[: number - 1]:
                wrong[number] = [f"{shown(item)} is there twice"]
            elif words := self._says_wrong(item):
                wrong[number] = [words]
        return _all(tuple(item for item in given if isinstance(item, str)), wrong)


class Overrides(_Texts):
    """The names that a message may set beside a profile."""

    def __init__(self) -> None:
        super().__init__(_no_override)


class TagKeys(_Texts):
    """Keys of tags that must be there; one of the API's 20 is the worker's own."""

    def __init__(self) -> None:
        most = validate.Length(max=MAX_TAGS - 1, error=f"must have at most {MAX_TAGS - 1} items")
        super().__init__(_no_tag_key, validate=most)


class ByName(Strict):
    """Rules by documented parameter name; the second field reads one rule's value for its parameter."""

    def __init__(self, value: Callable[[Parameter, Any], Any]) -> None:
        super().__init__(dict)
        self._value = value

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        read: dict[str, Any] = {}
        wrong = Mistakes()
        for name, item in super()._deserialize(value, attr, data, **kwargs).items():
            try:
                read[name] = self._value(_ruled(str(name)), item)
            except ValidationError as error:  # noqa: PERF203 - every mistake is told
                wrong[name] = error.messages
        return _all(read, wrong)


def Allowed(parameter: Parameter, given: Any) -> tuple[Scalar | None, ...]:  # noqa: N802 - read as a field beside the others
    """Return the values that a rule allows for a parameter; raise ValidationError."""
    if not isinstance(given, list) or not given:
        raise ValidationError(f"must be a list of what is allowed, not {kind_of(given) if given != [] else 'empty'}")
    if len(given) > MAX_VALUES:
        raise ValidationError(f"must have at most {MAX_VALUES} values, and has {len(given)}")
    read, wrong = [], Mistakes()
    for number, item in enumerate(given, start=1):
        value = from_text(item, parameter.kind) if isinstance(item, str) and parameter.kind is not str else item
        value = item if value is None else value
        if value is not None and (words := unreadable(value, parameter.kind)):
            wrong[number] = [words + instead(value, parameter.kind)]
        read.append(value)
    return _all(tuple(read), wrong)


def Highest(parameter: Parameter, given: Any) -> float:  # noqa: N802 - the same
    """Return the highest value of a parameter; raise ValidationError."""
    if parameter.kind not in (int, float):
        raise ValidationError(f"{parameter.name} is no number, so it has no highest value: write an allow rule")
    if (words := unreadable(given, parameter.kind)) is not None:
        raise ValidationError(words + instead(given, parameter.kind))
    return float(given) if isinstance(given, float) else int(given)


def _ruled(name: str) -> Parameter:
    """Return the parameter that a rule is about."""
    if name in SECRET_PARAMETERS or name == "ClientToken":
        raise ValidationError(f"no rule can be about {name}: its values are never looked at")
    found = PARAMETERS.get(name)
    if found is not None:
        return found
    if (item := lookup(name)) is not None:
        raise ValidationError(f"a rule is about every item of the list: write {item.name}")
    if name in ALIASES:
        raise ValidationError(f"write {ALIASES[name]}")
    if name in (*OBJECTS, *LISTS):
        members = [each for each in PARAMETERS if each.startswith(f"{name}.")]
        raise ValidationError(f"name one of its members: {', '.join(members)}")
    raise ValidationError(unknown_parameter(name))


def _no_override(name: str) -> str | None:
    if name in (*OBJECTS, *LISTS, RELEASE_AFTER) or (name in PARAMETERS and ".N." not in name):
        return None
    if ".N." in name or lookup(name) is not None:
        return f"a list is replaced as a whole: write {name.split('.', 1)[0]}"
    return unknown_parameter(name)


def _no_tag_key(key: str) -> str | None:
    if key == REQUEST_TAG:
        return f"{REQUEST_TAG} is the worker's own, which no message brings"
    limits = PARAMETERS["Tag.N.Key"].limits
    return next((f"must {limit.words}" for limit in limits if not limit.holds(key)), None)


def _wrong(flat: Flat) -> Mistakes:
    wrong = Mistakes()
    for each in flat.violations:
        wrong.setdefault(each.field, []).append(each.message)
    return wrong


def _all(read: T, wrong: Mistakes) -> T:
    """Return what was read; raise ValidationError with it when something is wrong."""
    if wrong:
        raise ValidationError(wrong, valid_data=cast("Any", read))
    return read
