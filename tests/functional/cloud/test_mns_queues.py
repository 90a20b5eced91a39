"""Queues through the official SDK."""

from __future__ import annotations

import http.client
import threading
import time
from typing import TYPE_CHECKING

import pytest
from mns.mns_exception import MNSServerException
from mns.queue import Message, QueueMeta

from tests.support.signing import mns_request

if TYPE_CHECKING:
    from mns.account import Account
    from mns.queue import Queue

    from tests.support.clients import Clients


def make(cloud: Clients, name: str = "work", **attributes: int) -> Queue:
    """Create a queue."""
    queue = cloud.mns().get_queue(name)
    queue.create(QueueMeta(**attributes))
    return queue


def code(call: object, *args: object) -> str:
    """Return the code of a call that must be refused."""
    with pytest.raises(MNSServerException) as caught:
        call(*args)
    return str(caught.value.type)


def test_send_receive_delete(cloud: Clients) -> None:
    """A message is received once while it is held, and is gone when it is deleted."""
    queue = make(cloud)
    sent = queue.send_message(Message('{"requestId": "a"}'))
    got = queue.receive_message()
    assert (got.message_id, got.message_body, got.dequeue_count) == (sent.message_id, b'{"requestId": "a"}', 1)
    assert got.message_body_md5 == sent.message_body_md5
    assert code(queue.receive_message) == "MessageNotExist"
    queue.delete_message(got.receipt_handle)
    cloud.cloud.clock.advance(31)
    assert code(queue.receive_message) == "MessageNotExist"


def test_visibility(cloud: Clients) -> None:
    """A message that is not deleted comes again, counted; its old handle is of no use; the time can be changed."""
    queue = make(cloud, vis_timeout=10)
    queue.send_message(Message("x"))
    first = queue.receive_message()
    cloud.cloud.clock.advance(9)
    assert code(queue.receive_message) == "MessageNotExist"
    cloud.cloud.clock.advance(1)
    second = queue.receive_message()
    assert second.dequeue_count == 2
    assert second.first_dequeue_time == first.first_dequeue_time
    assert code(queue.delete_message, first.receipt_handle) == "MessageNotExist"
    changed = queue.change_message_visibility(second.receipt_handle, 100)
    cloud.cloud.clock.advance(50)
    assert code(queue.receive_message) == "MessageNotExist"
    assert code(queue.delete_message, second.receipt_handle) == "MessageNotExist"
    queue.delete_message(changed.receipt_handle)
    assert code(queue.delete_message, "nonsense") == "ReceiptHandleError"


def test_delay(cloud: Clients) -> None:
    """A message becomes visible after its own delay, or after the queue's."""
    queue = make(cloud, delay_sec=5)
    queue.send_message(Message("queue's"))
    queue.send_message(Message("own", delay_seconds=60))
    assert cloud.local("state")["mns"]["queues"]["work"] == {"visible": 0, "inFlight": 0, "delayed": 2}
    cloud.cloud.clock.advance(5)
    assert queue.receive_message().message_body == b"queue's"
    assert code(queue.receive_message) == "MessageNotExist"
    cloud.cloud.clock.advance(55)
    assert b"own" in {message.message_body for message in queue.batch_receive_message(16)}
    assert code(queue.send_message, Message("x", delay_seconds=604801)) == "InvalidArgument"


def test_order_and_priority(cloud: Clients) -> None:
    """The best priority comes first, the oldest among equals."""
    queue = make(cloud)
    for body, priority in (("a", 8), ("b", 1), ("c", 8), ("d", 16)):
        queue.send_message(Message(body, priority=priority))
    assert [message.message_body for message in queue.batch_receive_message(16)] == [b"b", b"a", b"c", b"d"]


def test_batches(cloud: Clients) -> None:
    """Up to 16 messages are sent, peeked at, received and deleted at once; a bad handle is reported for itself."""
    queue = make(cloud)
    queue.batch_send_message([Message(str(number)) for number in range(16)])
    assert len(queue.batch_peek_message(16)) == 16
    messages = queue.batch_receive_message(16)
    assert len({message.message_id for message in messages}) == 16
    with pytest.raises(MNSServerException) as caught:
        queue.batch_delete_message([messages[0].receipt_handle, "8-Mx-1"])
    assert [entry["ReceiptHandle"] for entry in caught.value.sub_errors] == ["8-Mx-1"]
    queue.batch_delete_message([message.receipt_handle for message in messages[1:]])
    assert cloud.local("state")["mns"]["queues"]["work"] == {"visible": 0, "inFlight": 0, "delayed": 0}


def test_peek_changes_nothing(cloud: Clients) -> None:
    """Looking neither hides nor counts."""
    queue = make(cloud)
    assert code(queue.peek_message) == "MessageNotExist"
    queue.send_message(Message("x"))
    assert [queue.peek_message().dequeue_count for _ in range(2)] == [0, 0]
    assert queue.receive_message().dequeue_count == 1


def test_long_poll(cloud: Clients) -> None:
    """A receive that waits answers as soon as there is a message, and at the end of its time without one."""
    queue, sender = make(cloud), cloud.mns().get_queue("work")
    started = time.monotonic()
    assert code(queue.receive_message, 1) == "MessageNotExist"
    assert 0.9 < time.monotonic() - started < 5
    timer = threading.Timer(0.2, sender.send_message, [Message("x")])
    timer.start()
    started = time.monotonic()
    assert queue.receive_message(10).message_body == b"x"
    assert time.monotonic() - started < 5
    timer.join()


def test_a_long_poll_whose_client_has_gone_takes_nothing(cloud: Clients) -> None:
    """Whoever is interrupted while waiting, and asks again, gets the message that came in between."""
    queue = make(cloud)
    gone = http.client.HTTPConnection(cloud.url.removeprefix("http://"), timeout=5)
    target = "/queues/work/messages?waitseconds=10"
    gone.request("GET", target, headers=mns_request("GET", target))
    time.sleep(0.2)
    gone.close()
    time.sleep(0.2)
    queue.send_message(Message("x"))
    time.sleep(0.2)
    assert cloud.local("state")["mns"]["queues"]["work"] == {"visible": 1, "inFlight": 0, "delayed": 0}


def test_dead_letters(cloud: Clients) -> None:
    """A message delivered as often as the policy says goes to the dead-letter queue instead of once more."""
    queue, dead = make(cloud, vis_timeout=1), make(cloud, "dead")
    set_policy(cloud.mns(), "work", "dead", 2)
    queue.send_message(Message("poison"))
    for _ in range(2):
        queue.receive_message()
        cloud.cloud.clock.advance(1)
    assert code(queue.receive_message) == "MessageNotExist"
    assert dead.receive_message().message_body == b"poison"


def set_policy(account: Account, queue: str, target: str, count: int) -> None:
    """Set a dead-letter policy, which the SDK of this version cannot."""
    from mns.mns_http import RequestInternal
    from mns.mns_request import SetQueueAttributesRequest

    client = account.get_client()
    policy = f"<DeadLetterTargetQueue>{target}</DeadLetterTargetQueue><MaxReceiveCount>{count}</MaxReceiveCount>"
    inner = RequestInternal("PUT", f"/queues/{queue}?metaoverride=true")
    inner.data = f"<Queue><DlqPolicy><Enabled>true</Enabled>{policy}</DlqPolicy></Queue>".encode()
    client.build_header(SetQueueAttributesRequest(queue), inner)
    answer = client.http.send_request(inner)
    assert answer.status == (400 if queue == target else 204), answer.data


def test_no_queue_takes_its_own_dead_letters(cloud: Clients) -> None:
    """A queue cannot be its own dead-letter queue."""
    make(cloud)
    set_policy(cloud.mns(), "work", "work", 2)


def test_retention(cloud: Clients) -> None:
    """A message past the queue's retention is gone, held or not."""
    queue = make(cloud, msg_ttl=60)
    queue.send_message(Message("x"))
    cloud.cloud.clock.advance(60)
    assert code(queue.receive_message) == "MessageNotExist"


def test_size_limit(cloud: Clients) -> None:
    """A body has at most 64 KB as it is sent, base64 included."""
    queue = make(cloud)
    queue.send_message(Message("x" * 49152))
    assert code(queue.send_message, Message("x" * 49153)) == "InvalidArgument"


@pytest.mark.parametrize("count", [20_000, 40_000])
def test_any_body_is_taken_or_refused(cloud: Clients, count: int) -> None:
    """Nesting that no JSON reader takes is a body like another: kept when it is short enough, else refused."""
    queue = make(cloud)
    body = "[" * count
    queue.set_encoding(False)
    queue.send_message(Message(body))
    assert queue.receive_message().message_body == body
    assert code(queue.send_message, Message("[" * 100_000)) == "InvalidArgument"


# The SDK's own get_attributes sets fields that it calls deprecated.
@pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")
def test_creating_again(cloud: Clients) -> None:
    """Creating a queue again is fine with the same attributes and refused with others; deleting twice is fine."""
    queue = make(cloud, vis_timeout=10)
    assert queue.create(QueueMeta(vis_timeout=10)) == f"{cloud.url}/queues/work"
    assert code(queue.create, QueueMeta(vis_timeout=11)) == "QueueAlreadyExist"
    queue.set_attributes(QueueMeta(vis_timeout=11))
    assert queue.get_attributes().visibility_timeout == 11
    queue.delete()
    queue.delete()
    assert code(queue.get_attributes) == "QueueNotExist"
    assert code(queue.send_message, Message("x")) == "QueueNotExist"


def test_listing(cloud: Clients) -> None:
    """Queues are listed by prefix, page by page."""
    for name in ("a-1", "a-2", "a-3", "b-1"):
        make(cloud, name)
    account = cloud.mns()
    first, marker = account.list_queue("a-", 2)
    rest, end = account.list_queue("a-", 2, marker)
    assert [url.rpartition("/")[2] for url in first + rest] == ["a-1", "a-2", "a-3"]
    assert end == ""
