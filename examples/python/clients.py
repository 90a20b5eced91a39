"""Where the queues are, and with what keys: said by the environment."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mns.account import Account
from mns.mns_exception import MNSClientNetworkException, MNSExceptionBase

if TYPE_CHECKING:
    from collections.abc import Callable

QUEUE = os.environ.get("PROVISIONER_QUEUE", "provision-requests")
TOPIC = os.environ.get("PROVISIONER_TOPIC", "provision-outcomes")
INBOX = os.environ.get("INBOX", "provision-outcomes-inbox")


def endpoint() -> str:
    """Return MNS's endpoint: https://ACCOUNT.mns.REGION.aliyuncs.com, or the URL of a local cloud."""
    return setting("MNS_ENDPOINT").rstrip("/")


def account() -> Account:
    """Return a connection. It is not thread-safe: make one in each thread."""
    return Account(
        endpoint(),
        setting("ALIBABA_CLOUD_ACCESS_KEY_ID"),
        setting("ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        os.environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
    )


def run(main: Callable[..., None], *arguments: object) -> None:
    """Run a script to its end; what the service says no to, or that it does not answer, ends it with one line."""
    try:
        main(*arguments)
    except MNSClientNetworkException as error:
        sys.exit(f"{endpoint()} cannot be reached: {error.message}")
    except MNSExceptionBase as error:
        sys.exit(f"{endpoint()} says {error.type}: {error.message}")
    except KeyboardInterrupt:
        sys.exit(130)


def setting(name: str) -> str:
    """Return a variable of the environment, or end with what is missing."""
    value = os.environ.get(name)
    if not value:
        sys.exit(f"set {name}; docs/integrate.md says to what")
    return value
