"""The JSON Schema of an outcome."""

from __future__ import annotations

from local.docs.examples import outcome_examples
from local.docs.message_schema import DIALECT, Schema, as_text
from shared.domain.errors.model import Retry
from shared.domain.lifecycle.outcome import COMPLETED, FAILED, MAX_VIOLATIONS, SCHEMA

STAGES = ("message", "create", "wait", "lifetime", "start", "publicIp")
DISPOSITIONS = ("kept", "released", "vanished")
CATEGORIES = (
    "invalid_parameter", "not_found", "unsupported", "capacity", "quota", "account", "permission", "authentication",
    "state", "throttled", "internal", "timeout", "vanished", "policy",
    "cancelled",
)  # fmt: skip

_TIME: Schema = {"type": "string", "format": "date-time", "pattern": "Z$"}
_TEXT: Schema = {"type": "string"}
_OPTIONAL: Schema = {"type": ["string", "null"]}
_RELEASE_AT: Schema = _TIME | {"description": "When ECS releases it by itself; only where a lifetime was asked for."}


def outcome_schema() -> str:
    """Return docs/schema/outcome.schema.json."""
    return as_text(
        {
            "$schema": DIALECT,
            "$id": SCHEMA,
            "title": "What became of a request",
            "description": "A CloudEvents 1.0 JSON object of at most 48 KB ASCII. Repeats are the same bytes.",
            "oneOf": [{"$ref": "#/$defs/completed"}, {"$ref": "#/$defs/failed"}],
            "examples": outcome_examples(),
            "$defs": {
                "completed": _event(COMPLETED, _completed()),
                "failed": _event(FAILED, _failed()),
                "attempt": _object(
                    {
                        "generation": {
                            "type": ["integer", "null"],
                            "minimum": 1,
                            "description": "null for an alternative that was skipped: the policy forbids it.",
                        },
                        "overrides": {
                            "type": ["object", "null"],
                            "description": "What the alternative changed, by flat name; null when there was no room.",
                        },
                        "errorCode": _OPTIONAL,
                        "message": _TEXT | {"description": "Why an alternative was skipped."},
                    },
                    "message",
                ),
                "error": _error(),
                "violation": _object({"field": _TEXT, "code": _TEXT, "message": _TEXT}),
            },
        }
    )


def _object(properties: Schema, *optional: str) -> Schema:
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def _event(end: str, data: Schema) -> Schema:
    return _object(
        {
            "specversion": {"const": "1.0"},
            "type": {"const": f"provisioning.instance.{end}"},
            "id": _TEXT | {"minLength": 1, "description": "The same for every repeat."},
            "source": _TEXT | {"minLength": 1, "description": "The deployment."},
            "subject": _TEXT | {"description": "The request id; a message id where none is usable or it is another's."},
            "time": _TIME | {"description": "When the outcome was recorded."},
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"const": SCHEMA},
            "data": data,
        }
    )


def _common() -> Schema:
    return {
        "requestId": _OPTIONAL,
        "messageId": _TEXT,
        "regionId": _OPTIONAL,
        "attempts": {"type": "array", "items": {"$ref": "#/$defs/attempt"}, "description": "One per generation."},
        "acceptedAt": _TIME,
        "finishedAt": _TIME,
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
    }


def _completed() -> Schema:
    instance = _object(
        {
            "instanceId": _TEXT,
            "status": _TEXT,
            "instanceType": _TEXT,
            "zoneId": _TEXT,
            "privateIpAddresses": {"type": "array", "items": _TEXT},
            "publicIpAddress": _OPTIONAL,
            "orderId": _OPTIONAL,
            "tradePrice": {"type": ["number", "null"]},
            "releaseAt": _RELEASE_AT,
        },
        "releaseAt",
    )
    dry_run = {"const": True, "description": "Checks only: there is no instance."}
    data = _object(_common() | {"instance": {"anyOf": [instance, {"type": "null"}]}, "dryRun": dry_run}, "dryRun")
    return data | {
        "if": {"properties": {"instance": {"type": "null"}}},
        "then": {"required": ["dryRun"]},
        "else": {"not": {"required": ["dryRun"]}},
    }


def _failed() -> Schema:
    instance = _object(
        {"instanceId": _TEXT, "disposition": {"enum": list(DISPOSITIONS)}, "releaseAt": _RELEASE_AT}, "releaseAt"
    )
    own = {
        "stage": {"enum": list(STAGES)},
        "error": {"$ref": "#/$defs/error"},
        "instance": {"anyOf": [instance, {"type": "null"}]},
        "refused": {"const": True, "description": "Nothing is recorded: the request id stays free."},
        "duplicateOf": _TEXT | {"description": "The request whose id was used again with other content."},
        "violations": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_VIOLATIONS,
            "items": {"$ref": "#/$defs/violation"},
            "description": "Everything that is wrong, in the order of the message.",
        },
        "violationsOmitted": {"type": "integer", "minimum": 0},
    }
    refusal = ["refused", "violations", "violationsOmitted"]
    data = _object(_common() | own, "duplicateOf", *refusal)
    return data | {
        "if": {"properties": {"stage": {"const": "message"}}},
        "then": {"required": refusal, "properties": {"instance": {"type": "null"}, "attempts": {"maxItems": 0}}},
        "else": {"properties": dict.fromkeys(("duplicateOf", *refusal), False)},
    }


def _error() -> Schema:
    return _object(
        {
            "code": _TEXT | {"minLength": 1},
            "httpStatus": {"type": ["integer", "null"], "description": "null when no answer came."},
            "message": _TEXT,
            "category": {"enum": list(CATEGORIES)},
            "retry": {"enum": [each.value for each in Retry]},
            "parameter": _OPTIONAL,
            "remedy": _TEXT | {"description": "What to do, in one sentence."},
            "apiRequestId": _OPTIONAL,
        }
    )
