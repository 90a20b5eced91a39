"""Pushes to HTTP endpoints: what they carry, and that their signature is what it says."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
import urllib.request
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from mns.subscription import SubscriptionMeta
from mns.topic import TopicMessage, TopicMeta

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.clients import Clients

ALWAYS = {"x-mns-request-id", "x-mns-signing-cert-url", "x-mns-version"}
SIMPLIFIED = {
    "x-mns-message-id", "x-mns-message-tag", "x-mns-publish-time", "x-mns-subscriber", "x-mns-subscription-name",
    "x-mns-topic-name", "x-mns-topic-owner",
}  # fmt: skip


class Endpoint(BaseHTTPRequestHandler):
    """Answers with 204 and remembers path, headers and body of each push."""

    got: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        """Take one push."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[tuple[str, Any]]:
    """Run an endpoint."""
    kind = type("Fresh", (Endpoint,), {"got": []})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", kind
    server.shutdown()
    thread.join()
    server.server_close()


def pushed(
    cloud: Clients, endpoint: tuple[str, Any], path: str, content_format: str
) -> tuple[str, dict[str, str], bytes]:
    """Subscribe the endpoint, publish one message, and return the push."""
    url, kind = endpoint
    topic = cloud.mns().get_topic("outcomes")
    topic.create(TopicMeta())
    meta = SubscriptionMeta(url + path)
    meta.set_notify_content_format(content_format)
    cloud.mns().get_subscription("outcomes", "h").subscribe(meta)
    topic.publish_message(TopicMessage('{"n": 1}', "failed"))
    until = time.monotonic() + 5
    while not kind.got and time.monotonic() < until:
        time.sleep(0.01)
    (push,) = kind.got
    return push  # type: ignore[no-any-return]


def certificate_of(headers: Mapping[str, str]) -> tuple[str, x509.Certificate]:
    """Return the certificate that a push names, and its URL."""
    url = base64.b64decode(headers["x-mns-signing-cert-url"]).decode()
    with urllib.request.urlopen(url, timeout=5) as response:
        return url, x509.load_pem_x509_certificate(response.read())


def check(certificate: x509.Certificate, method: str, target: str, headers: Mapping[str, str]) -> None:
    """Raise InvalidSignature unless the signature is over exactly this, put together here as the service documents."""
    own = [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-mns-")]
    lines = [method, headers["content-md5"], headers["content-type"], headers["date"], *own, target]
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(headers["authorization"], validate=True)
    key.verify(signature, "\n".join(lines).encode(), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - MNS signs so


@pytest.mark.parametrize(("content_format", "more"), [("SIMPLIFIED", SIMPLIFIED), ("XML", set()), ("JSON", set())])
def test_a_push_is_signed(cloud: Clients, endpoint: tuple[str, Any], content_format: str, more: set[str]) -> None:
    """The certificate is on the URL the subscriber knows; its key signed digest, date, headers and path."""
    target, headers, _ = pushed(cloud, endpoint, "/outcomes?a=1", content_format)
    url, certificate = certificate_of(headers)
    assert url.startswith(f"{cloud.url}/")
    assert {name for name in headers if name.startswith("x-mns-")} == ALWAYS | more
    assert abs(parsedate_to_datetime(headers["date"]).timestamp() - time.time()) < 60
    check(certificate, "POST", target, headers)
    changes = [{name: "x"} for name in headers if name.startswith("x-mns-") or name in {"content-md5", "date"}]
    for change in changes:
        with pytest.raises(InvalidSignature):
            check(certificate, "POST", target, headers | change)
    for method, other in (("PUT", target), ("POST", "/outcomes")):
        with pytest.raises(InvalidSignature):
            check(certificate, method, other, headers)


def test_the_digest_is_the_body_s(cloud: Clients, endpoint: tuple[str, Any]) -> None:
    """Content-MD5 binds the body: upper-case hexadecimal under SIMPLIFIED, and the path has a default."""
    target, headers, body = pushed(cloud, endpoint, "", "SIMPLIFIED")
    assert (target, body) == ("/notifications", b'{"n": 1}')
    assert headers["content-md5"] == hashlib.md5(body, usedforsecurity=False).hexdigest().upper()
    assert (headers["x-mns-message-tag"], headers["x-mns-topic-name"]) == ("failed", "outcomes")


def test_the_digest_of_xml_is_in_base64(cloud: Clients, endpoint: tuple[str, Any]) -> None:
    """With XML Content-MD5 is base64 of the hexadecimal digits, as in the documented sample."""
    _, headers, body = pushed(cloud, endpoint, "", "XML")
    digits = hashlib.md5(body, usedforsecurity=False).hexdigest()
    assert base64.b64decode(headers["content-md5"]).decode() == digits
