"""Who calls MNS: `Authorization: MNS key:signature` over method, dates, x-mns headers and resource. Machine's time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from local.cloud.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.cloud.core import Key
    from local.cloud.http import HttpRequest

SKEW_SECONDS = 15 * 60


def check(request: HttpRequest, keys: Mapping[str, Key]) -> None:
    """Raise ServiceError unless the request is signed with one of the keys."""
    headers = request.headers
    for name, code in (("authorization", "Authorization"), ("date", "Date"), ("x-mns-version", "Version")):
        if not headers.get(name):
            raise ServiceError(400, f"Missing{code}Header", f"The header {name} is required.")
    scheme, _, rest = headers["authorization"].partition(" ")
    key_id, colon, signature = rest.partition(":")
    if scheme != "MNS" or not colon:
        raise ServiceError(400, "InvalidAuthorizationHeader", "Authorization is `MNS <access key id>:<signature>`.")
    key = _key(key_id, headers.get("security-token"), keys)
    expected = hmac.new(key.secret.encode(), _text(request).encode(), hashlib.sha1).digest()
    if not hmac.compare_digest(base64.b64encode(expected), signature.strip().encode()):
        raise ServiceError(403, "SignatureDoesNotMatch", "The signature is not the one these keys make.")
    _check_date(headers["date"])
    _check_digest(headers.get("content-md5"), request.body)


def _text(request: HttpRequest) -> str:
    headers = request.headers
    own = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-mns-"))
    first = (request.method, headers.get("content-md5", ""), headers.get("content-type", ""), headers["date"])
    return "\n".join(first) + f"\n{own}{request.target}"


def _key(key_id: str, token: str | None, keys: Mapping[str, Key]) -> Key:
    key = keys.get(key_id)
    if key is None:
        raise ServiceError(403, "InvalidAccessKeyId", "The access key id does not exist.")
    if (token or None) != key.security_token:
        raise ServiceError(403, "InvalidSecurityToken", "The security token is missing or not this key's.")
    if key.expires_at is not None and time.time() >= key.expires_at:
        raise ServiceError(403, "InvalidSecurityToken", "The security token has expired.")
    return key


def _check_date(text: str) -> None:
    try:
        sent = parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        raise ServiceError(400, "InvalidDateHeader", "Date is like Tue, 24 Nov 2026 00:00:00 GMT.") from None
    if abs(time.time() - sent) > SKEW_SECONDS:
        raise ServiceError(408, "TimeExpired", "The date is too far from this machine's clock.")


def _check_digest(given: str | None, body: bytes) -> None:
    """Check Content-MD5 where it was sent: base64 of the digest, or of its hexadecimal text as the SDKs write it."""
    if given is None:
        return
    digest = hashlib.md5(body, usedforsecurity=False)
    if given.encode() not in {base64.b64encode(digest.digest()), base64.b64encode(digest.hexdigest().encode())}:
        raise ServiceError(400, "InvalidDegist", "Content-MD5 is not the digest of the body.")
