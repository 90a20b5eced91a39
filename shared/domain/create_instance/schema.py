"""What the contract knows of one CreateInstance parameter, and of a rule between several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.create_instance.limits import NOT_EMPTY, Limit
from shared.domain.message.request import SECRET_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter under its documented flat name; an item of a list is spelt with N (`DataDisk.N.Size`).

    `kind` is the Python type of its JSON value (float takes integers, too). `code` is what the API answers to a bad
    value. `remark` is a warning that comes with any use of it.
    """

    name: str
    kind: type[str | int | float | bool]
    about: str
    code: str = "InvalidParameter"
    limits: tuple[Limit, ...] = ()
    remark: str = ""

    @property
    def secret(self) -> bool:
        """Whether its value must never be shown."""
        return self.name in SECRET_PARAMETERS


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


def text(name: str, about: str, code: str = "InvalidParameter", *limits: Limit, remark: str = "") -> Parameter:
    """Return a string parameter; without limits of its own it must at least not be empty."""
    return Parameter(name, str, about, code, limits or (NOT_EMPTY,), remark)


def integer(name: str, about: str, code: str = "InvalidParameter", *limits: Limit, remark: str = "") -> Parameter:
    """Return an integer parameter."""
    return Parameter(name, int, about, code, limits, remark)


def flag(name: str, about: str, remark: str = "") -> Parameter:
    """Return a boolean parameter."""
    return Parameter(name, bool, about, remark=remark)


INVITATIONAL = "the page calls it invitational: whether it works depends on the account"
NOT_OPEN = "the page calls it not yet open: whether it works depends on the account"
DEPRECATED = "the page says it is about to be deprecated"
