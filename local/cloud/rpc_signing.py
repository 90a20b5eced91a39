"""Who calls ECS: the signatures ACS3-HMAC-SHA256 and RPC HMAC-SHA1, security tokens, time stamps, nonces.

Written from the public descriptions of both signature methods; all times here are the machine's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from local.cloud.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.cloud.core import Key
    from local.cloud.http import HttpRequest

SKEW_SECONDS = 15 * 60
ACS3 = "ACS3-HMAC-SHA256"
_AUTHORIZATION = re.compile(rf"{ACS3} Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{{64}})")
_MUST_SIGN = ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version")


class Gate:
    """Lets signed requests through; remembers the nonces of the last quarter of an hour."""

    def __init__(self, keys: Mapping[str, Key]) -> None:
        self._keys = keys
        self._nonces: dict[str, float] = {}

    def check(self, request: HttpRequest, parameters: Mapping[str, str]) -> None:
        """Raise ServiceError unless the request is signed with one of the keys; `parameters` are query and form."""
        if "authorization" in request.headers:
            self._acs3(request, parameters)
        else:
            self._rpc(request, parameters)

    def _acs3(self, request: HttpRequest, parameters: Mapping[str, str]) -> None:
        headers = request.headers
        found = _AUTHORIZATION.fullmatch(headers["authorization"])
        if not found:
            raise ServiceError(400, "IncompleteSignature", f"The Authorization header is not of the form {ACS3} wants.")
        key_id, listed, signature = found.groups()
        signed = listed.split(";")
        key = self._key(key_id, headers.get("x-acs-security-token"))
        if unsigned := [name for name in _MUST_SIGN if name not in signed or name not in headers]:
            raise ServiceError(400, "IncompleteSignature", f"These headers must be sent and signed: {unsigned}.")
        if hashlib.sha256(request.body).hexdigest() != headers["x-acs-content-sha256"]:
            raise ServiceError(400, "InvalidContentSha256", "x-acs-content-sha256 is not the digest of the body.")
        # The form of a POST is in the body's digest already; the query string is signed as such.
        query = request.query if request.body else parameters
        canonical = "\n".join(
            (
                request.method,
                "/",
                "&".join(f"{_quote(name)}={_quote(query[name])}" for name in sorted(query)),
                "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in signed),
                listed,
                headers["x-acs-content-sha256"],
            )
        )
        text = f"{ACS3}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        _compare(hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest(), signature)
        self._fresh(headers["x-acs-date"], f"{key_id}/{headers['x-acs-signature-nonce']}")

    def _rpc(self, request: HttpRequest, parameters: Mapping[str, str]) -> None:
        for name in ("AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"):
            if not parameters.get(name):
                raise ServiceError(400, "MissingParameter", f"The parameter {name} is required.")
        if (parameters["SignatureMethod"], parameters["SignatureVersion"]) != ("HMAC-SHA1", "1.0"):
            raise ServiceError(400, "InvalidParameter", "SignatureMethod is HMAC-SHA1, SignatureVersion 1.0.")
        key = self._key(parameters["AccessKeyId"], parameters.get("SecurityToken"))
        query = "&".join(f"{_quote(n)}={_quote(v)}" for n, v in sorted(parameters.items()) if n != "Signature")
        text = f"{request.method}&%2F&{_quote(query)}"
        expected = hmac.new(f"{key.secret}&".encode(), text.encode(), hashlib.sha1).digest()
        _compare(base64.b64encode(expected).decode(), parameters["Signature"])
        self._fresh(parameters["Timestamp"], f"{parameters['AccessKeyId']}/{parameters['SignatureNonce']}")

    def _key(self, key_id: str, security_token: str | None) -> Key:
        key = self._keys.get(key_id)
        if key is None:
            raise ServiceError(404, "InvalidAccessKeyId.NotFound", "The access key id does not exist.")
        if key.security_token is None:
            if security_token:
                raise ServiceError(400, "InvalidSecurityToken.MismatchWithAccessKey", "The key takes no token.")
        elif not security_token:
            raise ServiceError(400, "MissingSecurityToken", "A temporary key needs its security token.")
        elif security_token != key.security_token:
            raise ServiceError(400, "InvalidSecurityToken.MismatchWithAccessKey", "The token is not this key's.")
        if key.expires_at is not None and time.time() >= key.expires_at:
            raise ServiceError(400, "InvalidSecurityToken.Expired", "The security token has expired.")
        return key

    def _fresh(self, stamp: str, nonce: str) -> None:
        now = time.time()
        try:
            sent = _read_time(stamp)
        except ValueError:
            raise ServiceError(400, "InvalidTimeStamp.Format", "A time is like 2026-11-24T00:00:00Z.") from None
        if abs(now - sent) > SKEW_SECONDS:
            raise ServiceError(400, "InvalidTimeStamp.Expired", "The time stamp is far from this machine's time.")
        if nonce in self._nonces:
            raise ServiceError(400, "SignatureNonceUsed", "The signature nonce was used before.")
        self._nonces[nonce] = now
        # Oldest first: a dictionary keeps the order of entry.
        while self._nonces and now - (oldest := next(iter(self._nonces.items())))[1] > 2 * SKEW_SECONDS:
            del self._nonces[oldest[0]]


# Names, and most values, come again and again.
@lru_cache(4096)
def _quote(text: str) -> str:
    return quote(text, safe="~")


@lru_cache(64)
def _read_time(stamp: str) -> float:
    return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()


def _compare(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise ServiceError(400, "SignatureDoesNotMatch", "The signature is not the one these keys make.")
