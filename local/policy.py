"""A policy as people write it: a YAML or JSON file, read strictly, and the difference between two of them."""

from __future__ import annotations

import difflib
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import yaml

from shared.domain.create_instance.json_types import Repeated
from shared.domain.create_instance.schema import Violation
from shared.domain.message.json import NotJson, read_json
from shared.domain.message.profiles import check_profiles
from shared.domain.policy.document import InvalidPolicy, parse_policy
from shared.domain.policy.futile import futile
from shared.ports import StoredPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.domain.create_instance.view import CheckOptions
    from shared.domain.policy.document import Policy
    from shared.ports import Store

MAX_FILE_BYTES = 256 * 1024


class _Loader(yaml.SafeLoader):
    """Plain data only: no name twice, no tags, and no aliases, of which a few lines can stand for millions."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call] # PyYAML says nothing of it
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="an alias (*) is not taken: write it out", problem_mark=event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise yaml.MarkedYAMLError(problem="a tag (!) is not taken: leave it out", problem_mark=event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - the loader's signature
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(getattr(key, "value", key))
            if name in seen:
                raise yaml.MarkedYAMLError(problem=f"{name!r} is there twice", problem_mark=key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Puts in quotes what YAML 1.1 takes for something else than a text, and what the loader here does."""


# What a plain word is: as JSON has it, and no more. YAML 1.1 takes yes, 1:30 and 2026-11-24 for something else, too;
# 1e5, which is a number here, is a text there.
_Loader.yaml_implicit_resolvers = {}
for _tag, _expression, _first in (
    ("null", "null|~|", ["n", "~", ""]),
    ("bool", "true|false", ["t", "f"]),
    ("int", "-?(?:0|[1-9][0-9]{0,17})", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
):
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_expression})$"), _first)


def read_file(path: Path) -> Any:
    """Return what a policy file says; raise OSError, and InvalidPolicy for a text that is none."""
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise _none(f"a policy file has at most {MAX_FILE_BYTES} bytes")
    try:
        return _read(content.decode("utf-8-sig"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise _none(f"is no YAML that can be taken: {error.problem}{where}") from None
    except yaml.YAMLError as error:
        raise _none(f"is no YAML: {' '.join(str(error).split())}") from None
    except UnicodeDecodeError:
        raise _none("is no UTF-8 text") from None
    except RecursionError:
        raise _none("is nested too deeply") from None


def _read(text: str) -> Any:
    """Read JSON as JSON: YAML takes neither its tabs nor its escapes for what they are. All else is YAML."""
    if text.lstrip().startswith("{"):
        with suppress(NotJson):
            document = read_json(text)
            for name in _repeated(document):
                raise _none(f"{name!r} is there twice")
            return document
    return yaml.load(text, _Loader)  # noqa: S506 - the loader is a safe one


def _repeated(value: Any) -> Iterator[str]:
    """Yield the names that a JSON text has twice in one object."""
    if isinstance(value, Repeated):
        yield from value.names
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _repeated(item)


def whole_policy(document: Any, options: CheckOptions) -> Policy:
    """Return a policy that messages can meet, and whose profiles make valid ones.

    Raises InvalidPolicy with every mistake.
    """
    mistakes: tuple[Violation, ...] = ()
    try:
        policy = parse_policy(document)
    except InvalidPolicy as error:
        policy, mistakes = error.readable, error.violations
    unread = any(each.field.startswith("profiles") for each in mistakes)
    hopeless = [each for each in futile(policy, options) if not (unread and each.field == "require.profile")]
    if found := (*mistakes, *check_profiles(policy, options), *hopeless):
        raise InvalidPolicy(found, policy)
    return policy


def put_in_force(store: Store, document: Any, now: float) -> StoredPolicy:
    """Put a document in force in the place of what is there; raise Conflict when another comes in between."""
    before = store.policy()
    after = StoredPolicy((before.version if before else 0) + 1, as_stored(document), now)
    store.put_policy(after)
    return after


def as_yaml(document: Any) -> str:
    """Write a document for people, in its own order."""
    return _dumped(document, sort_keys=False, flow=None)


def difference(before: Any, after: Any) -> list[str]:
    """Return the lines of a unified difference between two documents; none when they say the same."""
    old, new = ([] if one is None else _lines(one) for one in (before, after))
    return list(difflib.unified_diff(old, new, "in force", "new", lineterm=""))


def _lines(document: Any) -> list[str]:
    return _dumped(document, sort_keys=True, flow=False).splitlines()


def _dumped(document: Any, *, sort_keys: bool, flow: bool | None) -> str:
    return str(
        yaml.dump(document, Dumper=_Dumper, sort_keys=sort_keys, default_flow_style=flow, allow_unicode=True, width=100)
    )


def as_stored(document: Any) -> str:
    """Write a document as it is stored."""
    return json.dumps(document, separators=(",", ":"))


def _none(words: str) -> InvalidPolicy:
    return InvalidPolicy((Violation("", "InvalidParameter", words),))
