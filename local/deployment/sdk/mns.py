"""Attributes of queues, topics and subscriptions, through the MNS client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.deployment.ports import Data, NoAnswer, Refused
from local.deployment.sdk.client import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.runtime.access import Access

SECONDS = 15
ABSENT = ("QueueNotExist", "TopicNotExist", "SubscriptionNotExist")
QUEUE = {
    "MaximumMessageSize": "maximum_message_size", "MessageRetentionPeriod": "message_retention_period",
    "VisibilityTimeout": "visibility_timeout", "PollingWaitSeconds": "polling_wait_seconds",
    "ActiveMessages": "active_messages",
}  # fmt: skip
TOPIC = {"MaximumMessageSize": "maximum_message_size", "LoggingEnabled": "logging_enabled"}
SUBSCRIPTION = {"Endpoint": "endpoint", "NotifyContentFormat": "notify_content_format",
                "NotifyStrategy": "notify_strategy"}  # fmt: skip
"""What template.yml calls an attribute, and what the client does."""


class MnsMessaging:
    """See `ports.Messaging`."""

    def __init__(self, access: Access) -> None:
        self._account = load("mns.account").Account(
            access.mns_endpoint, access.access_key_id, access.access_key_secret, access.security_token
        )
        self._account.mns_client.set_connection_timeout(SECONDS)
        self._account.mns_client.http.conn.timeout = SECONDS  # the SDK sets none over https

    def queue(self, name: str) -> Data | None:
        """See the port."""
        return self._ask("mns:GetQueueAttributes", self._account.get_queue(name).get_attributes, QUEUE)

    def topic(self, name: str) -> Data | None:
        """See the port."""
        return self._ask("mns:GetTopicAttributes", self._account.get_topic(name).get_attributes, TOPIC)

    def subscription(self, topic: str, name: str) -> Data | None:
        """See the port."""
        found = self._account.get_topic(topic).get_subscription(name)
        return self._ask("mns:GetSubscriptionAttributes", found.get_attributes, SUBSCRIPTION)

    def close(self) -> None:
        """Hang up."""
        self._account.mns_client.close_connection()

    def _ask(self, action: str, method: Callable[[], Any], names: dict[str, str]) -> Data | None:
        errors = load("mns.mns_exception")
        try:
            found = method()
        except errors.MNSServerException as error:
            if error.type in ABSENT:
                return None
            raise Refused(action, error.type, error.message) from None
        except errors.MNSExceptionBase as error:
            raise NoAnswer(action, error.type) from None
        return {name: getattr(found, attribute) for name, attribute in names.items()}
