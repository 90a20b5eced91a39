from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from local.docs.examples import REQUEST, WRONG, message_examples, outcome_examples
from local.project import ROOT
from tests.support.messages import accepted, refused

SCHEMAS = {name: json.loads((ROOT / f"docs/schema/{name}.schema.json").read_text()) for name in ("message", "outcome")}
EXAMPLES = [(name, example) for name, schema in SCHEMAS.items() for example in schema["examples"]]
BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_fits_its_schema(name: str, example: dict[str, Any]) -> None:
    """What a schema shows is valid by it."""
    jsonschema.Draft202012Validator(SCHEMAS[name], format_checker=jsonschema.FormatChecker()).validate(example)


@pytest.mark.parametrize("example", message_examples())
def test_the_worker_takes_the_examples(example: dict[str, Any]) -> None:
    """A message that is shown is taken; the one that shows a refusal is not."""
    accepted(example)
    refused(WRONG)


def test_every_kind_of_outcome_is_shown() -> None:
    """A consumer sees each shape that its first outcome can have: with and without an instance, failed, refused."""
    shapes = [(item["type"].rpartition(".")[2], item["data"]["instance"] is None, "refused" in item["data"])
              for item in outcome_examples()]  # fmt: skip
    assert shapes == [
        ("completed", False, False), ("completed", True, False), ("failed", True, False), ("failed", True, True),
    ]  # fmt: skip


def test_the_readme_shows_the_example() -> None:
    """Message and outcome in the README are the schemas' first examples, word for word."""
    shown = [json.loads(block) for block in BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))]
    assert shown == [REQUEST, outcome_examples()[0]]


def test_the_guide_shows_the_example() -> None:
    """The refusal in docs/integrate.md is the schema's example."""
    shown = [json.loads(block) for block in BLOCK.findall((ROOT / "docs/integrate.md").read_text(encoding="utf-8"))]
    assert shown == [outcome_examples()[3]]
