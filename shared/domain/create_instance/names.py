"""Names of parameters: looked up, and brought from either spelling, nested or flat, into the flat one and back.

Inside the worker parameters are flat (`{"DataDisk.1.Size": 100}`), because the API's own names are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.domain.create_instance.hints import MOST, NO_PARAMETER, unknown_parameter
from shared.domain.create_instance.json_types import Repeated, from_text, instead, kind_of, printable, unreadable
from shared.domain.create_instance.parameters import LISTS, OBJECTS, PARAMETERS, REQUIRED
from shared.domain.create_instance.schema import BASE64, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.create_instance.schema import Parameter, Scalar

_USUAL = 20


_FLAT = {name: item for name, item in PARAMETERS.items() if ".N." not in name} | {
    f"{head}.{number}.{item.name.rpartition('.')[2]}": item
    for head, most in LISTS.items()
    for item in PARAMETERS.values()
    if item.name.startswith(f"{head}.N.")
    for number in range(1, (most or _USUAL) + 1)
}
"""What is looked up most, made once."""


_LONGEST_NUMBER = 5


_LONGEST_NAME = 100


def lookup(name: str) -> Parameter | None:
    """Return the parameter a flat name (`DataDisk.1.Size`) stands for, or None.

    Numbers beyond a list's limit are names, too: that there are too many is for a rule to say.
    """
    found = _FLAT.get(name)
    if found is None and name.count(".") == 2 and len(name) < _LONGEST_NAME:  # noqa: PLR2004 - list, number, field
        head, number, leaf = name.split(".")
        if number.isascii() and number.isdigit() and number[0] != "0" and len(number) <= _LONGEST_NUMBER:
            found = PARAMETERS.get(f"{head}.N.{leaf}")
    return found


_OWNER = "the caller's account owns what it creates; the page does not have this parameter"

ALIASES: dict[str, str] = {"Tag.N.key": "Tag.N.Key", "Tag.N.value": "Tag.N.Value"}
"""Spellings that the page has beside its own and advises against; the SDK cannot send them."""

OMITTED: dict[str, str] = {
    "ManagedHostId": "only the SDK has it; the page does not say what it does",
    "OwnerAccount": _OWNER,
    "OwnerId": _OWNER,
    "ResourceOwnerAccount": _OWNER,
    "ResourceOwnerId": _OWNER,
}


def nest(flat: Mapping[str, Scalar]) -> dict[str, Any]:
    """Return the nested spelling, as the SDK's `from_map` takes it. Every value is there, unchanged.

    Items keep their order; the numbers of a list that has gaps close up.
    """
    nested: dict[str, Any] = {}
    lists: dict[str, dict[int, dict[str, Scalar]]] = {}
    for name, value in flat.items():
        if "." not in name:
            nested[name] = value
            continue
        head, *number, leaf = name.split(".")
        if number:
            lists.setdefault(head, {}).setdefault(int(number[0]), {})[leaf] = value
        else:
            nested.setdefault(head, {})[leaf] = value
    for head, items in lists.items():
        nested[head] = [items[number] for number in sorted(items)]
    return nested


_SUFFIX = {
    head: frozenset(n.split(".")[-1] for n in (*PARAMETERS, *ALIASES) if n.startswith(head + "."))
    for head in (*OBJECTS, *LISTS)
}
_AS_LIST = {head: f': write [{{"{min(_SUFFIX[head])}": ...}}]' for head in LISTS}
_FOLDED = frozenset(name for name, item in PARAMETERS.items() if BASE64 in item.limits)
"""What may be broken into lines, as most Base64 encoders do; the breaks are no part of the value."""
_LINE_BREAKS = str.maketrans("", "", "\r\n")
_NUMBER = re.compile(r"\.[0-9]+\.")

FIXED = frozenset({"RegionId", "Tag", "DryRun", "ClientToken", "Password", "UserData"})
"""What no overlay can change."""


@dataclass(slots=True)
class Flat:
    """Flat values in the message's order, what is wrong with the others, and the names of those.

    A value is None only in an overlay, where it removes. `numbers` are the item numbers given, by list.
    """

    values: dict[str, Scalar | None] = field(default_factory=dict, repr=False)
    violations: list[Violation] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    numbers: dict[str, set[int]] = field(default_factory=dict)

    def refuse(self, name: str, words: str, code: str = "InvalidParameter") -> None:
        """Note a violation; nothing more can be said of that name."""
        self.violations.append(Violation(name, code, words))
        self.unreadable.add(name)

    def explain(self, name: str) -> str:
        """Say that a name is no parameter, why, and what it was probably meant to be."""
        if name in OMITTED:
            return f"is not supported: {OMITTED[name]}"
        return unknown_parameter(name) if len(self.violations) < MOST else NO_PARAMETER


def flatten(given: Mapping[str, Any], *, overlay: bool = False) -> Flat:
    """Return the flat spelling. In an overlay null removes, except inside a list, and some names are refused."""
    flat = Flat()
    twice = _repeated(flat, given, "")
    for name, value in given.items():
        if name in twice:
            continue
        if overlay and name.split(".", 1)[0] in FIXED:
            # The request's own value stays in force, and readable for rules.
            flat.violations.append(Violation(printable(name), "InvalidParameter", "cannot differ in an alternative"))
        elif name in OBJECTS:
            _object(flat, name, value, overlay=overlay)
        elif name in LISTS:
            _list(flat, name, value, overlay=overlay)
        else:
            _leaf(flat, name, value, overlay=overlay)
    for head, numbers in flat.numbers.items():
        _gap(flat, head, numbers)
    return flat


def _leaf(flat: Flat, name: str, value: Any, *, overlay: bool) -> None:
    parameter = lookup(name)
    if parameter is None:
        given, name = name, _documented(name)
        parameter = lookup(name)
        if parameter is None:
            flat.refuse(printable(given), flat.explain(given))
            return
    if ".N." in parameter.name:
        head, number, _ = name.split(".")
        flat.numbers.setdefault(head, set()).add(int(number))
        overlay = False  # a list replaces the whole list, so there is nothing a null could remove
    if name in flat.values or name in flat.unreadable:
        flat.refuse(name, "is given twice, in two spellings")
    elif value is None and overlay:
        flat.values[name] = None
    else:
        _value(flat, name, parameter, value, overlay=overlay)


def _value(flat: Flat, name: str, parameter: Parameter, value: Any, *, overlay: bool) -> None:
    said = _said(parameter, value) if type(value) is str else value
    if said == "" and (code := _code_of_empty(parameter)):
        flat.refuse(name, _EMPTY_REQUIRED if name in REQUIRED else _EMPTY_OVERLAY if overlay else _EMPTY, code)
    elif (words := unreadable(said, parameter.kind)) is None:
        flat.values[name] = said
    else:
        flat.refuse(name, words + instead(said, parameter.kind))


def _said(parameter: Parameter, text: str) -> Scalar:
    """Return what a text says: the number or the boolean that it writes, Base64 without its line breaks, or itself."""
    if parameter.name in _FOLDED:
        return text.translate(_LINE_BREAKS)
    number = from_text(text, parameter.kind)
    return text if number is None else number


_EMPTY = "must not be empty: leave it out"
_EMPTY_OVERLAY = "must not be empty: leave it out, or write null to remove it"
_EMPTY_REQUIRED = "must not be empty: it is required"


def _code_of_empty(parameter: Parameter) -> str:
    """Return the code for an empty text; none when the parameter may be empty."""
    if parameter.kind is not str:
        return "InvalidParameter"
    return next((limit.code or parameter.code for limit in parameter.limits if not limit.holds("")), "")


def _documented(name: str) -> str:
    """Return the spelling that the page prefers (`Tag.1.Key` for `Tag.1.key`), or the name itself."""
    preferred = ALIASES.get(_NUMBER.sub(".N.", name, count=1))
    return f"{name.rpartition('.')[0]}.{preferred.rpartition('.')[2]}" if preferred else name


def _object(flat: Flat, head: str, value: Any, *, overlay: bool) -> None:
    if value is None and overlay:
        flat.values[head] = None
    elif isinstance(value, dict):
        _members(flat, head, head, value, overlay=overlay)
    else:
        flat.refuse(head, f"must be an object, not {kind_of(value)}")


def _list(flat: Flat, head: str, value: Any, *, overlay: bool) -> None:
    if overlay and (value is None or value == []):
        flat.values[head] = None
    elif not isinstance(value, list):
        flat.refuse(head, f"must be a list, not {kind_of(value)}{_AS_LIST[head] if isinstance(value, dict) else ''}")
    else:
        for number, item in enumerate(value, start=1):
            prefix = f"{head}.{number}"
            flat.numbers.setdefault(head, set()).add(number)
            if not isinstance(item, dict):
                flat.refuse(prefix, f"must be an object, not {kind_of(item)}")
            elif not item:
                flat.refuse(prefix, "must not be empty")
            else:
                _members(flat, head, prefix, item, overlay=False)


def _members(flat: Flat, head: str, prefix: str, members: dict[str, Any], *, overlay: bool) -> None:
    twice = _repeated(flat, members, prefix + ".")
    for name, value in members.items():
        if name in twice:
            continue
        if name in _SUFFIX[head]:
            _leaf(flat, f"{prefix}.{name}", value, overlay=overlay)
        else:
            flat.refuse(f"{prefix}.{printable(name)}", flat.explain(f"{prefix}.{name}"))


def _repeated(flat: Flat, members: Mapping[str, Any], prefix: str) -> frozenset[str]:
    names = members.names if isinstance(members, Repeated) else ()
    for name in names:
        flat.refuse(prefix + printable(name), "is given twice")
    return frozenset(names)


def _gap(flat: Flat, head: str, numbers: set[int]) -> None:
    """Refuse item numbers that skip one: neither the nested spelling nor the SDK can say them."""
    missing = next((number for number in range(1, max(numbers)) if number not in numbers), None)
    if missing is not None:
        words = "is missing: items are numbered from 1 without gaps"
        flat.violations.append(Violation(f"{head}.{missing}", "MissingParameter", words))
