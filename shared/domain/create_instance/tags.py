"""Tags: keys, values, how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.create_instance.limits import NO_WEB_ADDRESS, Limit, length
from shared.domain.create_instance.schema import Finding, Parameter, Rule, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.create_instance.view import Given

MAX_TAGS = 20

_RESERVED = ("aliyun", "acs:")
_NOT_RESERVED = Limit(
    lambda value: not value.startswith(_RESERVED),
    "not start with aliyun or acs:",
    schema={"not": {"pattern": "^(?:aliyun|acs:)"}},
)

PARAMETERS: tuple[Parameter, ...] = (
    text(
        "Tag.N.Key",
        "The key of a tag for instance, disks and primary network interface.",
        "InvalidTagKey.Malformed",
        length(1, 128),
        _NOT_RESERVED,
        NO_WEB_ADDRESS,
    ),
    text(
        "Tag.N.Value", "The value of a tag; may be empty.", "InvalidTagValue.Malformed", length(0, 128), NO_WEB_ADDRESS
    ),
)


def _value_without_key(given: Given) -> Iterator[Finding]:
    for number in given.numbered["Tag"]:
        if given.get(f"Tag.{number}.Key") is None:
            yield f"Tag.{number}.Key", "is required: a tag has a key"


def _same_key(given: Given) -> Iterator[Finding]:
    first: dict[object, int] = {}
    for number in given.numbered["Tag"]:
        key = given.get(f"Tag.{number}.Key")
        if key is not None and first.setdefault(key, number) != number:
            yield f"Tag.{number}.Key", f"is the same as Tag.{first[key]}.Key"


RULES: tuple[Rule, ...] = (
    Rule("MissingParameter", "Every tag has a key.", "Tag", _value_without_key),
    Rule("Duplicate.TagKey", "No two tags have the same key.", "Tag", _same_key),
)
