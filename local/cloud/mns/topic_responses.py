"""The actions on topics and subscriptions, and PublishMessage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local import defaults
from local.cloud.mns import attributes, exceptions, xml
from local.cloud.mns.models import check_endpoint
from local.cloud.mns.queue import body_md5
from local.cloud.mns.responses import answer, list_urls, message_body
from local.cloud.mns.topic import FORMATS, STRATEGIES, Subscription, Topic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.cloud.http import HttpResponse
    from local.cloud.mns.models import Account
    from local.cloud.mns.responses import Arguments

MAX_TAG = 16


def create_topic(account: Account, arguments: Arguments) -> HttpResponse:
    """Create a topic; 204 where it is there with the same attributes already."""
    (name,) = arguments.names
    fields = xml.parse_fields(arguments.body, "Topic") if arguments.body else {}
    wanted = attributes.defaults(attributes.TOPIC) | attributes.read(attributes.TOPIC, fields)
    present = account.topics.get(name)
    if present is None:
        account.topics[name] = Topic(name, wanted, account.now, account.now, logging=_logging(fields) or False)
    elif present.attributes != wanted:
        raise exceptions.exists("Topic", name)
    return answer(201 if present is None else 204, location=arguments.location)


def set_topic_attributes(account: Account, arguments: Arguments) -> HttpResponse:
    """Change the attributes that are named."""
    topic = account.topic(arguments.names[0])
    fields = xml.parse_fields(arguments.body, "Topic")
    topic.attributes |= attributes.read(attributes.TOPIC, fields)
    logging = _logging(fields)
    topic.logging = topic.logging if logging is None else logging
    topic.modified_at = account.now
    return answer(204)


def get_topic_attributes(account: Account, arguments: Arguments) -> HttpResponse:
    """Answer a topic's attributes. It keeps no messages."""
    topic = account.topic(arguments.names[0])
    fields = {
        "TopicName": topic.name,
        "CreateTime": int(topic.created_at),
        "LastModifyTime": int(topic.modified_at),
        **topic.attributes,
        "MessageRetentionPeriod": attributes.DAYS,
        "MessageCount": 0,
        "LoggingEnabled": str(topic.logging),
    }
    return answer(200, xml.document("Topic", fields))


def _logging(fields: xml.Fields) -> bool | None:
    """Return what a document says of logging, None when it says nothing."""
    return str(fields["LoggingEnabled"]).lower() == "true" if "LoggingEnabled" in fields else None


def delete_topic(account: Account, arguments: Arguments) -> HttpResponse:
    """Delete a topic and its subscriptions, or nothing."""
    account.topics.pop(arguments.names[0], None)
    return answer(204)


def list_topic(account: Account, arguments: Arguments) -> HttpResponse:
    """Answer the topics' URLs."""
    return list_urls(arguments, "Topic", account.topics)


def publish_message(account: Account, arguments: Arguments) -> HttpResponse:
    """Publish a message, perhaps with a tag."""
    topic = account.topic(arguments.names[0])
    fields = xml.parse_fields(arguments.body, "Message")
    body = message_body(fields, topic.attributes["MaximumMessageSize"])
    message_id = account.publish(topic, body, _tag(fields, "MessageTag"))
    return answer(201, xml.document("Message", {"MessageId": message_id, "MessageBodyMD5": body_md5(body)}))


def subscribe(account: Account, arguments: Arguments) -> HttpResponse:
    """Subscribe a queue or an HTTP endpoint; 204 where it is so already."""
    topic_name, name = arguments.names
    topic, fields = account.topic(topic_name), xml.parse_fields(arguments.body, "Subscription")
    subscription = Subscription(
        name,
        topic_name,
        str(fields.get("Endpoint", "")),
        _tag(fields, "FilterTag"),
        _choice(fields, "NotifyStrategy", STRATEGIES, "BACKOFF_RETRY"),
        _choice(fields, "NotifyContentFormat", FORMATS, "XML"),
        account.now,
        account.now,
        arguments.origin,
    )
    check_endpoint(subscription)
    present = topic.subscriptions.get(name)
    if present is None:
        topic.subscriptions[name] = subscription
    elif _what(present) != _what(subscription):
        raise exceptions.exists("Subscription", name)
    return answer(201 if present is None else 204, location=arguments.location)


def set_subscription_attributes(account: Account, arguments: Arguments) -> HttpResponse:
    """Change the strategy."""
    subscription, fields = _find(account, arguments), xml.parse_fields(arguments.body, "Subscription")
    subscription.notify_strategy = _choice(fields, "NotifyStrategy", STRATEGIES, subscription.notify_strategy)
    subscription.modified_at = account.now
    return answer(204)


def get_subscription_attributes(account: Account, arguments: Arguments) -> HttpResponse:
    """Answer a subscription's attributes."""
    subscription = _find(account, arguments)
    fields = {
        "SubscriptionName": subscription.name,
        "TopicName": subscription.topic,
        "TopicOwner": defaults.ACCOUNT_ID,
        "Endpoint": subscription.endpoint,
        "FilterTag": subscription.filter_tag,
        "NotifyStrategy": subscription.notify_strategy,
        "NotifyContentFormat": subscription.content_format,
        "CreateTime": int(subscription.created_at),
        "LastModifyTime": int(subscription.modified_at),
    }
    return answer(200, xml.document("Subscription", fields))


def unsubscribe(account: Account, arguments: Arguments) -> HttpResponse:
    """End a subscription, or nothing."""
    topic_name, name = arguments.names
    account.topic(topic_name).subscriptions.pop(name, None)
    return answer(204)


def list_subscription_by_topic(account: Account, arguments: Arguments) -> HttpResponse:
    """Answer the subscriptions' URLs."""
    return list_urls(arguments, "Subscription", account.topic(arguments.names[0]).subscriptions)


def _find(account: Account, arguments: Arguments) -> Subscription:
    topic_name, name = arguments.names
    subscription = account.topic(topic_name).subscriptions.get(name)
    if subscription is None:
        raise exceptions.no_subscription(name)
    return subscription


def _tag(fields: xml.Fields, name: str) -> str | None:
    tag = fields.get(name) or None
    if tag is not None and (not isinstance(tag, str) or len(tag) > MAX_TAG):
        raise exceptions.invalid(name, f"at most {MAX_TAG} characters")
    return tag


def _choice(fields: xml.Fields, name: str, known: Iterable[str], default: str) -> str:
    value = str(fields.get(name, default))
    if value not in known:
        raise exceptions.invalid(name, f"one of {', '.join(known)}")
    return value


def _what(subscription: Subscription) -> tuple[str | None, ...]:
    return subscription.endpoint, subscription.filter_tag, subscription.notify_strategy, subscription.content_format
