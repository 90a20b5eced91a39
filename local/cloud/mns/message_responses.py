"""The actions on a queue's messages: send, receive, peek, delete, change visibility, one by one and in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.cloud.mns import attributes, exceptions, xml
from local.cloud.mns.queue import DEFAULT_PRIORITY
from local.cloud.mns.responses import answer, message_body, milliseconds
from local.cloud.service import LongPoll, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.http import HttpResponse
    from local.cloud.mns.models import Account
    from local.cloud.mns.queue import Message, Queue
    from local.cloud.mns.responses import Arguments

MAX_BATCH = 16
MAX_WAIT = 30
MAX_VISIBILITY = 43200
MAX_DELAY = 7 * attributes.DAYS
LOWEST_PRIORITY = 16


def send_message(account: Account, arguments: Arguments) -> HttpResponse:
    """Send one message."""
    queue = account.queue(arguments.names[0])
    message = _send(account, queue, xml.parse_fields(arguments.body, "Message"))
    return answer(201, xml.document("Message", _sent(account, message)))


def batch_send_message(account: Account, arguments: Arguments) -> HttpResponse:
    """Send up to 16 messages, each for itself: 500 with a line for each where some were refused."""
    queue = account.queue(arguments.names[0])
    _, children = xml.parse(arguments.body)
    _check_batch(len(children))
    lines: list[dict[str, object]] = []
    refused = False
    for _, fields in children:
        try:
            lines.append(_sent(account, _send(account, queue, fields if isinstance(fields, dict) else {})))
        except ServiceError as error:  # noqa: PERF203 - each message is for itself
            refused = True
            lines.append({"ErrorCode": error.code, "ErrorMessage": error.message})
    return answer(500 if refused else 201, xml.listing("Messages", "Message", lines))


def receive_message(account: Account, arguments: Arguments) -> HttpResponse | LongPoll:
    """Receive one message, waiting for it where asked to."""
    return _receive(account, arguments, 1, lambda lines: xml.document("Message", lines[0]))


def batch_receive_message(account: Account, arguments: Arguments) -> HttpResponse | LongPoll:
    """Receive up to 16 messages: what there is, waiting only for the first."""
    return _receive(account, arguments, _batch(arguments), lambda lines: xml.listing("Messages", "Message", lines))


def peek_message(account: Account, arguments: Arguments) -> HttpResponse:
    """Look at the next message without receiving it."""
    return answer(200, xml.document("Message", _peek(account, arguments, 1)[0]))


def batch_peek_message(account: Account, arguments: Arguments) -> HttpResponse:
    """Look at up to 16 messages."""
    return answer(200, xml.listing("Messages", "Message", _peek(account, arguments, _batch(arguments))))


def delete_message(account: Account, arguments: Arguments) -> HttpResponse:
    """Delete the message whose receipt handle this is."""
    if "receipthandle" not in arguments.query:
        raise ServiceError(400, "MissingReceiptHandle", "A receipt handle is required.")
    account.queue(arguments.names[0]).delete(arguments.query["receipthandle"], account.now)
    return answer(204)


def batch_delete_message(account: Account, arguments: Arguments) -> HttpResponse:
    """Delete up to 16 messages, each for itself: 404 with a line for each that was refused."""
    queue = account.queue(arguments.names[0])
    _, children = xml.parse(arguments.body)
    _check_batch(len(children))
    lines: list[dict[str, object]] = []
    for _, handle in children:
        try:
            queue.delete(str(handle), account.now)
        except ServiceError as error:  # noqa: PERF203 - each message is for itself
            lines.append({"ErrorCode": error.code, "ErrorMessage": error.message, "ReceiptHandle": handle})
    return answer(404, xml.listing("Errors", "Error", lines)) if lines else answer(204)


def change_message_visibility(account: Account, arguments: Arguments) -> HttpResponse:
    """Hold a received message for other so many seconds."""
    for name, code in (("receipthandle", "MissingReceiptHandle"), ("visibilitytimeout", "MissingVisibilityTimeout")):
        if not arguments.query.get(name):
            raise ServiceError(400, code, f"The parameter {name} is required.")
    seconds = attributes.number(arguments.query, "visibilitytimeout", 1, MAX_VISIBILITY)
    queue = account.queue(arguments.names[0])
    message = queue.change_visibility(arguments.query["receipthandle"], seconds, account.now)
    fields = {"ReceiptHandle": message.handle, "NextVisibleTime": milliseconds(message.visible_at)}
    return answer(200, xml.document("ChangeVisibility", fields))


def _send(account: Account, queue: Queue, fields: xml.Fields) -> Message:
    body = message_body(fields, queue.attributes["MaximumMessageSize"])
    delay = attributes.number(fields, "DelaySeconds", 0, MAX_DELAY) if "DelaySeconds" in fields else None
    priority = attributes.number(fields, "Priority", 1, LOWEST_PRIORITY) if "Priority" in fields else DEFAULT_PRIORITY
    return account.send(queue, body, delay, priority)


def _sent(account: Account, message: Message) -> dict[str, object]:
    handle = message.handle if message.visible_at > account.now else None
    return {"MessageId": message.message_id, "MessageBodyMD5": message.md5, "ReceiptHandle": handle}


def _receive(
    account: Account, arguments: Arguments, limit: int, encode: Callable[[list[dict[str, object]]], bytes]
) -> HttpResponse | LongPoll:
    queue = account.queue(arguments.names[0])
    messages = queue.receive(account.now, limit, account.bury)
    for message in messages:
        account.cloud.recorder.delivered(queue.name, message.message_id, message.dequeue_count, account.now)
    if messages:
        return answer(200, encode([_received(message) for message in messages]))
    wait = queue.attributes["PollingWaitSeconds"]
    if "waitseconds" in arguments.query:
        wait = attributes.number(arguments.query, "waitseconds", 0, MAX_WAIT)
    if not wait:
        raise exceptions.no_message()
    return LongPoll(wait, exceptions.no_message())


def _received(message: Message) -> dict[str, object]:
    return _seen(message) | {
        "ReceiptHandle": message.handle,
        "NextVisibleTime": milliseconds(message.visible_at),
    }


def _peek(account: Account, arguments: Arguments, limit: int) -> list[dict[str, object]]:
    messages = account.queue(arguments.names[0]).peek(account.now, limit)
    if not messages:
        raise exceptions.no_message()
    return [_seen(message) for message in messages]


def _seen(message: Message) -> dict[str, object]:
    return {
        "MessageId": message.message_id,
        "MessageBody": message.body,
        "MessageBodyMD5": message.md5,
        "EnqueueTime": milliseconds(message.enqueued_at),
        # Until it is received for the first time, this is when it was sent.
        "FirstDequeueTime": milliseconds(
            message.enqueued_at if message.first_dequeued_at is None else message.first_dequeued_at
        ),
        "DequeueCount": message.dequeue_count,
        "Priority": message.priority,
    }


def _batch(arguments: Arguments) -> int:
    return attributes.number(arguments.query, "numofmessages", 1, MAX_BATCH)


def _check_batch(size: int) -> None:
    if not 1 <= size <= MAX_BATCH:
        raise exceptions.invalid("the batch", f"1 to {MAX_BATCH} entries are wanted")
