"""Messages that people put into the request queue, checked first as the worker will check them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local import defaults
from local.cloud.http import json_response
from local.numbering import MOST, numbered
from shared.domain.message.request import Refusal

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud
    from local.cloud.http import HttpRequest, HttpResponse


def enqueue(cloud: Cloud, request: HttpRequest, _rest: str) -> HttpResponse:
    """Send a message: 201 with its id and request, 422 with every violation.

    `?anyway=1` sends what is not valid, too; `?count=20` makes 20 requests of it, x-001, x-002 ...; `?copies=2` sends
    each twice. Raises ValueError for other numbers.
    """
    from shared.domain.message.parse import parse  # noqa: PLC0415 - only people who enqueue need it

    body = request.body.decode("utf-8", "replace")
    count, copies = _number(request, "count"), _number(request, "copies")
    bodies = [body] if "count" not in request.query else list(numbered(body, count))
    asked = parse(bodies[-1])
    if isinstance(asked, Refusal) and request.query.get("anyway") != "1":
        found = [{"field": v.field, "code": v.code, "message": v.message} for v in asked.violations]
        return json_response(422, {"violations": found})
    ids = [cloud.mns.enqueue(defaults.QUEUE, each) for each in bodies for _ in range(copies)]
    return json_response(201, {"messageId": ids[-1], "requestId": asked.request_id, "sent": len(ids)})


def _number(request: HttpRequest, name: str) -> int:
    text = request.query.get(name, "1")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and 1 <= int(text) <= MOST):
        raise ValueError(f"{name} is a number from 1 to {MOST}")
    return int(text)
