"""`POST /_local/enqueue`: a message from the page into the request queue, checked first as the worker will check it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local import defaults
from local.cloud.http import json_response
from local.cloud.mns.protocol import Mns
from shared.domain.message.request import Refusal

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud
    from local.cloud.http import HttpRequest, HttpResponse


def enqueue(cloud: Cloud, request: HttpRequest, _rest: str) -> HttpResponse:
    """Send the body: 201 with the message's id, 422 with every violation. `?anyway=1` sends what is not valid, too."""
    from shared.domain.message.parse import parse  # noqa: PLC0415 - only people who enqueue need it

    body = request.body.decode("utf-8", "replace")
    asked = parse(body)
    if isinstance(asked, Refusal) and request.query.get("anyway") != "1":
        found = [{"field": v.field, "code": v.code, "message": v.message} for v in asked.violations]
        return json_response(422, {"violations": found})
    account = next(service.account for service in cloud.services if isinstance(service, Mns))
    message = account.send(account.queue(defaults.QUEUE), body)
    return json_response(201, {"messageId": message.message_id, "requestId": asked.request_id})
