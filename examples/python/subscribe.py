"""Make a place for outcomes to go: python subscribe.py NAME, an inbox, or NAME URL, an HTTP endpoint."""

from __future__ import annotations

import argparse
import os

import clients
from mns.queue import QueueMeta
from mns.subscription import SubscriptionMeta


def main(name: str, url: str | None) -> None:
    """Subscribe an inbox of that name, or an endpoint under that name. Doing it again changes nothing."""
    account = clients.account()
    meta = SubscriptionMeta(url or inbox(name))
    meta.set_notify_content_format("SIMPLIFIED")  # the outcome's own bytes, nothing around them
    meta.set_notify_strategy("EXPONENTIAL_DECAY_RETRY")  # tries for a day, not three times
    if url is None:
        account.get_queue(name).create(QueueMeta())
    account.get_subscription(clients.TOPIC, name).subscribe(meta)
    print(f"{clients.TOPIC} goes to {meta.endpoint}, too", flush=True)


def inbox(name: str) -> str:
    """Return the address of a queue for subscriptions."""
    region = os.environ.get("REGION", "cn-hangzhou")
    return f"acs:mns:{region}:{clients.setting('ACCOUNT')}:queues/{name}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("url", nargs="?", metavar="URL")
    given = parser.parse_args()
    clients.run(main, given.name, given.url)
