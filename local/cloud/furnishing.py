"""What template.yml makes in an account, made in a new local cloud: queues, topic, subscription, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local import defaults
from local.cloud.mns import attributes
from local.cloud.mns.protocol import Mns
from local.cloud.mns.queue import Queue
from local.cloud.mns.topic import Subscription, Topic
from local.cloud.tablestore.models import Table
from local.cloud.tablestore.protocol import Ots
from shared.adapters.tablestore import schema

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud

QUEUES = (defaults.QUEUE, defaults.DEAD_LETTERS, defaults.INBOX)
ATTRIBUTES = {defaults.QUEUE: {"VisibilityTimeout": 300}}
"""Where a queue differs from the service's defaults in a way that matters here."""
SUBSCRIPTION = "inbox"
INBOX_ENDPOINT = f"acs:mns:{defaults.REGION}:{defaults.ACCOUNT_ID}:queues/{defaults.INBOX}"


def furnish(cloud: Cloud) -> None:
    """Make the deployment's resources under their default names, empty."""
    now = cloud.clock.now()
    for service in cloud.services:
        if isinstance(service, Mns):
            for name in QUEUES:
                wanted = attributes.defaults(attributes.QUEUE) | ATTRIBUTES.get(name, {})
                service.account.queues[name] = Queue(name, wanted, now, now)
            topic = Topic(defaults.TOPIC, attributes.defaults(attributes.TOPIC), now, now)
            topic.subscriptions[SUBSCRIPTION] = Subscription(
                SUBSCRIPTION, topic.name, INBOX_ENDPOINT, None, "EXPONENTIAL_DECAY_RETRY", "SIMPLIFIED", now, now
            )
            service.account.topics[topic.name] = topic
        elif isinstance(service, Ots):
            for table in (schema.REQUESTS, schema.OPEN):
                service.tables[table.name] = Table(table.name, table.primary_key, table.time_to_live)
