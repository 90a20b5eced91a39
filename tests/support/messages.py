"""Messages for tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shared.domain.create_instance.view import CheckOptions
from shared.domain.message.parse import parse
from shared.domain.message.request import Refusal, Request
from tests.support.cases import BASE

if TYPE_CHECKING:
    from collections.abc import Mapping


def message(parameters: Mapping[str, Any] | None = None, **envelope: Any) -> dict[str, Any]:
    """Return a valid message with changes; None leaves a parameter out."""
    merged = {**BASE, **(parameters or {})}
    return {
        "requestId": "order-1",
        "parameters": {name: value for name, value in merged.items() if value is not None},
        **envelope,
    }


def accepted(document: Any, contract: CheckOptions | None = None) -> Request:
    """Return the request a message makes."""
    result = parse(json.dumps(document), contract or CheckOptions())
    assert isinstance(result, Request), result
    return result


def refused(document: Any, contract: CheckOptions | None = None) -> Refusal:
    """Return the refusal a message gets."""
    return refused_text(json.dumps(document), contract)


def refused_text(text: str, contract: CheckOptions | None = None) -> Refusal:
    """Return the refusal a body gets."""
    result = parse(text, contract or CheckOptions())
    assert isinstance(result, Refusal), result
    assert result.violations
    return result


def fields_and_codes(refusal: Refusal) -> list[tuple[str, str]]:
    """Return where it is wrong and how it is called, in order."""
    return [(each.field, each.code) for each in refusal.violations]
