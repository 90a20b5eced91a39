"""Signatures of requests (HMAC-SHA1, or V4 with SHA-256 when the client names a region) and of answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from local import defaults
from local.cloud.tablestore.exceptions import invalid, unauthorized

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.cloud.core import Key
    from local.cloud.http import HttpRequest

SKEW_SECONDS = 15 * 60
API_VERSION = "2015-12-31"
_NEEDED = (
    "x-ots-date", "x-ots-apiversion", "x-ots-accesskeyid", "x-ots-instancename", "x-ots-contentmd5",
)  # fmt: skip


def check(request: HttpRequest, keys: Mapping[str, Key], *, signatures: bool = True) -> None:
    """Let a request through that is complete, fresh, of this instance and signed; raise ServiceError."""
    headers = request.headers
    for name in _NEEDED:
        if name not in headers:
            raise invalid(f"Missing header: {name}.")
    if headers["x-ots-apiversion"] != API_VERSION:
        raise invalid(f"Invalid API version: {headers['x-ots-apiversion']}.")
    if headers["x-ots-contentmd5"] != md5(request.body):
        raise unauthorized("Mismatch between MD5 value of request body and x-ots-contentmd5 in header.")
    if headers["x-ots-instancename"] != defaults.TABLESTORE_INSTANCE:
        raise unauthorized("The instance is not found.")
    _check_date(headers["x-ots-date"])
    key = keys.get(headers["x-ots-accesskeyid"])
    if key is None:
        raise unauthorized("The AccessKeyID does not exist.")
    if key.security_token != (headers.get("x-ots-ststoken") or None):
        raise unauthorized("The security token is missing, or not this key's.")
    if key.expires_at is not None and time.time() >= key.expires_at:
        raise unauthorized("The security token has expired.")
    if signatures and not _signed(request, key):
        raise unauthorized("Signature mismatch.")


def answer_headers(request: HttpRequest, body: bytes, request_id: str, keys: Mapping[str, Key]) -> dict[str, str]:
    """Return the headers the SDK wants to see; signed when the caller's key is known."""
    headers = {
        "x-ots-contentmd5": md5(body),
        "x-ots-requestid": request_id,
        "x-ots-date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "x-ots-contenttype": "protocol buffer",
    }
    key_id = request.headers.get("x-ots-accesskeyid", "")
    key = keys.get(key_id)
    if key is not None:
        text = f"{_lines(headers)}\n{request.path}"
        signature = _hmac(_response_key(request, key), text, "sha1")
        headers["Authorization"] = f"OTS {key_id}:{signature}"
    return headers


def md5(body: bytes) -> str:
    """Return a body's digest as it stands in the headers."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def _signed(request: HttpRequest, key: Key) -> bool:
    headers = {name: value for name, value in request.headers.items() if name.startswith("x-ots-")}
    v4 = headers.pop("x-ots-signaturev4", None)
    v2 = headers.pop("x-ots-signature", None)
    text = f"{request.path}\nPOST\n\n{_lines(headers)}\n"
    if v4 is not None:
        expected = _hmac(_v4_key(request, key), text + "ots", "sha256")
        return hmac.compare_digest(expected, v4)
    return v2 is not None and hmac.compare_digest(_hmac(key.secret.encode(), text, "sha1"), v2)


def _response_key(request: HttpRequest, key: Key) -> bytes:
    return _v4_key(request, key) if "x-ots-signaturev4" in request.headers else key.secret.encode()


def _v4_key(request: HttpRequest, key: Key) -> bytes:
    derived = f"aliyun_v4{key.secret}".encode()
    parts = (request.headers.get("x-ots-signdate", ""), request.headers.get("x-ots-signregion", ""))
    for part in (*parts, "ots", "aliyun_v4_request"):
        derived = hmac.digest(derived, part.encode(), "sha256")
    return base64.b64encode(derived)


def _hmac(key: bytes, text: str, method: str) -> str:
    return base64.b64encode(hmac.digest(key, text.encode(), method)).decode()


def _lines(headers: Mapping[str, str]) -> str:
    return "\n".join(sorted(f"{name}:{value.strip()}" for name, value in headers.items()))


def _check_date(text: str) -> None:
    try:
        sent = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise invalid(f"Invalid date format: {text}.") from None
    if abs(sent.timestamp() - time.time()) > SKEW_SECONDS:
        raise unauthorized(f"Mismatch between system time and x-ots-date: {text}.")
