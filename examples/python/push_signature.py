"""Is a push from MNS? RSA and SHA-1 over method, Content-MD5, content type, date, x-mns headers and path."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import time
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    from collections.abc import Mapping

CERTIFICATE_HOSTS = re.compile(r"mnstest\.oss-cn-hangzhou\.aliyuncs\.com|mns-cert\.oss-[a-z0-9-]+\.aliyuncs\.com")
"""The service's own hosts, as documented. Without this anybody could sign, with a certificate of their own."""
SKEW_SECONDS = 15 * 60
LONGEST_CERTIFICATE = 64 * 1024


class NotFromMns(Exception):
    """The push is not the service's, or not as the service sent it."""


def verify(method: str, target: str, headers: Mapping[str, str], body: bytes, endpoint: str) -> None:
    """Raise NotFromMns unless MNS sent this.

    `headers` have lower-case names; `target` is path and query as they arrived, which a proxy must leave alone.
    `endpoint` is MNS's: where that is this machine, its certificate counts, and no other.
    """
    try:
        check_body(headers["content-md5"], body)
        check_date(headers["date"])
        url = base64.b64decode(headers["x-mns-signing-cert-url"], validate=True).decode("ascii")
        signature = base64.b64decode(headers["authorization"], validate=True)
    except (KeyError, ValueError, TypeError) as error:
        raise NotFromMns(f"a header is missing or malformed: {error}") from None
    check_url(url, endpoint)
    own = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-mns-"))
    first = (method, headers["content-md5"], headers.get("content-type", ""), headers["date"])
    text = "\n".join(first) + f"\n{own}{target}"
    try:
        public_key(url).verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - as MNS signs
    except InvalidSignature:
        raise NotFromMns("the signature is not the certificate's") from None


def check_body(content_md5: str, body: bytes) -> None:
    """Compare the digest that is signed with the body: hexadecimal, or base64 of that or of the digest itself."""
    digest = hashlib.md5(body, usedforsecurity=False)
    digits = digest.hexdigest()
    known = {digits, base64.b64encode(digits.encode()).decode(), base64.b64encode(digest.digest()).decode()}
    if content_md5 not in known and content_md5.lower() != digits:
        raise NotFromMns("the body is not the one that was signed")


def check_date(date: str) -> None:
    """Refuse what was recorded and is played again later."""
    if abs(parsedate_to_datetime(date).timestamp() - time.time()) > SKEW_SECONDS:
        raise NotFromMns("the push is too old, or from the future")


def check_url(url: str, endpoint: str) -> None:
    """Compare the certificate's whole host, before anything is fetched."""
    parts, service = urlsplit(url), urlsplit(endpoint)
    local = service.scheme == "http" and service.hostname in {"127.0.0.1", "localhost", "::1"}
    if local and (parts.scheme, parts.netloc) == (service.scheme, service.netloc):
        return
    if local or parts.scheme != "https" or not CERTIFICATE_HOSTS.fullmatch(parts.netloc):
        raise NotFromMns("the certificate is not on the service's host")


@lru_cache(maxsize=8)
def public_key(url: str) -> rsa.RSAPublicKey:
    """Fetch a certificate once and return its key; redirects are not followed.

    Its dates are not looked at: a push of 2023 that was published has a certificate that ended in 2016.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=3)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise NotFromMns(f"the certificate cannot be had: {answer.status}")
        key = x509.load_pem_x509_certificate(answer.read(LONGEST_CERTIFICATE)).public_key()
    except ValueError:
        raise NotFromMns("what is there is no certificate") from None
    finally:
        connection.close()
    if not isinstance(key, rsa.RSAPublicKey):
        raise NotFromMns("the certificate has no RSA key")
    return key
