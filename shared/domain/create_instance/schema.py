"""What the tables are made of: limits of single values, parameters, and rules between them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Scalar = str | int | float | bool
"""What the value of one parameter can be."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with a message: where (documented 1-based spelling), the official code, and words."""

    field: str
    code: str
    message: str


_WEB_ADDRESSES = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that must be true of a value.

    `words` complete the sentence "it must …". `code` is the official code for a breach when it is not the parameter's
    own. `listed` marks a limit that only lists the values known when the page was read; such lists grow.
    """

    holds: Callable[[Any], bool]
    words: str
    code: str = ""
    listed: bool = False
    schema: Mapping[str, Any] = field(default_factory=dict, hash=False)


def one_of(*values: str) -> Limit:
    """Return a limit to values the page lists; the list may have grown since."""
    known = frozenset(values)
    return Limit(known.__contains__, f"be one of {', '.join(values)}", listed=True, schema={"enum": list(values)})


def between(low: int, high: int) -> Limit:
    """Return a limit to the integers from `low` to `high`, both allowed."""
    return Limit(
        lambda value: low <= value <= high, f"be from {low} to {high}", schema={"minimum": low, "maximum": high}
    )


def at_least(low: int) -> Limit:
    """Return a limit to integers from `low` on."""
    return Limit(lambda value: bool(value >= low), f"be {low} or more", schema={"minimum": low})


def length(low: int, high: int) -> Limit:
    """Return a limit to texts of `low` to `high` characters, both allowed."""
    return Limit(
        lambda value: low <= len(value) <= high,
        f"be {low} to {high} characters long",
        schema={"minLength": low, "maxLength": high},
    )


def pattern(expression: str, words: str, code: str = "") -> Limit:
    """Return a limit to texts that match an ASCII expression as a whole."""
    matches = re.compile(expression, re.ASCII).fullmatch
    return Limit(lambda value: matches(value) is not None, words, code=code, schema={"pattern": f"^(?:{expression})$"})


NOT_EMPTY = Limit(bool, "not be empty", schema={"minLength": 1})
SUPPLIED = Limit(bool, "not be empty", code="MissingParameter", schema={"minLength": 1})

NO_WEB_ADDRESS_AT_START = Limit(
    lambda value: not value.startswith(_WEB_ADDRESSES),
    "not start with http:// or https://",
    schema={"not": {"pattern": "^https?://"}},
)
NO_WEB_ADDRESS = Limit(
    lambda value: not any(part in value for part in _WEB_ADDRESSES),
    "not contain http:// or https://",
    schema={"not": {"pattern": "https?://"}},
)


def _is_name_character(character: str) -> bool:
    return character.isalpha() or character.isdecimal() or character in ":_.-"


# What expressions of every language can say of it: letters beyond ASCII have no common notation.
_NO_OTHER_ASCII = r"[^\x00-,/;-@\[-^`{-\x7f]*"
NAME_CHARACTERS = Limit(
    lambda value: all(map(_is_name_character, value)),
    "consist of letters (of any script), digits, colons, underscores, periods and hyphens",
    schema={"pattern": rf"^{_NO_OTHER_ASCII}$"},
)
_SEQUENCE = re.compile(r"\[[0-9]{1,6},[1-6]\]", re.ASCII)
INSTANCE_NAME_CHARACTERS = Limit(
    lambda value: all(map(_is_name_character, _SEQUENCE.sub("", value, count=1))),
    NAME_CHARACTERS.words + "; one [number,digits] group is allowed, as the page's sample has it",
    schema={"pattern": rf"^{_NO_OTHER_ASCII}(\[[0-9]{{1,6}},[1-6]\]{_NO_OTHER_ASCII})?$"},
)

_ADDRESS_PART = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = pattern(rf"{_ADDRESS_PART}(?:\.{_ADDRESS_PART}){{3}}", "be an IPv4 address such as 172.16.236.10")

# The id becomes a label of a host's name (ecs.{id}.aliyuncs.com). A first part of two letters keeps other services'
# hosts out: with oss-cn-hangzhou it would be that of a bucket named ecs, which anybody may own.
REGION_ID = pattern(
    "(?:[a-z]{2}|rus)(?:-[a-z0-9]{1,14}){1,4}",
    "be a region's id such as cn-hangzhou: lower-case letters, then parts of letters and digits after single hyphens",
)

_SPECIALS = "()`~!@#$%^&*-_+=|{}[]:;'<>,.?/"
_CLASSES_NEEDED = 3
_CLASSES = tuple(re.compile(expression) for expression in ("[A-Z]", "[a-z]", "[0-9]", "[" + re.escape(_SPECIALS) + "]"))
_PASSWORD_CHARACTERS = re.compile("[A-Za-z0-9" + re.escape(_SPECIALS) + "]*")
PASSWORD_CHARACTERS = Limit(
    lambda value: _PASSWORD_CHARACTERS.fullmatch(value) is not None,
    f"consist of English letters, digits and the characters {_SPECIALS}",
    schema={"pattern": r"^[A-Za-z0-9()`~!@#$%^&*\-_+=|{}\[\]:;'<>,.?/]*$"},
)
PASSWORD_CLASSES = Limit(
    lambda value: sum(each.search(value) is not None for each in _CLASSES) >= _CLASSES_NEEDED,
    "have characters of three of the four kinds: upper case, lower case, digits, special characters",
)

RAW_USER_DATA_BYTES = 32 * 1024
_BASE64 = re.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
BASE64 = Limit(
    lambda value: _BASE64.fullmatch(value) is not None,
    "be Base64 of the standard alphabet, padded",
    code="InvalidUserData.Base64FormatInvalid",
    schema={"contentEncoding": "base64"},
)
USER_DATA_SIZE = Limit(
    lambda value: len(value) // 4 * 3 - value[-2:].count("=") <= RAW_USER_DATA_BYTES,
    f"hold at most {RAW_USER_DATA_BYTES} bytes before encoding",
    code="InvalidUserData.SizeExceeded",
)

_DECIMALS = 3
NOT_NEGATIVE = Limit(lambda value: bool(value >= 0), "not be negative", schema={"minimum": 0})
THREE_DECIMALS = Limit(
    lambda value: isinstance(value, int) or round(value, _DECIMALS) == value, "have at most 3 decimal places"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter under its documented flat name; an item of a list is spelt with N (`DataDisk.N.Size`).

    `kind` is the Python type of its JSON value (float takes integers, too). `code` is what the API answers to a bad
    value. `remark` is a warning that comes with any use of it. The value of a `secret` one appears in no log, event,
    record or digest.
    """

    name: str
    kind: type[str | int | float | bool]
    about: str
    code: str = "InvalidParameter"
    limits: tuple[Limit, ...] = ()
    remark: str = ""
    secret: bool = False


Finding = tuple[str, str]
"""A flat name and the words for people."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule between parameters: `breaches` yields where it is broken.

    `when` is the parameter (or list) without which the rule has nothing to say; empty for always. A rule about disks
    is asked per disk, with the disk's prefix (`DataDisk.1`) as a second argument, and its `when` is a disk's field.
    `listed` marks a rule that only lists what was known when the page was read.
    """

    code: str
    about: str
    when: str
    breaches: Callable[..., Iterable[Finding]]
    listed: bool = False


def text(
    name: str, about: str, code: str = "InvalidParameter", *limits: Limit, remark: str = "", secret: bool = False
) -> Parameter:
    """Return a string parameter; without limits of its own it must at least not be empty."""
    return Parameter(name, str, about, code, limits or (NOT_EMPTY,), remark, secret)


def integer(name: str, about: str, code: str = "InvalidParameter", *limits: Limit, remark: str = "") -> Parameter:
    """Return an integer parameter."""
    return Parameter(name, int, about, code, limits, remark)


def flag(name: str, about: str, remark: str = "") -> Parameter:
    """Return a boolean parameter."""
    return Parameter(name, bool, about, remark=remark)


INVITATIONAL = "the page calls it invitational: whether it works depends on the account"
NOT_OPEN = "the page calls it not yet open: whether it works depends on the account"
DEPRECATED = "the page says it is about to be deprecated"
