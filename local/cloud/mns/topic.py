"""One topic: what was published, and who is told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.cloud.mns import xml
from local.cloud.mns.queue import body_md5

if TYPE_CHECKING:
    from local.cloud.mns.attributes import Attributes

FORMATS = ("XML", "JSON", "SIMPLIFIED")


@dataclass(frozen=True, slots=True)
class Strategy:
    """How often, and how many seconds apart, a failed push is tried: doubling from `first` up to `last`."""

    tries: int
    first: float
    last: float

    def delay(self, failures: int) -> float:
        """Return how long to wait after so many failures."""
        return min(self.first * 2.0 ** (failures - 1), self.last)


STRATEGIES = {
    "BACKOFF_RETRY": Strategy(tries=3, first=15.0, last=15.0),
    "EXPONENTIAL_DECAY_RETRY": Strategy(tries=176, first=1.0, last=512.0),
}
"""Every NotifyStrategy, as documented for the service."""


@dataclass(slots=True)
class Subscription:
    """Who is told of messages with a tag (or of all), and in what form.

    `cloud_url` is where the subscriber reached this cloud: the certificate of its pushes is there.
    """

    name: str
    topic: str
    endpoint: str
    filter_tag: str | None
    notify_strategy: str
    content_format: str
    created_at: float
    modified_at: float
    cloud_url: str = ""

    def wants(self, tag: str | None) -> bool:
        """Tell whether a message with this tag is for it."""
        return self.filter_tag is None or self.filter_tag == tag


@dataclass(slots=True)
class Topic:
    """A topic. It delivers; it keeps nothing for receivers. `published` is for `GET /_local/state`."""

    name: str
    attributes: Attributes
    created_at: float
    modified_at: float
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)
    logging: bool = False


@dataclass(frozen=True, slots=True)
class Notification:
    """One message on its way to one subscription."""

    owner: str
    subscription: Subscription
    message_id: str
    body: str
    tag: str | None
    published_at: float

    def encode(self) -> str:
        """Return the text an endpoint gets: the bare message, or XML or JSON around it."""
        subscription = self.subscription
        if subscription.content_format == "SIMPLIFIED":
            return self.body
        fields = {
            "TopicOwner": self.owner,
            "TopicName": subscription.topic,
            "Subscriber": self.owner,
            "SubscriptionName": subscription.name,
            "MessageId": self.message_id,
            "MessageMD5": body_md5(self.body),
            "Message": self.body,
            "MessageTag": self.tag,
            "PublishTime": str(int(self.published_at * 1000)),
        }
        if subscription.content_format == "JSON":
            return json.dumps({name: value for name, value in fields.items() if value is not None})
        return xml.document("Notification", fields).decode()
