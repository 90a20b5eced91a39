"""The Compute port through the ECS SDK. No other module imports it, and this one is imported when it is needed.

What the SDK does that its documents do not say, and what is done about it here:

- Left to itself it puts every parameter, Password and UserData too, into the URL, which proxies log and errors show.
  Here they go into the signed form of the POST, as the official Terraform provider sends its ECS calls; one setting
  goes back to the query. Either way no SDK exception leaves this module, not even as the context of another, and every
  text is cleaned: those of failed connections carry the URL.
- A region's id becomes part of a host's name. What is not one DNS label of a region's form is refused here, whoever
  recorded it. The host is then the one of the SDK's own map, which knows the regions that differ.
- 4xx, 5xx and throttled answers are three unrelated classes under `AlibabaCloudException`; an error status without
  JSON, a gateway's, comes as `ForeignAnswer`. Anything else, from a broken connection to a 200 with an empty body,
  means that nobody knows what happened: `http_status` is None, and `sent` false when the request cannot have left
  (`never_left`).
- Its own retries are off, and so are redirects: only the recorded token makes a second CreateInstance safe.
- DescribeInstanceStatus and DescribeInstances answer ten instances unless asked for more.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from darabonba.core import DaraCore
from darabonba.runtime import RuntimeOptions

from shared.adapters.ecs import answers
from shared.adapters.ecs.transport import HOSTS, ForeignAnswer, never_left, take_over_sessions
from shared.domain.create_instance.names import nest
from shared.domain.create_instance.parameters import SECRET_PARAMETERS
from shared.domain.create_instance.schema import REGION_ID
from shared.domain.errors.model import ApiError
from shared.domain.redact import redact, without_queries
from shared.ports import ApiFailure, Created

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shared.domain.create_instance.schema import Scalar
    from shared.ports import Instance
    from shared.settings import Credentials

T = TypeVar("T")

STATUS_PAGE = 50
"""DescribeInstanceStatus takes 100 ids but answers at most 50 of them."""

DESCRIBE_PAGE = 100
FEW_PAGES = 10
"""A hundred ids are one page, one request's tag is on one instance, hardly ever on two: many pages have no end."""
AUDIT_PAGES = 1000
_LONGEST_CONNECT = 5.0
_LONGEST_NAME = 200
_LONGEST_WAIT = 86_400_000
_NOT_FOUND = 404


class FormClient(Client):  # type: ignore[misc] # the SDK is untyped
    """The SDK's client, with what it would put into the query in the signed form of the POST instead."""

    def call_api(self, params: Params, request: OpenApiRequest, runtime: RuntimeOptions) -> dict[str, Any]:
        """Send one request, as the generated methods ask for it."""
        request.body, request.query = request.query, None
        return super().call_api(params, request, runtime)  # type: ignore[no-any-return] # the SDK is untyped


class Ecs:
    """ECS in any region, one client each. Safe for any number of threads.

    `call_seconds` bounds connecting and waiting for an answer together. `endpoint` is a URL that replaces the regions'
    own ones. `parameters` says where a call's parameters travel: `body` or `query`. `connections` is how many are kept
    open to each host.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        call_seconds: float,
        endpoint: str | None = None,
        parameters: str = "body",
        connections: int = 20,
    ) -> None:
        take_over_sessions(DaraCore)
        connect = min(_LONGEST_CONNECT, call_seconds / 3)
        self._runtime = RuntimeOptions(
            connect_timeout=int(connect * 1000),
            read_timeout=int((call_seconds - connect) * 1000),
            max_idle_conns=connections,
        )
        self._credentials = credentials
        self._endpoint = endpoint
        self._kind = Client if parameters == "query" else FormClient
        self._client = lru_cache(HOSTS)(self._connect)

    def create(self, parameters: Mapping[str, Scalar]) -> Created:
        """Call CreateInstance."""

        def send(client: Client) -> Created:
            request = models.CreateInstanceRequest().from_map(nest(parameters))
            body = client.create_instance_with_options(request, self._runtime).body
            return Created(
                answers.instance_id(body.instance_id),
                answers.order_id(body.order_id),
                answers.trade_price(body.trade_price),
            )

        secrets = tuple(str(parameters[name]) for name in SECRET_PARAMETERS if name in parameters)
        return self._call("CreateInstance", str(parameters.get("RegionId", "")), send, secrets)

    def statuses(self, region_id: str, instance_ids: Sequence[str]) -> dict[str, str]:
        """Call DescribeInstanceStatus once, for at most 50 ids."""
        if len(instance_ids) > STATUS_PAGE:
            raise ValueError(f"{len(instance_ids)} ids asked for; the answer holds at most {STATUS_PAGE}")
        if not instance_ids:
            return {}  # asked without ids, ECS answers everything there is

        def send(client: Client) -> dict[str, str]:
            request = models.DescribeInstanceStatusRequest(
                region_id=region_id, instance_id=list(instance_ids), page_number=1, page_size=STATUS_PAGE
            )
            body = client.describe_instance_status_with_options(request, self._runtime).body
            return {
                answers.instance_id(item.instance_id): answers.required(item.status)
                for item in body.instance_statuses.instance_status
            }

        return self._call("DescribeInstanceStatus", region_id, send)

    def describe(self, region_id: str, instance_ids: Sequence[str]) -> dict[str, Instance]:
        """Call DescribeInstances for at most 100 ids."""
        if len(instance_ids) > DESCRIBE_PAGE:
            raise ValueError(f"{len(instance_ids)} ids asked for; DescribeInstances takes at most {DESCRIBE_PAGE}")
        if not instance_ids:
            return {}
        found = self._instances(region_id, {"instance_ids": json.dumps(list(instance_ids))}, pages=FEW_PAGES)
        return {instance.instance_id: instance for instance in found}

    def find_by_tag(self, region_id: str, key: str, value: str) -> list[Instance]:
        """Call DescribeInstances with a tag, for all pages there are.

        An answer that shows an instance without the tag was not to this question: neither may that instance be taken
        for ours, nor does the rest say that there is none.
        """
        asked = {"tag": [models.DescribeInstancesRequestTag(key=key, value=value)]}
        found = self._instances(region_id, asked, pages=FEW_PAGES, having=(key, value))
        return sorted(found, key=lambda instance: (instance.creation_time, instance.instance_id))

    def tagged(self, region_id: str, key: str) -> list[Instance]:
        """Call DescribeInstances with a tag's key alone, for all pages there are (for audits)."""
        asked = {"tag": [models.DescribeInstancesRequestTag(key=key)]}
        return self._instances(region_id, asked, pages=AUDIT_PAGES)

    def set_release_time(self, region_id: str, instance_id: str, release_at: float) -> None:
        """Call ModifyInstanceAutoReleaseTime."""
        instant = datetime.fromtimestamp(release_at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        request = models.ModifyInstanceAutoReleaseTimeRequest(
            region_id=region_id, instance_id=instance_id, auto_release_time=instant
        )
        self._call(
            "ModifyInstanceAutoReleaseTime",
            region_id,
            lambda client: client.modify_instance_auto_release_time_with_options(request, self._runtime),
        )

    def start(self, region_id: str, instance_id: str) -> None:
        """Call StartInstance."""
        request = models.StartInstanceRequest(instance_id=instance_id)
        self._call(
            "StartInstance", region_id, lambda client: client.start_instance_with_options(request, self._runtime)
        )

    def allocate_address(self, region_id: str, instance_id: str) -> str:
        """Call AllocatePublicIpAddress."""

        def send(client: Client) -> str:
            request = models.AllocatePublicIpAddressRequest(instance_id=instance_id)
            return answers.required(
                client.allocate_public_ip_address_with_options(request, self._runtime).body.ip_address
            )

        return self._call("AllocatePublicIpAddress", region_id, send)

    def delete(self, region_id: str, instance_id: str) -> None:
        """Call DeleteInstance with Force."""
        request = models.DeleteInstanceRequest(instance_id=instance_id, force=True)
        self._call(
            "DeleteInstance", region_id, lambda client: client.delete_instance_with_options(request, self._runtime)
        )

    def _instances(
        self, region_id: str, wanted: dict[str, Any], *, pages: int, having: tuple[str, str] | None = None
    ) -> list[Instance]:
        def send(client: Client) -> list[Instance]:
            found = [answers.instance(item) for page in self._pages(client, region_id, wanted, pages) for item in page]
            if having is not None and not all(having in instance.tags for instance in found):
                raise ValueError("the answer shows what was not asked for")
            return found

        return self._call("DescribeInstances", region_id, send)

    def _pages(self, client: Client, region_id: str, wanted: dict[str, Any], most: int) -> Iterator[list[Any]]:
        token: str | None = None
        seen: set[str | None] = set()
        while token not in seen:
            if len(seen) == most:
                raise ValueError(f"the answer has more than {most} pages")
            seen.add(token)
            request = models.DescribeInstancesRequest(
                region_id=region_id, max_results=DESCRIBE_PAGE, next_token=token, **wanted
            )
            body = client.describe_instances_with_options(request, self._runtime).body
            yield body.instances.instance
            token = answers.text(body.next_token) or None

    def _call(self, action: str, region_id: str, send: Callable[[Client], T], secrets: tuple[str, ...] = ()) -> T:
        if not REGION_ID.holds(region_id):
            says = "no region has such an id, so no call was made"
            raise ApiFailure(ApiError(action, _NOT_FOUND, "InvalidRegionId.NotFound", says))
        try:
            return send(self._client(region_id))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in there is an answer to be explained
            failure = _explain(action, error, (*secrets, *self._credentials.secrets))
        raise ApiFailure(failure)  # out here, so that the SDK's exception is not its context

    def _connect(self, region_id: str) -> Client:
        where = urlsplit(self._endpoint or "https:")
        keys = self._credentials
        config = Config(
            access_key_id=keys.access_key_id,
            access_key_secret=keys.access_key_secret,
            security_token=keys.security_token or None,
            region_id=region_id,
            endpoint=where.netloc or None,  # without one the client looks the region up in its map
            protocol=where.scheme,
        )
        return self._kind(config)


def _explain(action: str, error: Exception, secrets: tuple[str, ...]) -> ApiError:
    """Say what an SDK exception means, in words without secrets."""
    if isinstance(error, AlibabaCloudException) and error.status_code:
        data = error.data if isinstance(error.data, dict) else {}
        request_id = data.get("RequestId") or data.get("requestId")
        return ApiError(
            action=action,
            http_status=int(error.status_code),
            code=redact(str(data.get("Code") or data.get("code") or ""), secrets, limit=_LONGEST_NAME),
            message=redact(str(data.get("Message") or data.get("message") or ""), secrets),
            request_id=redact(str(request_id), secrets, limit=_LONGEST_NAME) if request_id else None,
            retry_after=min(error.retry_after, _LONGEST_WAIT) / 1000 if error.retry_after else None,
        )
    inner = getattr(error, "inner_exception", None) or error
    if isinstance(inner, ForeignAnswer):
        return ApiError(action, inner.status, "", str(inner))
    cause = inner.__context__ or inner  # the SDK wraps what `requests` raised, and forgets its type
    text = f"{type(cause).__name__}: {getattr(inner, 'message', inner)}"
    return ApiError(action, None, "", redact(without_queries(text), secrets), sent=not never_left(cause))
