"""Topics and subscriptions through the official SDK."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from mns.subscription import SubscriptionMeta
from mns.topic import TopicMessage, TopicMeta

from tests.functional.cloud.test_mns_queues import code, make

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mns.topic import Topic

    from tests.support.clients import Clients

QUEUE = "acs:mns:cn-hangzhou:1000000000000001:queues/inbox"


@pytest.fixture
def topic(cloud: Clients) -> Topic:
    """Create a topic."""
    topic = cloud.mns().get_topic("outcomes")
    topic.create(TopicMeta())
    return topic


def subscribe(cloud: Clients, name: str, endpoint: str, **options: str) -> None:
    """Subscribe to the topic."""
    meta = SubscriptionMeta(endpoint)
    for option, value in options.items():
        getattr(meta, f"set_{option}")(value)
    cloud.mns().get_subscription("outcomes", name).subscribe(meta)


def test_a_topic_alone_keeps_nothing(cloud: Clients, topic: Topic) -> None:
    """What was published before anybody subscribed is not delivered; /_local/state still shows it."""
    inbox = make(cloud, "inbox")
    topic.publish_message(TopicMessage('{"n": 1}', "completed"))
    subscribe(cloud, "s", QUEUE)
    assert code(inbox.receive_message) == "MessageNotExist"
    assert cloud.local("state")["mns"]["topics"] == {"outcomes": ['{"n": 1}']}


def test_filter_tags(cloud: Clients, topic: Topic) -> None:
    """A subscription with a filter tag gets messages with that tag only; one without gets all."""
    failures, everything = make(cloud, "failures"), make(cloud, "inbox")
    subscribe(cloud, "f", QUEUE.replace("inbox", "failures"), filter_tag="failed", notify_content_format="SIMPLIFIED")
    subscribe(cloud, "all", QUEUE, notify_content_format="SIMPLIFIED")
    topic.publish_message(TopicMessage("good", "completed"))
    topic.publish_message(TopicMessage("bad", "failed"))
    topic.publish_message(TopicMessage("untagged"))
    for queue in (failures, everything):
        queue.set_encoding(False)
    assert [message.message_body for message in failures.batch_receive_message(16)] == ["bad"]
    assert [message.message_body for message in everything.batch_receive_message(16)] == ["good", "bad", "untagged"]


def test_formats(cloud: Clients, topic: Topic) -> None:
    """A notification is XML unless the subscription says JSON or SIMPLIFIED."""
    inbox = make(cloud, "inbox")
    inbox.set_encoding(False)
    subscribe(cloud, "x", QUEUE)
    subscribe(cloud, "j", QUEUE, notify_content_format="JSON")
    topic.publish_message(TopicMessage("<&>", "completed"))
    bodies = [message.message_body for message in inbox.batch_receive_message(16)]
    assert "<Message>&lt;&amp;&gt;</Message>" in bodies[0]
    notification = json.loads(bodies[1])
    assert (notification["Message"], notification["MessageTag"]) == ("<&>", "completed")
    assert notification["SubscriptionName"] == "j"


def test_rules(cloud: Clients, topic: Topic) -> None:
    """Size, tags, endpoints and names are checked; subscribing again is fine with the same attributes only."""
    assert code(topic.publish_message, TopicMessage("x" * 65537)) == "InvalidArgument"
    with pytest.raises(Exception, match="on this machine"):
        subscribe(cloud, "away", "http://example.com/push")
    subscribe(cloud, "s", QUEUE)
    subscribe(cloud, "s", QUEUE)
    assert code(subscribe, cloud, "s", QUEUE.replace("inbox", "other")) == "SubscriptionAlreadyExist"
    subscription = cloud.mns().get_subscription("outcomes", "s")
    assert subscription.get_attributes().endpoint == QUEUE
    assert topic.list_subscription()[0] == [f"{cloud.url}/topics/outcomes/subscriptions/s"]
    subscription.unsubscribe()
    assert code(subscription.get_attributes) == "SubscriptionNotExist"
    topic.delete()
    assert code(topic.publish_message, TopicMessage("x")) == "TopicNotExist"


class Receiver(BaseHTTPRequestHandler):
    """Refuses as often as it was told to, then accepts; remembers what came."""

    got: list[tuple[str, str]]
    refusals: int

    def do_POST(self) -> None:
        """Take one push."""
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.got.append((body, self.headers.get("x-mns-message-tag", "")))
        type(self).refusals -= 1
        self.send_response(500 if self.refusals >= 0 else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    """Run an HTTP endpoint."""
    kind = type("Fresh", (Receiver,), {"got": [], "refusals": 0})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/outcomes", kind
    server.shutdown()
    thread.join()
    server.server_close()


def test_push_with_retry(cloud: Clients, topic: Topic, receiver: tuple[str, type[Receiver]]) -> None:
    """An HTTP endpoint is pushed to at once, and again after each interval until it accepts."""
    endpoint, received = receiver
    received.refusals = 2
    subscribe(cloud, "h", endpoint, notify_content_format="SIMPLIFIED", notify_strategy="EXPONENTIAL_DECAY_RETRY")
    topic.publish_message(TopicMessage("body", "failed"))
    for tries, interval in ((1, 1), (2, 2), (3, 4)):
        deadline = time.monotonic() + 5
        while len(received.got) < tries and time.monotonic() < deadline:
            time.sleep(0.01)
        assert received.got == [("body", "failed")] * tries
        time.sleep(0.15)  # the failure is noted, the next push is not due yet
        assert len(received.got) == tries
        cloud.cloud.clock.advance(interval)
    time.sleep(0.2)
    assert len(received.got) == 3
