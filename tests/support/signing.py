"""Requests signed by hand, for what no SDK would send: written apart from the cloud's own check of signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import quote

from local import defaults

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EMPTY = hashlib.sha256(b"").hexdigest()
SIGNED = ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version")


def acs3_request(
    host: str,
    action: str,
    query: Mapping[str, str],
    *,
    now: float | None = None,
    signed: Sequence[str] = SIGNED,
) -> tuple[str, dict[str, str]]:
    """Return target and headers of a POST without a body, signed with ACS3-HMAC-SHA256."""
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-version": "2014-05-26",
        "x-acs-date": _stamp(now),
        "x-acs-signature-nonce": uuid.uuid4().hex,
        "x-acs-content-sha256": EMPTY,
    }
    canonical_query = "&".join(f"{quote(key, safe='~')}={quote(query[key], safe='~')}" for key in sorted(query))
    lines = ["POST", "/", canonical_query, *(f"{name}:{headers[name]}" for name in signed), "", ";".join(signed), EMPTY]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    secret = defaults.ACCESS_KEY_SECRET.encode()
    signature = hmac.new(secret, f"ACS3-HMAC-SHA256\n{digest}".encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={defaults.ACCESS_KEY_ID},SignedHeaders={';'.join(signed)},Signature={signature}"
    )
    return f"/?{canonical_query}", headers


def rpc_query(method: str, action: str, query: Mapping[str, str], *, now: float | None = None) -> str:
    """Return a query string (or form) signed with the RPC signature HMAC-SHA1."""
    parameters = {
        **query,
        "Action": action,
        "Version": "2014-05-26",
        "Format": "JSON",
        "AccessKeyId": defaults.ACCESS_KEY_ID,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": _stamp(now),
    }
    text = "&".join(f"{quote(key, safe='~')}={quote(parameters[key], safe='~')}" for key in sorted(parameters))
    to_sign = f"{method}&{quote('/', safe='~')}&{quote(text, safe='~')}"
    digest = hmac.new(f"{defaults.ACCESS_KEY_SECRET}&".encode(), to_sign.encode(), hashlib.sha1).digest()
    return f"{text}&Signature={quote(base64.b64encode(digest).decode(), safe='~')}"


def mns_request(method: str, target: str, **changes: str) -> dict[str, str]:
    """Return the headers of an MNS request, signed after the changes (`_` stands for `-`); empty ones are left out."""
    headers = {"date": formatdate(usegmt=True), "x-mns-version": "2015-06-06", "content-type": "text/xml"}
    headers |= {name.replace("_", "-"): value for name, value in changes.items() if name != "authorization"}
    own = f"x-mns-version:{headers['x-mns-version']}\n"
    text = f"{method}\n{headers.get('content-md5', '')}\n{headers['content-type']}\n{headers['date']}\n{own}{target}"
    digest = hmac.new(defaults.ACCESS_KEY_SECRET.encode(), text.encode(), hashlib.sha1).digest()
    signature = f"MNS {defaults.ACCESS_KEY_ID}:{base64.b64encode(digest).decode()}"
    headers["authorization"] = changes.get("authorization", signature)
    return {name: value for name, value in headers.items() if value}


def _stamp(now: float | None) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
