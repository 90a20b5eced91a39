"""Whether queues, topic and subscription are there, with the template's attributes."""

from __future__ import annotations

from local.deployment.check import BY_HAND, Check, Site, Verdict, compared
from local.deployment.wanted import differences

QUEUES = ("RequestQueue", "DeadLetterQueue", "InboxQueue")


def queues(site: Site) -> Verdict:
    """Tell whether all three queues are there, with sizes and times as in the template."""
    said = []
    for wanted in (site.wanted[name] for name in QUEUES):
        name = wanted.pop("QueueName")
        found = site.account.messaging.queue(name)
        said += [f"queue {name} is not there"] if found is None else [
            f"queue {name}: {one}" for one in differences(wanted, found)
        ]  # fmt: skip
    return compared(said, "the queues are as the template says", BY_HAND)


def dead_letters(site: Site) -> Verdict:
    """Tell whether no dead letter waits for a person."""
    name = site.wanted["DeadLetterQueue"]["QueueName"]
    said = [] if site.account.messaging.is_empty(name) else [f"there are dead letters in {name}"]
    return compared(said, "there are no dead letters", "`provisioner dlq list`, then show and replay")


def topic(site: Site) -> Verdict:
    """Tell whether the topic is there."""
    wanted = site.wanted["OutcomeTopic"]
    name = wanted.pop("TopicName")
    found = site.account.messaging.topic(name)
    said = [f"topic {name} is not there"] if found is None else differences(wanted, found)
    return compared(said, f"topic {name} is as the template says", BY_HAND)


def subscription(site: Site) -> Verdict:
    """Tell whether the inbox is subscribed to the topic, and gets the outcomes' own bytes."""
    wanted = site.wanted["InboxSubscription"]
    topic_name, name = wanted.pop("TopicName"), wanted.pop("SubscriptionName")
    found = site.account.messaging.subscription(topic_name, name)
    said = (
        [f"topic {topic_name} has no subscription {name}: outcomes are lost"]
        if found is None
        else (differences(wanted, found))
    )
    return compared(said, f"subscription {name} is as the template says", BY_HAND)


CHECKS = (
    Check("queues", queues),
    Check("dead-letters", dead_letters),
    Check("topic", topic),
    Check("subscription", subscription),
)
