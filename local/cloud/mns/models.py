"""The account's queues and topics."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local import defaults
from local.cloud.mns import attributes, exceptions
from local.cloud.mns.push import LOOPBACK, Pusher
from local.cloud.mns.queue import DEFAULT_PRIORITY, Message, Queue
from local.cloud.mns.topic import Notification, Subscription, Topic

if TYPE_CHECKING:
    from local.cloud.core import Core
    from local.cloud.mns.attributes import Attributes
    from local.cloud.mns.push_signing import PushSigner
    from local.cloud.mns.queue import DeadLetterPolicy

QUEUES: dict[str, Attributes] = {
    defaults.QUEUE: {"VisibilityTimeout": 300}, defaults.DEAD_LETTERS: {}, defaults.INBOX: {},
}  # fmt: skip
"""The deployment's queues, and where each differs from the service's defaults in a way that matters here."""
SUBSCRIPTION = "inbox"
INBOX_ENDPOINT = f"acs:mns:{defaults.REGION}:{defaults.ACCOUNT_ID}:queues/{defaults.INBOX}"
_QUEUE_ENDPOINT = re.compile(r"acs:mns:([^:]*):([^:]*):/?queues/([A-Za-z0-9-]+)")


@dataclass(slots=True)
class Account:
    """All queues and topics of the account."""

    cloud: Core
    signer: PushSigner
    queues: dict[str, Queue] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    pusher: Pusher = field(init=False)
    sent: int = 0

    def __post_init__(self) -> None:
        self.pusher = Pusher(self.cloud, self.signer)

    @property
    def now(self) -> float:
        """The cloud's time."""
        return self.cloud.clock.now()

    def provision_defaults(self) -> None:
        """Make the deployment's queues and its topic, empty, under their default names."""
        now = self.now
        for name, differing in QUEUES.items():
            self.queues[name] = Queue(name, attributes.defaults(attributes.QUEUE) | differing, now, now)
        topic = Topic(defaults.TOPIC, attributes.defaults(attributes.TOPIC), now, now)
        topic.subscriptions[SUBSCRIPTION] = Subscription(
            SUBSCRIPTION, topic.name, INBOX_ENDPOINT, None, "EXPONENTIAL_DECAY_RETRY", "SIMPLIFIED", now, now
        )
        self.topics[topic.name] = topic

    def queue(self, name: str) -> Queue:
        """Return a queue; raise ServiceError."""
        if name not in self.queues:
            raise exceptions.no_queue(name)
        return self.queues[name]

    def topic(self, name: str) -> Topic:
        """Return a topic; raise ServiceError."""
        if name not in self.topics:
            raise exceptions.no_topic(name)
        return self.topics[name]

    def send(self, queue: Queue, body: str, delay: int | None = None, priority: int = DEFAULT_PRIORITY) -> Message:
        """Put a message into a queue; without a delay of its own it has the queue's."""
        seconds = queue.attributes["DelaySeconds"] if delay is None else delay
        return self._put(queue, body, priority, self.now, seconds)

    def bury(self, policy: DeadLetterPolicy, message: Message) -> bool:
        """Move a message that was delivered too often, with its age; False where its dead-letter queue is missing."""
        target = self.queues.get(policy.target)
        if target is None:
            return False
        self._put(target, message.body, message.priority, message.enqueued_at, 0)
        return True

    def _put(self, queue: Queue, body: str, priority: int, enqueued_at: float, delay: int) -> Message:
        now = self.now
        self.sent += 1
        message = Message(self.cloud.new_id("M"), self.sent, body, priority, enqueued_at, now + delay)
        queue.put(message)
        self.cloud.recorder.sent(queue.name, message.message_id, body, now, delay)
        return message

    def publish(self, topic: Topic, body: str, tag: str | None) -> str:
        """Publish a message: queues have it at once, HTTP endpoints are pushed to. Return its id."""
        message_id = self.cloud.new_id("P")
        topic.published.append(body)
        self.cloud.recorder.published(topic.name, body, self.now)
        for subscription in topic.subscriptions.values():
            if not subscription.wants(tag):
                continue
            notification = Notification(defaults.ACCOUNT_ID, subscription, message_id, body, tag, self.now)
            if found := _QUEUE_ENDPOINT.fullmatch(subscription.endpoint):
                # A queue that does not exist (any more) gets nothing, as documented for failed pushes.
                if queue := self.queues.get(found[3]):
                    self.send(queue, notification.encode())
            else:
                self.pusher.add(notification)
        return message_id

    def to_json(self) -> dict[str, Any]:
        """Return what `GET /_local/state` shows."""
        return {
            "queues": {name: queue.counts(self.now) for name, queue in self.queues.items()},
            "topics": {name: list(topic.published) for name, topic in self.topics.items()},
        }


def check_endpoint(subscription: Subscription) -> None:
    """Refuse an endpoint this cloud cannot reach: neither a queue of its own nor HTTP on this machine."""
    url = urlsplit(subscription.endpoint)
    on_this_machine = url.scheme == "http" and url.hostname in LOOPBACK
    if not on_this_machine and not _QUEUE_ENDPOINT.fullmatch(subscription.endpoint):
        raise exceptions.invalid(
            "Endpoint",
            "acs:mns:<region>:<account>:queues/<name>, or http:// on this machine, which is all there is here",
        )
