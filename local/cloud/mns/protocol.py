"""The protocol of MNS: queues and topics are URLs, requests and answers are XML."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from local.cloud.mns import signing, xml
from local.cloud.mns.actions import ACTIONS, find
from local.cloud.mns.models import Account
from local.cloud.mns.push_signing import PushSigner
from local.cloud.mns.responses import answer, message_body
from local.cloud.service import Call, LongPoll, ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from local.cloud.core import Core
    from local.cloud.http import HttpRequest, HttpResponse
    from local.cloud.mns.queue import Message


VERSION = "2015-06-06"


class Mns:
    """The MNS service."""

    name = "mns"

    def __init__(self, cloud: Core) -> None:
        self._cloud = cloud
        self.signer = PushSigner()
        self.account = Account(cloud, self.signer)

    def actions(self) -> Collection[str]:
        """Return the names of all actions."""
        return {action.name for action in ACTIONS}

    def serves(self, request: HttpRequest) -> bool:
        """Queues and topics, and whatever else says that it speaks MNS."""
        return request.target.startswith(("/queues", "/topics")) or "x-mns-version" in request.headers

    def identify(self, request: HttpRequest) -> Call:
        """Name the action."""
        found, arguments = find(request)
        return Call(found.name, request, (found, arguments))

    def authenticate(self, call: Call) -> None:
        """Check the signature."""
        if self._cloud.config.checks.signatures:
            signing.check(call.request, self._cloud.keys)

    def run(self, call: Call) -> HttpResponse | LongPoll:
        """Do it."""
        found, arguments = call.parameters
        result: HttpResponse | LongPoll = found.handler(self.account, arguments)
        if isinstance(result, LongPoll):
            return result
        result.headers |= self._headers()
        return result

    def refuse(self, request: HttpRequest, error: ServiceError) -> HttpResponse:
        """Answer as MNS words a refusal."""
        headers = self._headers()
        fields = {
            "Code": error.code,
            "Message": error.message,
            "RequestId": headers["x-mns-request-id"],
            "HostId": f"http://{request.headers.get('host', '')}",
        }
        response = answer(error.status, xml.document("Error", fields))
        response.headers |= headers | error.headers
        return response

    def request_ids(self, call: Call) -> Iterator[str]:
        """Return the `requestId` of the messages a call sends or publishes, base64 or plain, of outcomes too."""
        if call.request.method != "POST":
            return
        _, children = xml.parse(call.request.body)
        batch = [fields for _, fields in children if isinstance(fields, dict)]
        for fields in [dict(children), *batch]:
            yield from _request_ids(str(fields.get("MessageBody", "")))

    def provision_defaults(self) -> None:
        """Make the deployment's queues and its topic, with the inbox subscribed."""
        self.account.provision_defaults()

    def queue_counts(self) -> dict[str, dict[str, int]]:
        """Return how many messages of each queue are visible, in flight, and delayed."""
        return {name: queue.counts(self.account.now) for name, queue in self.account.queues.items()}

    def enqueue(self, queue: str, body: str) -> str:
        """Put a message into a queue without a call; return its id; raise ServiceError as SendMessage does."""
        target = self.account.queue(queue)
        checked = message_body({"MessageBody": body}, target.attributes["MaximumMessageSize"])
        return self.account.send(target, checked).message_id

    def visible(self, queue: str) -> list[Message]:
        """Return the messages of a queue that nobody holds, oldest first; none when there is no such queue."""
        found = self.account.queues.get(queue)
        return found.peek(self.account.now, len(found.messages)) if found else []

    def discard(self, queue: str, message_id: str) -> None:
        """Remove a message without a call."""
        del self.account.queues[queue].messages[message_id]

    def state(self) -> dict[str, Any]:
        """Show queues and topics."""
        return self.account.to_json()

    def reset(self) -> None:
        """Forget queues and topics."""
        self.account.pusher.clear()
        self.account = Account(self._cloud, self.signer)

    def _headers(self) -> dict[str, str]:
        return {"x-mns-version": VERSION, "x-mns-request-id": self._cloud.new_request_id()}


def _request_ids(body: str) -> Iterator[str]:
    for text in (body, _decoded(body)):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for place in (data, data.get("data")) if isinstance(data, dict) else ():
            if isinstance(place, dict) and isinstance(place.get("requestId"), str):
                yield place["requestId"]


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return b""
