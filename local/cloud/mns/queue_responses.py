"""The actions on queues: CreateQueue, SetQueueAttributes, GetQueueAttributes, DeleteQueue, ListQueue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.cloud.mns import attributes, exceptions, xml
from local.cloud.mns.queue import DeadLetterPolicy, Queue
from local.cloud.mns.responses import answer, list_urls

if TYPE_CHECKING:
    from local.cloud.http import HttpResponse
    from local.cloud.mns.models import Account
    from local.cloud.mns.responses import Arguments

MAX_RECEIVE_COUNT = 1000


def create_queue(account: Account, arguments: Arguments) -> HttpResponse:
    """Create a queue; 204 where it is there with the same attributes already."""
    (name,) = arguments.names
    fields = xml.parse_fields(arguments.body, "Queue") if arguments.body else {}
    wanted = attributes.defaults(attributes.QUEUE) | attributes.read(attributes.QUEUE, fields)
    policy = _dead_letters(name, fields)
    present = account.queues.get(name)
    if present is None:
        account.queues[name] = Queue(name, wanted, account.now, account.now, policy)
    elif present.attributes != wanted or present.dead_letters != policy:
        raise exceptions.exists("Queue", name)
    return answer(201 if present is None else 204, location=arguments.location)


def set_queue_attributes(account: Account, arguments: Arguments) -> HttpResponse:
    """Change the attributes that are named."""
    queue = account.queue(arguments.names[0])
    fields = xml.parse_fields(arguments.body, "Queue")
    queue.attributes |= attributes.read(attributes.QUEUE, fields)
    if "DlqPolicy" in fields:
        queue.dead_letters = _dead_letters(queue.name, fields)
    queue.modified_at = account.now
    return answer(204)


def get_queue_attributes(account: Account, arguments: Arguments) -> HttpResponse:
    """Answer attributes and counts."""
    queue = account.queue(arguments.names[0])
    counts = queue.counts(account.now)
    fields = {
        "QueueName": queue.name,
        "CreateTime": int(queue.created_at),
        "LastModifyTime": int(queue.modified_at),
        **queue.attributes,
        "ActiveMessages": counts["visible"],
        "InactiveMessages": counts["inFlight"],
        "DelayMessages": counts["delayed"],
        "LoggingEnabled": "False",
    }
    return answer(200, xml.document("Queue", fields))


def delete_queue(account: Account, arguments: Arguments) -> HttpResponse:
    """Delete a queue and its messages, or nothing."""
    account.queues.pop(arguments.names[0], None)
    return answer(204)


def list_queue(account: Account, arguments: Arguments) -> HttpResponse:
    """Answer the queues' URLs."""
    return list_urls(arguments, "Queue", account.queues)


def _dead_letters(queue: str, fields: xml.Fields) -> DeadLetterPolicy | None:
    policy = fields.get("DlqPolicy")
    if not isinstance(policy, dict) or str(policy.get("Enabled", "false")).lower() != "true":
        return None
    target = policy.get("DeadLetterTargetQueue")
    if not isinstance(target, str) or not target or "MaxReceiveCount" not in policy:
        raise exceptions.invalid("DlqPolicy", "DeadLetterTargetQueue and MaxReceiveCount are wanted")
    if target == queue:
        raise exceptions.invalid("DeadLetterTargetQueue", "another queue is wanted")
    return DeadLetterPolicy(target, attributes.number(policy, "MaxReceiveCount", 1, MAX_RECEIVE_COUNT))
