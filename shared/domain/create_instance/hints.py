"""What an unknown name was probably meant to be: said to whoever wrote it, never acted on."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache

from shared.domain.create_instance.foreign_names import COMMON, OTHER_FIELDS, OTHER_MEMBERS, OTHER_TOOLS, RUN_INSTANCES
from shared.domain.create_instance.parameters import LISTS, OBJECTS, PARAMETERS

NO_PARAMETER = "there is no such parameter"
NO_FIELD = "there is no such field"

_LONGEST = 64
"""Longer than every name there is: no misspelling of one."""
_LIKE = 0.8
_NOT_A_LETTER = re.compile("[^a-z]")
_NUMBER = re.compile(r"(?<![0-9])[0-9]{1,5}(?![0-9])")
_ITEM = re.compile(r"\.[0-9]+(?:\.|$)")
MOST = 50
"""So many names of one object are explained: a message can have thousands, and searching takes time."""


def unknown_parameter(name: str) -> str:
    """Say that a flat name (`DataDisk.1.Bogus`) is no parameter, and what it probably was meant to be."""
    said = _as_parameter(name)
    if said is None and (field := _field(name)):
        said = f": {field} is a field of the message, beside parameters"
    return NO_PARAMETER + (said or _resembling(name) or "")


def unknown_field(name: str) -> str:
    """Say that a name is no field of the message, and what it probably was meant to be."""
    field = _field(name)
    if field:
        return f"{NO_FIELD}; did you mean {field}?"
    if (target := _target(name)) in PARAMETERS or target in (*OBJECTS, *LISTS):
        return f"{NO_FIELD}: {_numbered(target, name)} belongs in parameters"
    return NO_FIELD + (_as_parameter(name) or _resembling_field(name) or _resembling(name) or "")


def _as_parameter(name: str) -> str | None:
    """Return what is known of a name for certain: that it is another call's, or another spelling."""
    target = _target(name)
    if target is None:
        return None
    if target in COMMON:
        return f": {target} is a common request parameter, and the worker sends those itself"
    if target in RUN_INSTANCES:
        advice = RUN_INSTANCES[target]
        return f": only RunInstances has {_numbered(target, name)}" + (f"; {advice}" if advice else "")
    return _did_you_mean(target, name)


def _did_you_mean(target: str, name: str) -> str:
    number = _NUMBER.search(name)
    meant = _numbered(target, name)
    if number is None:
        return f": N is a number: {name.replace('.N.', '.1.')}" if meant == name else f"; did you mean {meant}?"
    if target in LISTS:
        leaf = next(each for each in PARAMETERS if each.startswith(f"{target}.N.")).rpartition(".")[2]
        return f"; did you mean {target}, a list of objects, or the flat {_numbered(f'{target}.N.{leaf}', name)}?"
    if ".N." not in target and _ITEM.search(name):
        several = ", and only RunInstances takes several" if target == "SecurityGroupId" else ""
        return f"; did you mean {meant}? It takes one value{several}"
    counted = ".N." not in target or int(number.group())
    return f"; did you mean {meant}?" + ("" if counted else " Items are numbered from 1")


def _numbered(target: str, name: str) -> str:
    """Put the number that was given in the place of N; items are numbered from 1."""
    number = _NUMBER.search(name)
    return target.replace(".N.", f".{int(number.group()) or 1}.") if number else target


def _compact(name: str) -> str:
    return _NOT_A_LETTER.sub("", name.replace(".N.", ".").lower())


def _target(name: str) -> str | None:
    """Return the table name (`DataDisk.N.Size`) that a name stands for in another spelling or another tool."""
    if len(name) > _LONGEST:
        return None
    found = _names().get(_compact(name)) or OTHER_TOOLS.get(_compact(name))
    return found or _inside(name)


def _inside(name: str) -> str | None:
    head, dot, leaf = name.partition(".")
    place = _names().get(_compact(head)) or OTHER_TOOLS.get(_compact(head)) if dot else None
    if place in OBJECTS or place in LISTS:
        return _member(str(place), _compact(leaf)) or (place if place != head else None)
    return place if place in RUN_INSTANCES else None


def _member(place: str, leaf: str) -> str | None:
    """Return the table name of what an object or the items of a list hold."""
    name = _names().get(_compact(place + leaf))
    other = OTHER_MEMBERS.get(place, {}).get(leaf)
    return name or (_names().get(_compact(place + other)) if other else None)


def _field(name: str) -> str | None:
    return _fields().get(_compact(name)) or OTHER_FIELDS.get(_compact(name))


def _resembling(name: str) -> str | None:
    """Look for a misspelling; inside an object or a list only among what that holds."""
    head = name.split(".", 1)[0]
    near = [each for each in _names().values() if head not in (*OBJECTS, *LISTS) or each.startswith(f"{head}.")]
    target = _close(name, {_compact(each): each for each in near if each in PARAMETERS})
    return _did_you_mean(target, name) if target else None


def _resembling_field(name: str) -> str | None:
    field = _close(name, _fields())
    return f"; did you mean {field}?" if field else None


def _close(name: str, candidates: dict[str, str]) -> str | None:
    written = _compact(name)
    if len(name) > _LONGEST:
        return None
    similar = [each for each in candidates if abs(len(each) - len(written)) * 4 <= len(written) + 3]
    return next((candidates[each] for each in get_close_matches(written, similar, 1, _LIKE)), None)


@cache
def _names() -> dict[str, str]:
    """Every name of CreateInstance, RunInstances and of the common parameters, by its letters alone."""
    return {_compact(name): name for name in (*RUN_INSTANCES, *COMMON, *LISTS, *OBJECTS, *PARAMETERS)}


@cache
def _fields() -> dict[str, str]:
    return {_compact(name): name for name in OTHER_FIELDS.values()}
