"""A queue of one's own behind the outcome topic, for as long as somebody listens."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from local.runtime.mns import QueueClient, QueueError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.runtime.access import Access

KEPT_SECONDS = 86_400
"""How long a message is kept, so that a queue whose listener died empties itself."""


@contextmanager
def own_inbox(access: Access, topic: str) -> Iterator[QueueClient]:
    """Make a queue, subscribe it to the topic, and remove both at the end; raise QueueError.

    An account's keys need mns:CreateQueue, Subscribe, Unsubscribe, DeleteQueue, ReceiveMessage and DeleteMessage.
    """
    from mns.account import Account  # noqa: PLC0415 - the SDK loads when a queue is used
    from mns.queue import QueueMeta  # noqa: PLC0415 - the same
    from mns.subscription import SubscriptionMeta  # noqa: PLC0415 - the same

    name = f"provision-wait-{uuid.uuid4().hex[:12]}"
    account = Account(access.mns_endpoint, access.access_key_id, access.access_key_secret, access.security_token)
    queue, subscription = account.get_queue(name), account.get_topic(topic).get_subscription(name)
    endpoint = f"acs:mns:{access.region}:{access.account_id}:queues/{name}"
    try:
        _done(queue.create, QueueMeta(msg_ttl=KEPT_SECONDS))
        try:
            _done(subscription.subscribe, SubscriptionMeta(endpoint, "EXPONENTIAL_DECAY_RETRY", "SIMPLIFIED"))
            try:
                with QueueClient(access, name) as client:
                    yield client
            finally:
                _reconnected(account)
                _done(subscription.unsubscribe)
        finally:
            _done(queue.delete)
    finally:
        account.mns_client.close_connection()


def _reconnected(account: Any) -> None:
    """Let the next call open a connection: the kept one may have died while somebody listened."""
    account.mns_client.close_connection()


def _done(call: Any, *arguments: object) -> None:
    from mns.mns_exception import MNSClientNetworkException, MNSExceptionBase  # noqa: PLC0415 - the same

    try:
        call(*arguments)
    except MNSClientNetworkException as error:
        raise QueueError(f"the cloud cannot be reached: {error.message}; correct --endpoint") from None
    except MNSExceptionBase as error:
        raise QueueError(f"listening to the topic: {error.type}: {error.message}") from None
