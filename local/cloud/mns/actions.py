"""The table of actions: how the requests for each look, and the function that does it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.cloud.mns import exceptions
from local.cloud.mns import message_responses as messages
from local.cloud.mns import queue_responses as queues
from local.cloud.mns import topic_responses as topics
from local.cloud.mns.responses import Arguments

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.http import HttpRequest, HttpResponse
    from local.cloud.mns.models import Account
    from local.cloud.service import LongPoll

    Handler = Callable[[Account, Arguments], HttpResponse | LongPoll]

NAME = "[A-Za-z0-9][A-Za-z0-9-]{0,119}"
QUEUE = "/queues/*"
MESSAGES = "/queues/*/messages"
TOPIC = "/topics/*"
SUBSCRIPTION = "/topics/*/subscriptions/*"
_ROOT = re.compile(rb"<([A-Za-z]+)[\s>/]")


@dataclass(frozen=True, slots=True)
class Action:
    """One action: its name, how its requests look, and what it does.

    In the path `*` stands for a name. `marks` are query parameters (in lower case) or the body's root (`<Messages>`),
    one after the other, by which this action differs from others at the same path: of those that fit, the one with
    the most marks is meant.
    """

    name: str
    method: str
    path: str
    handler: Handler
    marks: str = ""

    def names(self, path: str) -> tuple[str, ...] | None:
        """Return the names in a request's path; None when it is another path."""
        matched = re.fullmatch(self.path.replace("*", f"({NAME})"), path)
        return None if matched is None else matched.groups()


ACTIONS = (
    Action("CreateQueue", "PUT", QUEUE, queues.create_queue),
    Action("SetQueueAttributes", "PUT", QUEUE, queues.set_queue_attributes, "metaoverride"),
    Action("GetQueueAttributes", "GET", QUEUE, queues.get_queue_attributes),
    Action("DeleteQueue", "DELETE", QUEUE, queues.delete_queue),
    Action("ListQueue", "GET", "/queues", queues.list_queue),
    Action("SendMessage", "POST", MESSAGES, messages.send_message),
    Action("BatchSendMessage", "POST", MESSAGES, messages.batch_send_message, "<Messages>"),
    Action("ReceiveMessage", "GET", MESSAGES, messages.receive_message),
    Action("BatchReceiveMessage", "GET", MESSAGES, messages.batch_receive_message, "numofmessages"),
    Action("PeekMessage", "GET", MESSAGES, messages.peek_message, "peekonly"),
    Action("BatchPeekMessage", "GET", MESSAGES, messages.batch_peek_message, "peekonly numofmessages"),
    Action("DeleteMessage", "DELETE", MESSAGES, messages.delete_message),
    Action("BatchDeleteMessage", "DELETE", MESSAGES, messages.batch_delete_message, "<ReceiptHandles>"),
    Action("ChangeMessageVisibility", "PUT", MESSAGES, messages.change_message_visibility),
    Action("CreateTopic", "PUT", TOPIC, topics.create_topic),
    Action("SetTopicAttributes", "PUT", TOPIC, topics.set_topic_attributes, "metaoverride"),
    Action("GetTopicAttributes", "GET", TOPIC, topics.get_topic_attributes),
    Action("DeleteTopic", "DELETE", TOPIC, topics.delete_topic),
    Action("ListTopic", "GET", "/topics", topics.list_topic),
    Action("PublishMessage", "POST", "/topics/*/messages", topics.publish_message),
    Action("Subscribe", "PUT", SUBSCRIPTION, topics.subscribe),
    Action("SetSubscriptionAttributes", "PUT", SUBSCRIPTION, topics.set_subscription_attributes, "metaoverride"),
    Action("GetSubscriptionAttributes", "GET", SUBSCRIPTION, topics.get_subscription_attributes),
    Action("Unsubscribe", "DELETE", SUBSCRIPTION, topics.unsubscribe),
    Action("ListSubscriptionByTopic", "GET", "/topics/*/subscriptions", topics.list_subscription_by_topic),
)
"""Every action."""


def find(request: HttpRequest) -> tuple[Action, Arguments]:
    """Return the action a request means, and its arguments; raise ServiceError where there is none."""
    query = {name.lower(): value for name, value in request.query.items()}
    root = _ROOT.search(request.body)
    present = {*query, f"<{root[1].decode()}>" if root else ""}
    best: tuple[Action, tuple[str, ...]] | None = None
    for candidate in ACTIONS:
        if candidate.method == request.method and present.issuperset(candidate.marks.split()):
            names = candidate.names(request.path)
            if names is not None and (best is None or len(candidate.marks.split()) > len(best[0].marks.split())):
                best = candidate, names
    if best is None:
        raise exceptions.unknown_action(request.method, request.target)
    origin = f"http://{request.headers.get('host', '')}"
    return best[0], Arguments(best[1], query, request.headers, request.body, origin, request.path)
