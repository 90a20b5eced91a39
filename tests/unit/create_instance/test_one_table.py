"""One table of parameters: a new one is one entry there, and everything else takes names and types from it."""

from __future__ import annotations

import json
import re

import pytest

from local.cloud.ecs.actions import ACTIONS, LOWER_CASE_TAGS
from local.docs.message_schema import message_schema
from local.docs.parameter_page import parameters_page
from local.project import ROOT
from shared.domain.create_instance.names import ALIASES, FIXED, lookup
from shared.domain.create_instance.parameters import LISTS, OBJECTS, PARAMETERS, REQUIRED, SECRET_PARAMETERS

TABLE = ROOT / "shared/domain/create_instance/parameters.py"
TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
NAMED_TYPES = {name: TYPES[item.kind] for name, item in PARAMETERS.items()}


def test_the_local_cloud_takes_the_table() -> None:
    """The cloud's CreateInstance has the table's names, types and required ones, and the other spelling of tags."""
    taken = ACTIONS["CreateInstance"].parameters
    assert taken.types == NAMED_TYPES | LOWER_CASE_TAGS
    assert tuple(taken.required) == REQUIRED


def test_the_schema_takes_the_table() -> None:
    """The message's schema has the table's names and types, single ones and members of objects and lists.

    Whatever is no text may be written as text, too; a tag has its second spelling.
    """
    schema = json.loads(message_schema())
    definitions = schema["$defs"]
    single = definitions["parameters"]["properties"]
    found = {name: value["type"] for name, value in single.items() if name not in (*OBJECTS, *LISTS)}
    members = {
        f"{head}{'.N' if head in LISTS else ''}.{leaf}": value["type"]
        for head in (*OBJECTS, *LISTS)
        for leaf, value in definitions[head]["properties"].items()
    }
    either = {name: kind if kind == "string" else [kind, "string"] for name, kind in NAMED_TYPES.items()}
    assert found | members == either | dict.fromkeys(ALIASES, "string")
    secret = {name for name, value in single.items() if value.get("writeOnly")}
    assert secret == SECRET_PARAMETERS
    assert set(definitions["alternative"]["properties"]) == {n for n in single if n.split(".")[0] not in FIXED}


def test_the_page_takes_the_table() -> None:
    """The page has one row a parameter, in the table's order."""
    rows = re.findall(
        r"^\| `([^`]+)` \| (?:a string|an integer|a number|true or false) \|", parameters_page(), re.MULTILINE
    )
    assert rows == list(PARAMETERS)


def test_names_are_looked_up_in_the_table() -> None:
    """Every name of the table is found under its flat spelling, with the type it has there."""
    assert {name: lookup(name.replace(".N.", ".1.")) for name in PARAMETERS} == PARAMETERS


def named(text: str) -> set[str]:
    """Return the parameters that a text names."""
    return PARAMETERS.keys() & set(re.findall(r"[A-Za-z][A-Za-z.]*", text))


@pytest.mark.parametrize("room", ["functions", "shared", "local"])
def test_no_other_module_lists_the_parameters(room: str) -> None:
    """No other module names even half of them, so none can be a second list that has to be kept."""
    paths = [path for kind in ("py", "js", "html") for path in (ROOT / room).rglob(f"*.{kind}") if path != TABLE]
    assert paths
    assert [str(path) for path in paths if len(named(path.read_text(encoding="utf-8"))) * 2 >= len(PARAMETERS)] == []


def test_a_second_list_would_be_seen() -> None:
    """A control: the table itself names them all, in whatever order and layout a list has them."""
    assert named(TABLE.read_text(encoding="utf-8")) == PARAMETERS.keys()
    assert named(" ".join(reversed(list(PARAMETERS)))) == PARAMETERS.keys()
