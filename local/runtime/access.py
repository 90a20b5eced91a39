"""How this machine reaches a cloud: the local one by its endpoint, or the account's."""

from __future__ import annotations

from dataclasses import dataclass, field

from local import defaults
from shared.settings import Credentials


@dataclass(frozen=True, slots=True)
class Access:
    """Keys, region and account; `endpoint` is the local cloud's, None for the account's own cloud."""

    access_key_id: str = field(repr=False)
    access_key_secret: str = field(repr=False)
    region: str
    account_id: str
    security_token: str = field(default="", repr=False)
    endpoint: str | None = None
    identity: str = ""
    """Whose keys they are, as the account tells; empty for a local cloud."""

    @classmethod
    def local(cls, endpoint: str) -> Access:
        """Return the access to a local cloud; its keys are fixed, the account's are never sent there."""
        return cls(
            defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET, defaults.REGION, defaults.ACCOUNT_ID,
            endpoint=endpoint.rstrip("/"),
        )  # fmt: skip

    @property
    def mns_endpoint(self) -> str:
        """Where queues and topics are."""
        public = f"https://{self.account_id}.mns.{self.region}.aliyuncs.com"
        return self.endpoint or public

    @property
    def credentials(self) -> Credentials:
        """The keys."""
        return Credentials(self.access_key_id, self.access_key_secret, self.security_token)

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
