"""Who pushes: the signature that an HTTP endpoint verifies, RSA and SHA-1 as the service documents it.

Signed is what a caller's signature covers, too: method, Content-MD5, content type, date, x-mns headers and path. The
body is bound by its digest only. The key lasts as long as the process, and so does the certificate that shows it.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

CERTIFICATE_PATH = "/_local/certificate"
"""Where the certificate is, on the URL under which the subscriber knows this cloud."""
KEY_BITS = 2048
VALID = timedelta(days=1)


def content_md5(body: bytes, content_format: str) -> str:
    """Return a push's Content-MD5: upper-case hexadecimal under SIMPLIFIED, else base64 of the hexadecimal digits.

    The first is what a push of 2023 that was published with its signature has, the second the documented sample.
    """
    digits = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return digits.upper() if content_format == "SIMPLIFIED" else base64.b64encode(digits.encode()).decode()


def text_to_sign(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """Return what is signed; `headers` have lower-case names, `target` is path and query as they are sent."""
    first = (method, *(headers.get(name, "") for name in ("content-md5", "content-type", "date")))
    own = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-mns-"))
    return ("\n".join(first) + f"\n{own}{target}").encode()


@dataclass
class PushSigner:
    """Signs pushes with a key of its own, made when it is first needed."""

    started: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @cached_property
    def _key(self) -> RSAPrivateKey:
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - only pushes need it

        return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)

    @cached_property
    def certificate(self) -> bytes:
        """The X.509 certificate of the key, in PEM."""
        from cryptography import x509  # noqa: PLC0415 - the same
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - the same

        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "local cloud: pushes")])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self._key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(self.started - VALID).not_valid_after(self.started + 365 * VALID)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def sign(self, method: str, target: str, headers: Mapping[str, str]) -> str:
        """Return the value of Authorization: the signature in base64, nothing before it."""
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - the same
        from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - the same

        text = text_to_sign(method, target, headers)
        signature = self._key.sign(text, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - the service's own choice
        return base64.b64encode(signature).decode()
