"""The JSON Schema of a message, made from the parameter table.

A schema says less than the worker: rules between parameters are in docs/parameters.md, and `provisioner validate`
knows them all. A message the worker takes always fits the schema.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.docs.examples import message_examples
from shared.domain.create_instance.json_types import INTEGER_TEXT, LONGEST_INTEGER, LONGEST_NUMBER, NUMBER_TEXT
from shared.domain.create_instance.names import ALIASES, FIXED
from shared.domain.create_instance.parameters import LISTS, OBJECTS, PARAMETERS, REQUIRED
from shared.domain.message import envelope, request
from shared.domain.message.alternatives import OWN_TAGS
from shared.domain.policy.entries import MAX_ALTERNATIVES, PROFILE_NAME
from shared.domain.timings import LONGEST_LIFETIME_SECONDS, SHORTEST_LIFETIME_SECONDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.domain.create_instance.schema import Parameter

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = "urn:provisioner:schema:message:1"
TYPES: dict[type, Schema] = {
    str: {"type": "string"},
    int: {"type": ["integer", "string"], "pattern": f"^{INTEGER_TEXT}$", "maxLength": LONGEST_INTEGER},
    float: {"type": ["number", "string"], "pattern": f"^{NUMBER_TEXT}$", "maxLength": LONGEST_NUMBER},
    bool: {"type": ["boolean", "string"], "pattern": "^(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"},
}
"""A number or a boolean may come as the text that the query string carries. Its range is checked by the worker."""
_NAMES = PARAMETERS | {other: PARAMETERS[name] for other, name in ALIASES.items()}
NUMBER = r"\.[1-9][0-9]*\."


def message_schema() -> str:
    """Return docs/schema/message.schema.json."""
    return as_text(
        {
            "$schema": DIALECT,
            "$id": SCHEMA_ID,
            "title": "A request for one ECS instance",
            "type": "object",
            "required": ["requestId"],
            "if": {"required": ["profile"]},
            "then": {"properties": {"parameters": {"$ref": "#/$defs/overrides"}}},
            "else": {"required": ["parameters"], "properties": {"parameters": {"$ref": "#/$defs/parameters"}}},
            "additionalProperties": False,
            "properties": _envelope(),
            "examples": message_examples(),
            "$defs": {
                **{head: _members(head) for head in (*OBJECTS, *LISTS)},
                "parameters": _parameters() | _whole(),
                "overrides": _parameters(),
                "alternative": _alternative(),
            },
        }
    )


def _envelope() -> Schema:
    return {
        "requestId": {
            "type": "string",
            "pattern": f"^{envelope.REQUEST_ID}$",
            "description": "The key of everything: the same id with the same content is the same request.",
        },
        "profile": {
            "type": "string",
            "pattern": f"^{PROFILE_NAME}$",
            "description": "A preset of the policy. Parameters are laid over its own, as far as it lets them.",
        },
        "parameters": {"type": "object", "description": "What CreateInstance is called with; a profile may bring it."},
        "alternatives": {
            "type": "array",
            "maxItems": MAX_ALTERNATIVES,
            "items": {"$ref": "#/$defs/alternative"},
            "description": "Laid over the parameters in order when there is no stock.",
        },
        "start": {"type": "boolean", "default": True, "description": "Start the instance once it is created."},
        "allocatePublicIp": {
            "type": "boolean",
            "default": False,
            "description": "Give it a public address; needs InternetMaxBandwidthOut above 0.",
        },
        "timeoutSeconds": {
            "type": "integer",
            "minimum": envelope.MIN_TIMEOUT_SECONDS,
            "maximum": envelope.MAX_TIMEOUT_SECONDS,
            "default": request.DEFAULT_TIMEOUT_SECONDS,
            "description": "From acceptance to readiness.",
        },
        "onFailure": {
            "enum": list(envelope.ON_FAILURE),
            "default": envelope.ON_FAILURE[0],
            "description": "What becomes of an instance when something fails after it exists.",
        },
        "notAfter": {
            "type": "string",
            "format": "date-time",
            "description": "A message taken later than this is refused.",
        },
        "releaseAfterSeconds": {
            "type": "integer",
            "minimum": SHORTEST_LIFETIME_SECONDS,
            "maximum": LONGEST_LIFETIME_SECONDS,
            "description": "ECS releases the instance by itself then, counted from its creation; not with PrePaid.",
        },
        "metadata": {
            "type": "object",
            "maxProperties": envelope.MAX_METADATA,
            "propertyNames": {"maxLength": envelope.MAX_METADATA_KEY},
            "additionalProperties": {"type": "string", "maxLength": envelope.MAX_METADATA_VALUE},
            "description": f"Given back in the outcome; at most {envelope.MAX_METADATA_BYTES} bytes as ASCII JSON.",
        },
        "deferred": {
            "type": "integer",
            "minimum": 0,
            "maximum": envelope.MAX_DEFERRED,
            "description": "The worker's own: how often it sent the message again without a record. Leave it out.",
        },
    }


def _parameters() -> Schema:
    objects = {head: {"$ref": f"#/$defs/{head}"} for head in OBJECTS}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": _scalars() | objects | _lists(),
        "patternProperties": _numbered(),
    }


def _whole() -> Schema:
    """Return what the parameters of a message without a profile must have."""
    return {
        "required": list(REQUIRED),
        "oneOf": [{"required": ["ImageId"]}, {"required": ["ImageFamily"]}],
    }


def _alternative() -> Schema:
    objects = {head: _nullable_members(_members(head)) for head in OBJECTS}
    properties = _scalars() | objects | _lists()
    return {
        "type": "object",
        "description": "null removes a parameter; a list replaces the whole list.",
        "additionalProperties": False,
        "properties": {name: _nullable(value) for name, value in properties.items() if _head(name) not in FIXED},
        "patternProperties": _numbered(but=FIXED),
    }


def _scalars() -> Schema:
    return {name: value_schema(item) for name, item in PARAMETERS.items() if ".N." not in name}


def _lists() -> Schema:
    return {
        head: {"type": "array", **({"maxItems": most} if most else {}), "items": {"$ref": f"#/$defs/{head}"}}
        for head, most in (LISTS | {"Tag": OWN_TAGS}).items()
    }


def _numbered(but: Collection[str] = ()) -> Schema:
    """Return the flat names of list items, as expressions; numbers have no leading zeros."""
    return {
        f"^{name.replace('.N.', NUMBER)}$": value_schema(item)
        for name, item in _NAMES.items()
        if ".N." in name and _head(name) not in but
    }


def _members(head: str) -> Schema:
    prefixes = (f"{head}.N.", f"{head}.")
    found = {name: item for name, item in _NAMES.items() if name.startswith(prefixes)}
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name.rpartition(".")[2]: value_schema(item) for name, item in found.items()},
    }
    return schema | {"minProperties": 1} if head in LISTS else schema


def _nullable_members(schema: Schema) -> Schema:
    return schema | {"properties": {name: _nullable(value) for name, value in schema["properties"].items()}}


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _head(name: str) -> str:
    return name.split(".", 1)[0]


def value_schema(parameter: Parameter) -> Schema:
    """Return the schema of one value."""
    schema: Schema = TYPES[parameter.kind] | {"description": parameter.about}
    negations: list[Schema] = []
    for limit in parameter.limits:
        keywords = dict(limit.schema)
        if "not" in keywords:
            negations.append({"not": keywords.pop("not")})
        schema |= keywords
    if negations:
        schema["allOf"] = negations
    if parameter.secret:
        schema["writeOnly"] = True
    return schema


def as_text(schema: Schema) -> str:
    """Write a schema as a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
