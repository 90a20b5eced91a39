"""What the official SDKs' own models say of a request, an answer and a template's types.

A request has to be one that the SDK's request model knows, with everything that the model's source calls required; an
answer has to be one that the SDK's response model reads without losing a name.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

from local.deployment.changes import read

Data = dict[str, Any]

TYPES = json.loads((Path(__file__).parents[1] / "unit/template/resource_types.json").read_text(encoding="utf-8"))
REQUIRED = re.compile(r"This parameter is required\.\n\s+self\.(\w+) = ")


class Unfaithful(BaseException):
    """A request or an answer is none of the API's. The SDKs would make a lost answer of any other exception."""


def check_request(package: str, action: str, given: Data) -> None:
    """Raise Unfaithful for a parameter that the request's model does not have, or one that it requires and lacks."""
    models = importlib.import_module(f"{package}.models")
    model = getattr(models, f"{action}Request", None)
    named = {name: value for name, value in given.items() if name}
    if model is None:
        if named:
            raise Unfaithful(f"{action} takes no parameters: {named}")
        return
    filled = model().from_map(named)
    if unknown := named.keys() - filled.to_map().keys():
        raise Unfaithful(f"{action} has no parameter {sorted(unknown)}")
    attributes = REQUIRED.findall(inspect.getsource(model))
    if missing := [name for name in attributes if getattr(filled, name) is None]:
        raise Unfaithful(f"{action} requires {missing}")


def check_answer(package: str, action: str, body: Any) -> None:
    """Raise Unfaithful when the response's model would lose a name of the answer."""
    models = importlib.import_module(f"{package}.models")
    read = getattr(models, f"{action}Response")().from_map({"headers": {}, "statusCode": 200, "body": body})
    kept = read.body.to_map() if hasattr(read.body, "to_map") else read.body
    if lost := _lost(body, kept):
        raise Unfaithful(f"the answer to {action} has names that the API has not: {lost}")


def _lost(body: Any, kept: Any, path: str = "") -> list[str]:
    """Return what of an answer its model did not keep."""
    if isinstance(body, dict):
        there = kept if isinstance(kept, dict) else {}
        return [one for key, value in body.items() for one in _lost(value, there.get(key), f"{path}.{key}")]
    if isinstance(body, list) and isinstance(kept, list) and len(body) == len(kept):
        return [one for number, value in enumerate(body) for one in _lost(value, kept[number], f"{path}.{number}")]
    return [] if body == kept else [path]


def check_template(text: str) -> Data:
    """Hold a template against the registry of resource types; return its data."""
    template = read(text)
    for name, resource in template["Resources"].items():
        kind, given = TYPES[resource["Type"]], set(resource["Properties"])
        assert set(kind["required"]) <= given <= {*kind["required"], *kind["optional"]}, name
    return template
