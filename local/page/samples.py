"""The sample messages as the page offers them: without what is secret in them."""

from __future__ import annotations

import json
from typing import Any

from local.samples import Samples
from shared.domain.create_instance.parameters import SECRET_PARAMETERS


def samples() -> list[dict[str, str]]:
    """Return name, purpose and text of each sample; empty where the samples are not installed."""
    try:
        found = Samples.load().messages
    except FileNotFoundError:
        return []
    return [{"name": sample.name, "shows": sample.shows, "body": without_secrets(sample.body)} for sample in found]


def without_secrets(body: str) -> str:
    """Return a message without its secret parameters, in the same layout; what is no JSON as it is."""
    try:
        message: dict[str, Any] = json.loads(body)
    except ValueError:
        return body
    parameters = message.get("parameters", {})
    message["parameters"] = {name: value for name, value in parameters.items() if name not in SECRET_PARAMETERS}
    return json.dumps(message, indent=2, ensure_ascii=False)
