"""A cloud's things on disk: what one run of the local cloud leaves for the next."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from local import defaults
from local.trace.body import object_of
from local.trace.worker_log import instant

if TYPE_CHECKING:
    from pathlib import Path

    from local.cloud.cloud import Cloud

FORMAT = 2


def save(cloud: Cloud, path: Path) -> None:
    """Write instances, tokens, queues, topics and tables, whole or not at all; faults and steps are a run's own."""
    with cloud.lock:
        ecs, mns = cloud.ecs.account, cloud.mns.account
        content = pickle.dumps(
            (FORMAT, ecs.instances, ecs.tokens, ecs.addresses, mns.queues, mns.topics, mns.sent, cloud.ots.tables)
        )
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(path)


def load(cloud: Cloud, path: Path) -> None:
    """Give a cloud what `save` wrote; raise ValueError for what this version cannot read. New ids differ from old."""
    try:
        found = pickle.loads(path.read_bytes())  # noqa: S301 - this user's own file, in their own data directory
        kind, instances, tokens, addresses, queues, topics, sent, tables = found
    except Exception as error:  # noqa: BLE001 - a pickle of another version can raise anything
        raise ValueError(f"{path} cannot be read: {type(error).__name__}") from None
    if kind != FORMAT:
        raise ValueError(f"{path} is of another version")
    with cloud.lock:
        cloud.ecs.account.instances, cloud.ecs.account.tokens = instances, tokens
        cloud.ecs.account.addresses = addresses
        cloud.mns.account.queues, cloud.mns.account.topics, cloud.mns.account.sent = queues, topics, sent
        cloud.ots.tables = tables
        _recount(cloud)


def _recount(cloud: Cloud) -> None:
    """Tell of what is there, so that requests of the last run are seen as they stand: waiting, being made, ended."""
    queue = cloud.mns.account.queues.get(defaults.QUEUE)
    for message in queue.messages.values() if queue else ():
        cloud.recorder.sent(defaults.QUEUE, message.message_id, message.body, message.enqueued_at, 0)
    for instance in cloud.ecs.account.instances.values():
        cloud.recorder.instance(instance)
    for topic in cloud.mns.account.topics.values():
        for body in topic.published:
            cloud.recorder.published(topic.name, body, instant(object_of(body).get("time"), cloud.clock.now()))
