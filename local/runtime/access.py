"""How this machine reaches a cloud: the local one by its endpoint, else the account's, from the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local import defaults

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT_VARIABLES = (
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "FC_REGION",
    "FC_ACCOUNT_ID",
)
"""What the account's own cloud needs; a security token is optional."""


class AccessMissing(Exception):
    """There is neither a local endpoint nor a complete account; `names` are the variables that are missing."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            f"missing settings: {', '.join(names)}; set them to use the account's cloud, "
            f"or name the local cloud with --endpoint http://{defaults.HOST}:{defaults.PORT}"
        )
        self.names = names


@dataclass(frozen=True, slots=True)
class Access:
    """Keys, region and account; `endpoint` is the local cloud's, None for the account's own cloud."""

    access_key_id: str = field(repr=False)
    access_key_secret: str = field(repr=False)
    region: str
    account_id: str
    security_token: str = field(default="", repr=False)
    endpoint: str | None = None
    given_mns_endpoint: str = ""

    @classmethod
    def local(cls, endpoint: str) -> Access:
        """Return the access to a local cloud; its keys are fixed, the account's are never sent there."""
        return cls(
            defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET, defaults.REGION, defaults.ACCOUNT_ID,
            endpoint=endpoint.rstrip("/"),
        )  # fmt: skip

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], endpoint: str | None) -> Access:
        """Return the local access when there is an endpoint, else the account's; raise AccessMissing."""
        if endpoint:
            return cls.local(endpoint)
        if missing := tuple(name for name in ACCOUNT_VARIABLES if not environ.get(name)):
            raise AccessMissing(missing)
        key_id, secret, region, account_id = (environ[name] for name in ACCOUNT_VARIABLES)
        token = environ.get("ALIBABA_CLOUD_SECURITY_TOKEN", "")
        mns_endpoint = environ.get("PROVISIONER_MNS_ENDPOINT", "")
        return cls(key_id, secret, region, account_id, token, None, mns_endpoint)

    @property
    def mns_endpoint(self) -> str:
        """Where queues and topics are."""
        public = f"https://{self.account_id}.mns.{self.region}.aliyuncs.com"
        return self.endpoint or self.given_mns_endpoint or public

    def variables(self) -> dict[str, str]:
        """Return what the platform would put into a function's environment of it."""
        found = {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.access_key_secret,
            "ALIBABA_CLOUD_SECURITY_TOKEN": self.security_token,
            "FC_REGION": self.region,
            "FC_ACCOUNT_ID": self.account_id,
        }
        return {name: value for name, value in found.items() if value}
