"""Signed pushes to HTTP endpoints on this machine, with the retries of the subscription's strategy."""

from __future__ import annotations

import base64
import http.client
import threading
import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from local.cloud.mns.push_signing import CERTIFICATE_PATH, content_md5
from local.cloud.mns.topic import STRATEGIES

if TYPE_CHECKING:
    from local.cloud.core import Core
    from local.cloud.mns.push_signing import PushSigner
    from local.cloud.mns.topic import Notification

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TICK = 0.05
TIMEOUT_SECONDS = 5.0
DEFAULT_PATH = "/notifications"
"""Where an endpoint without a path is pushed to, as documented."""
CONTENT_TYPES = {"XML": "text/xml;charset=utf-8", "JSON": "application/json", "SIMPLIFIED": "text/plain;charset=utf-8"}


@dataclass(slots=True)
class _Push:
    due_at: float
    notification: Notification
    failures: int = 0


class Pusher:
    """Pushes in a thread that lives as long as something is to be pushed. Due times are the cloud's."""

    def __init__(self, cloud: Core, signer: PushSigner) -> None:
        self._cloud = cloud
        self._signer = signer
        self._pending: list[_Push] = []
        self._thread: threading.Thread | None = None

    def add(self, notification: Notification) -> None:
        """Push a notification now. Called under the cloud's lock, as everything here that touches the list."""
        self._pending.append(_Push(self._cloud.clock.now(), notification))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="local-cloud-push", daemon=True)
            self._thread.start()

    def clear(self) -> None:
        """Forget what is still to be pushed."""
        self._pending.clear()

    def _run(self) -> None:
        while True:
            with self._cloud.lock:
                if not self._pending:
                    self._thread = None
                    return
                now = self._cloud.clock.now()
                due = [push for push in self._pending if push.due_at <= now]
            for push in due:
                self._settle(push, delivered=self._deliver(push.notification))
            time.sleep(TICK)

    def _settle(self, push: _Push, *, delivered: bool) -> None:
        strategy = STRATEGIES[push.notification.subscription.notify_strategy]
        with self._cloud.lock:
            push.failures += not delivered
            if delivered or push.failures >= strategy.tries:
                # It is gone already where the cloud was reset meanwhile.
                self._pending[:] = [other for other in self._pending if other is not push]
            else:
                push.due_at = self._cloud.clock.now() + self._cloud.config.scaled(strategy.delay(push.failures))

    def _deliver(self, notification: Notification) -> bool:
        url = urlsplit(notification.subscription.endpoint)
        target = (url.path or DEFAULT_PATH) + (f"?{url.query}" if url.query else "")
        body = notification.encode().encode()
        headers = _headers(notification, body, self._cloud.new_request_id())
        headers["authorization"] = self._signer.sign("POST", target, headers)
        connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", target, body, headers)
            return 200 <= connection.getresponse().status < 300  # noqa: PLR2004 - the range of success
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _headers(notification: Notification, body: bytes, request_id: str) -> dict[str, str]:
    """Return the headers of one push but the signature; under SIMPLIFIED they say what the body does not."""
    subscription = notification.subscription
    headers = {
        "content-md5": content_md5(body, subscription.content_format),
        "content-type": CONTENT_TYPES[subscription.content_format],
        "date": formatdate(time.time(), usegmt=True),
        "x-mns-version": "2015-06-06",
        "x-mns-request-id": request_id,
        "x-mns-signing-cert-url": base64.b64encode(f"{subscription.cloud_url}{CERTIFICATE_PATH}".encode()).decode(),
    }
    if subscription.content_format == "SIMPLIFIED":
        headers |= {
            "x-mns-message-id": notification.message_id,
            "x-mns-publish-time": str(int(notification.published_at * 1000)),
            "x-mns-subscriber": notification.owner,
            "x-mns-subscription-name": subscription.name,
            "x-mns-topic-name": subscription.topic,
            "x-mns-topic-owner": notification.owner,
        } | ({"x-mns-message-tag": notification.tag} if notification.tag else {})
    return headers
