"""The real SDKs, pointed at a local cloud."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local import defaults

if TYPE_CHECKING:
    from alibabacloud_ecs20140526.client import Client
    from mns.account import Account

    from local.cloud.cloud import Cloud

ECS_ENDPOINT = "ecs.cn-hangzhou.aliyuncs.com"


@dataclass
class Clients:
    """A local cloud and how to reach it.

    `way` is `in-process` (ECS through `responses`) or `http` (ECS over the server). MNS, Tablestore and `/_local` are
    at `url` either way, with the same state behind.
    """

    cloud: Cloud
    url: str
    way: str
    _accounts: list[Account] = field(default_factory=list)

    @property
    def ecs_endpoint(self) -> str:
        """What PROVISIONER_ECS_ENDPOINT would be: a URL."""
        return f"https://{ECS_ENDPOINT}" if self.way == "in-process" else self.url

    def ecs(
        self, key: str = defaults.ACCESS_KEY_ID, secret: str = defaults.ACCESS_KEY_SECRET, token: str | None = None
    ) -> Client:
        """Return the official ECS client."""
        from alibabacloud_ecs20140526.client import Client
        from alibabacloud_tea_openapi.models import Config

        protocol, _, endpoint = self.ecs_endpoint.partition("://")
        return Client(
            Config(
                access_key_id=key,
                access_key_secret=secret,
                security_token=token,
                endpoint=endpoint,
                protocol=protocol,
                region_id=defaults.REGION,
            )
        )

    def mns(
        self, key: str = defaults.ACCESS_KEY_ID, secret: str = defaults.ACCESS_KEY_SECRET, token: str = ""
    ) -> Account:
        """Return the official MNS account, with a connection of its own."""
        from mns.account import Account

        account = Account(self.url, key, secret, token)
        self._accounts.append(account)
        return account

    def local(self, call: str, data: object = None) -> dict[str, Any]:
        """Make a `/_local` call: a GET without data, else a POST; return the JSON that came back."""
        body = None if data is None else json.dumps(data).encode()
        with urllib.request.urlopen(f"{self.url}/_local/{call}", body, timeout=5) as response:
            text = response.read()
        return json.loads(text) if text else {}

    def close(self) -> None:
        """Close what the SDKs keep open."""
        for account in self._accounts:
            account.get_client().close_connection()
