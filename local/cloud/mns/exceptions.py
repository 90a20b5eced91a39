"""MNS's refusals: codes and statuses as documented for the service. Words are our own."""

from __future__ import annotations

from local.cloud.service import ServiceError


def invalid(name: str, why: str) -> ServiceError:
    """Say which element or argument is wrong and why."""
    return ServiceError(400, "InvalidArgument", f"{name}: {why}.")


def malformed(why: str) -> ServiceError:
    """Say why a body is no XML."""
    return ServiceError(400, "MalformedXML", f"The body is not well-formed XML: {why}.")


def no_queue(name: str) -> ServiceError:
    """Say which queue does not exist."""
    return ServiceError(404, "QueueNotExist", f"The queue {name} does not exist.")


def no_topic(name: str) -> ServiceError:
    """Say which topic does not exist."""
    return ServiceError(404, "TopicNotExist", f"The topic {name} does not exist.")


def no_subscription(name: str) -> ServiceError:
    """Say which subscription does not exist."""
    return ServiceError(404, "SubscriptionNotExist", f"The subscription {name} does not exist.")


def no_message() -> ServiceError:
    """Say that there is nothing to receive, or no message of that handle."""
    return ServiceError(404, "MessageNotExist", "There is no such message.")


def exists(kind: str, name: str) -> ServiceError:
    """Say that a thing of that name exists with other attributes."""
    return ServiceError(409, f"{kind}AlreadyExist", f"{name} exists with other attributes.")


def bad_handle(handle: str) -> ServiceError:
    """Say that a receipt handle was never given out."""
    return ServiceError(400, "ReceiptHandleError", f"{handle!r} is no receipt handle.")


def unknown_action(method: str, target: str) -> ServiceError:
    """Say what was asked for that is not there."""
    return ServiceError(400, "InvalidRequestURL", f"The local cloud has no MNS action {method} {target}.")
