"""The keys of the account, read again at every invocation: the platform renews them while an instance stays warm."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class CredentialsMissing(Exception):
    """Neither the invocation's context nor the environment holds an access key."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key, with a security token when a role lent it. Nothing of it shows in `repr`."""

    access_key_id: str = field(repr=False)
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be seen; the key's id alone opens nothing."""
        return tuple(value for value in (self.access_key_secret, self.security_token) if value)


def read_credentials(context: object, environ: Mapping[str, str]) -> Credentials:
    """Return the invocation's keys: from the context (Python 3.10 runtime), else from the environment (3.12).

    Raises CredentialsMissing.
    """
    lent = getattr(context, "credentials", None)
    found = Credentials(
        str(getattr(lent, "access_key_id", None) or ""),
        str(getattr(lent, "access_key_secret", None) or ""),
        str(getattr(lent, "security_token", None) or ""),
    )
    if not (found.access_key_id and found.access_key_secret):
        found = Credentials(
            environ.get("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
            environ.get("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
            environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
        )
    if not (found.access_key_id and found.access_key_secret):
        raise CredentialsMissing(
            "no access key: give the function a role, "
            "or set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET"
        )
    return found
