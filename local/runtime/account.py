"""The account a command works in: keys as the aliyun CLI, the environment or a role give them, and one ROS stack.

The calls go through the official SDK's core, once each: the generated ROS client is 2.3 MB for two of them.
No key, and no text of a failed key exchange, leaves this module.
"""

from __future__ import annotations

import json
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.runtime.access import Access
from shared.domain.create_instance.schema import REGION_ID
from shared.settings import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

ROS, STS = "ros.aliyuncs.com", "sts.aliyuncs.com"
"""One host serves every region (the endpoint map of the ROS client 3.7.0; the central endpoint of STS)."""
CALL_MILLISECONDS = 10_000
ACCOUNT_ID = re.compile(r"[0-9]{1,32}")
STACKS_A_PAGE = 50
GONE = "DELETE_COMPLETE"
NEEDED = (
    "Deployment", "QueueName", "DeadLetterQueueName", "TopicName", "InboxQueueName", "StoreInstance", "RequestsTable",
    "OpenTable",
)  # fmt: skip
"""The outputs of template.yml that commands read."""


class AccountError(Exception):
    """The account cannot be worked with; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployment as ROS knows it: what was asked for, what came of it, and the way into its account."""

    name: str
    access: Access
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    def settings(self) -> dict[str, str]:
        """Return the worker's settings that name places, with the store's public address."""
        instance = self.outputs["StoreInstance"]
        return {
            "PROVISIONER_DEPLOYMENT": self.outputs["Deployment"],
            "PROVISIONER_STORE": "tablestore",
            "PROVISIONER_TABLESTORE_ENDPOINT": f"https://{instance}.{self.access.region}.ots.aliyuncs.com",
            "PROVISIONER_TABLESTORE_INSTANCE": instance,
            "PROVISIONER_REQUESTS_TABLE": self.outputs["RequestsTable"],
            "PROVISIONER_OPEN_TABLE": self.outputs["OpenTable"],
            "PROVISIONER_MNS_ENDPOINT": self.access.mns_endpoint,
            "PROVISIONER_QUEUE": self.outputs["QueueName"],
            "PROVISIONER_TOPIC": self.outputs["TopicName"],
        }


def find_keys(profile: str | None) -> Credentials:
    """Return the keys of a profile of the aliyun CLI, else the first that the official library's chain finds.

    The chain: environment, OIDC, the CLI's current profile, the SDKs' credentials file, the ECS instance's role.
    Raises AccountError.
    """
    from alibabacloud_credentials import provider  # noqa: PLC0415 - it loads when an account is used

    logging.getLogger("credentials").setLevel(logging.CRITICAL)  # it tells on stderr what AccountError says
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL + 1)  # the library's timer; it fails when a command ends
    try:
        source = provider.CLIProfileCredentialsProvider(profile_name=profile) if profile else (
            provider.DefaultCredentialsProvider()
        )  # fmt: skip
        found = source.get_credentials()
    except Exception:  # noqa: BLE001 - every provider raises its own, and the texts may quote an exchange of keys
        if profile:
            raise AccountError(
                f"profile {profile} of the aliyun CLI gives no keys; `aliyun configure list` shows the profiles, "
                f"`aliyun sts GetCallerIdentity --profile {profile}` tries this one"
            ) from None
        raise AccountError(
            "no keys of the account were found; run `aliyun configure`, name a profile with --profile, or set "
            "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET"
        ) from None
    return Credentials(
        found.get_access_key_id() or "", found.get_access_key_secret() or "", found.get_security_token() or ""
    )


def find_region(given: str | None, profile: str | None, environ: Mapping[str, str], home: Path | None = None) -> str:
    """Return the region: as given, of the named profile, of the environment, of the current profile.

    Raises AccountError when none says one, or when it has not the form of a region's id: it is part of host names.
    """
    named = _profile_region(profile, home) if profile else ""
    exported = environ.get("ALIBABA_CLOUD_REGION_ID") or environ.get("ALIBABA_CLOUD_REGION") or ""
    region = given or named or exported or _profile_region(None, home)
    if not region:
        raise AccountError("no region is known; name the stack's with --region, or `aliyun configure set --region`")
    if not REGION_ID.holds(region):
        raise AccountError(f"{region!r} is no region's id; one is written like cn-hangzhou (--region)")
    return region


def _profile_region(profile: str | None, home: Path | None) -> str:
    """Return the region of a profile of the aliyun CLI, the current one when none is named; empty when it has none."""
    try:
        config = json.loads(((home or Path.home()) / ".aliyun" / "config.json").read_text(encoding="utf-8"))
        name = profile or os.environ.get("ALIBABA_CLOUD_PROFILE") or config.get("current")
        found: dict[str, Any] = next((one for one in config["profiles"] if one.get("name") == name), {})
        return str(found.get("region_id") or "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        return ""


def read_stack(name: str, region: str, keys: Credentials) -> Stack:
    """Return a stack by its name (ROS gives details by id only, so it is looked up first); raise AccountError."""
    query = {"RegionId": region, "StackName.1": name, "PageSize": str(STACKS_A_PAGE)}
    listed = _call(keys, ROS, "ListStacks", "2019-09-10", query).get("Stacks") or []
    ids = [one["StackId"] for one in listed if one.get("StackName") == name and one.get("Status") != GONE]
    if not ids:
        raise AccountError(
            f"there is no stack {name} in {region}; `aliyun ros ListStacks --RegionId {region}` shows what there is"
        )
    found = _call(keys, ROS, "GetStack", "2019-09-10", {"RegionId": region, "StackId": ids[0]})
    caller = _caller(keys)
    account = str(caller.get("AccountId") or "")
    outputs = {one["OutputKey"]: str(one.get("OutputValue") or "") for one in found.get("Outputs") or []}
    if missing := [key for key in NEEDED if not outputs.get(key)]:
        raise AccountError(
            f"stack {name} ({found.get('Status')}) has no output {', '.join(missing)}; is it this worker's, and of "
            "this version? Update it with template.yml"
        )
    given = {one["ParameterKey"]: str(one.get("ParameterValue") or "") for one in found.get("Parameters") or []}
    access = Access(
        keys.access_key_id, keys.access_key_secret, region, account, keys.security_token,
        identity=str(caller.get("Arn") or ""),
    )  # fmt: skip
    return Stack(name, access, given | {"ALIYUN::Region": region, "ALIYUN::TenantId": account}, outputs)


def account_id(keys: Credentials) -> str:
    """Return the number of the account that the keys belong to; raise AccountError."""
    return str(_caller(keys).get("AccountId") or "")


def _caller(keys: Credentials) -> dict[str, Any]:
    found = _call(keys, STS, "GetCallerIdentity", "2015-04-01", {})
    if not ACCOUNT_ID.fullmatch(str(found.get("AccountId"))):  # it is part of host names and of a bucket's
        raise AccountError(f"the answer to GetCallerIdentity from {STS} names no account; check HTTPS_PROXY")
    return found


def answer_date(keys: Credentials) -> str:
    """Return the `Date` that an answer of STS carries, empty when it has none; raise AccountError."""
    return str(_answer(keys, STS, "GetCallerIdentity", "2015-04-01", {}).get("headers", {}).get("date") or "")


def _call(keys: Credentials, host: str, action: str, version: str, query: dict[str, str]) -> dict[str, Any]:
    body = _answer(keys, host, action, version, query)["body"]
    if not isinstance(body, dict):
        raise AccountError(f"the answer to {action} from {host} is none of the API's; check HTTPS_PROXY")
    return body


def _answer(keys: Credentials, host: str, action: str, version: str, query: dict[str, str]) -> dict[str, Any]:
    from alibabacloud_tea_openapi.client import Client  # noqa: PLC0415 - the same
    from alibabacloud_tea_openapi.exceptions import AlibabaCloudException  # noqa: PLC0415 - the same
    from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params  # noqa: PLC0415 - the same
    from darabonba.core import DaraCore  # noqa: PLC0415 - the same
    from darabonba.runtime import RuntimeOptions  # noqa: PLC0415 - the same

    from shared.adapters.ecs.transport import take_over_sessions  # noqa: PLC0415 - the same

    take_over_sessions(DaraCore)  # no redirects: keys go to the host that was meant
    config = Config(
        access_key_id=keys.access_key_id, access_key_secret=keys.access_key_secret,
        security_token=keys.security_token or None, endpoint=host, protocol="HTTPS",
    )  # fmt: skip
    params = Params(
        action=action, version=version, protocol="HTTPS", pathname="/", method="POST", auth_type="AK", style="RPC",
        req_body_type="formData", body_type="json",
    )  # fmt: skip
    options = RuntimeOptions(connect_timeout=CALL_MILLISECONDS, read_timeout=CALL_MILLISECONDS, autoretry=False)
    try:
        answer: dict[str, Any] = Client(config).call_api(params, OpenApiRequest(query=query), options)
    except AlibabaCloudException as error:
        raise AccountError(f"{host} refuses {action}: {error.code}; {_remedy(str(error.code), action)}") from None
    except Exception as error:  # noqa: BLE001 - the SDK passes on what its transport raises, URLs included
        raise AccountError(
            f"{action} got no answer from {host} ({type(error).__name__}); check the network and HTTPS_PROXY"
        ) from None
    return answer


def _remedy(code: str, action: str) -> str:
    if code.startswith(("NoPermission", "Forbidden")):
        return f"give these keys {'sts' if action == 'GetCallerIdentity' else 'ros'}:{action} (docs/access.md)"
    if code.startswith(("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurityToken", "IncompleteSignature")):
        return "the keys are not valid (any more); `aliyun configure` sets them, --profile chooses others"
    return f"`provisioner explain {code}` may know more"
