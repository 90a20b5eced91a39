"""The AsyncAPI 3 document: the queue that is read and the topic that is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from local import defaults
from local.docs.message_schema import SCHEMA_ID
from shared.domain.lifecycle.outcome import COMPLETED, FAILED, SCHEMA
from shared.domain.message.parse import MAX_MESSAGE_BYTES

if TYPE_CHECKING:
    from local.docs.message_schema import Schema

_OUTCOME = "./outcome.schema.json#/$defs/"
_FORMAT = "application/schema+json;version=draft-2020-12"


def asyncapi() -> str:
    """Return docs/schema/asyncapi.yaml."""
    return yaml.safe_dump(_document(), sort_keys=False, allow_unicode=True, width=110)


def _document() -> Schema:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ECS provisioning worker",
            "version": "1.0.0",
            "description": "One message in asks for one instance; one outcome out answers it, at least once.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "requests": {
                "address": defaults.QUEUE,
                "title": "Requests",
                "description": f"A queue of Simple Message Queue. A body is JSON, at most {MAX_MESSAGE_BYTES} bytes.",
                "messages": {"request": _ref("messages", "request")},
            },
            "outcomes": {
                "address": defaults.TOPIC,
                "title": "Outcomes",
                "description": "A topic of Simple Message Queue; the message tag is the end: completed or failed.",
                "messages": {end: _ref("messages", end) for end in (COMPLETED, FAILED)},
            },
        },
        "operations": {
            "takeRequest": {
                "action": "receive",
                "channel": {"$ref": "#/channels/requests"},
                "messages": [{"$ref": "#/channels/requests/messages/request"}],
            },
            "publishOutcome": {
                "action": "send",
                "channel": {"$ref": "#/channels/outcomes"},
                "messages": [{"$ref": f"#/channels/outcomes/messages/{end}"} for end in (COMPLETED, FAILED)],
            },
        },
        "components": {
            "messages": {
                "request": _message("A request for one instance", SCHEMA_ID, "./message.schema.json"),
                COMPLETED: _message("The request got what it asked for", SCHEMA, f"{_OUTCOME}{COMPLETED}"),
                FAILED: _message("The request failed or was refused", SCHEMA, f"{_OUTCOME}{FAILED}"),
            }
        },
    }


def _ref(kind: str, name: str) -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}


def _message(title: str, identity: str, schema: str) -> Schema:
    return {
        "title": title,
        "description": f"The schema's id is {identity}.",
        "contentType": "application/json",
        "payload": {"schemaFormat": _FORMAT, "schema": {"$ref": schema}},
    }
