"""Attributes of queues, topics and subscriptions, through the MNS client."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from local.deployment.ports import Data, NoAnswer, Refused
from local.deployment.sdk.client import clean, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.runtime.access import Access

SECONDS = 15
ABSENT = ("QueueNotExist", "TopicNotExist", "SubscriptionNotExist")
EMPTY = "MessageNotExist"
QUEUE = {
    "MaximumMessageSize": "maximum_message_size", "MessageRetentionPeriod": "message_retention_period",
    "VisibilityTimeout": "visibility_timeout", "PollingWaitSeconds": "polling_wait_seconds",
}  # fmt: skip
TOPIC = {"MaximumMessageSize": "maximum_message_size", "LoggingEnabled": "logging_enabled"}
SUBSCRIPTION = {"Endpoint": "endpoint", "NotifyContentFormat": "notify_content_format",
                "NotifyStrategy": "notify_strategy"}  # fmt: skip
"""What template.yml calls an attribute, and what the client does."""


class MnsMessaging:
    """See `ports.Messaging`. Each question has a connection of its own."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._errors = load("mns.mns_exception")

    def queue(self, name: str) -> Data | None:
        """See the port."""
        return self._attributes("mns:GetQueueAttributes", lambda account: account.get_queue(name), QUEUE)

    def is_empty(self, queue: str) -> bool:
        """See the port."""
        return self._ask("mns:PeekMessage", lambda account: account.get_queue(queue).peek_message()) is None

    def topic(self, name: str) -> Data | None:
        """See the port."""
        return self._attributes("mns:GetTopicAttributes", lambda account: account.get_topic(name), TOPIC)

    def subscription(self, topic: str, name: str) -> Data | None:
        """See the port."""
        return self._attributes(
            "mns:GetSubscriptionAttributes",
            lambda account: account.get_topic(topic).get_subscription(name),
            SUBSCRIPTION,
        )

    def _attributes(self, action: str, find: Callable[[Any], Any], names: dict[str, str]) -> Data | None:
        found = self._ask(action, lambda account: find(account).get_attributes())
        return None if found is None else {name: getattr(found, attribute) for name, attribute in names.items()}

    def _ask(self, action: str, call: Callable[[Any], Any]) -> Any:
        access = self._access
        account = load("mns.account").Account(
            access.mns_endpoint, access.access_key_id, access.access_key_secret, access.security_token
        )
        account.mns_client.set_connection_timeout(SECONDS)
        account.mns_client.http.conn.timeout = SECONDS  # the SDK sets none over https
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of attributes that it reads and nobody asked for
                return call(account)
        except self._errors.MNSServerException as error:
            if error.type in (*ABSENT, EMPTY):
                return None
            raise Refused(action, error.type, clean(str(error.message), access)) from None
        except self._errors.MNSExceptionBase as error:
            raise NoAnswer(action, error.type) from None
        finally:
            account.mns_client.close_connection()
