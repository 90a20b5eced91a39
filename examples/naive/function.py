"""The function that one would write first: for each message of a batch a server that runs, and an outcome.

It is here to be measured against: `provisioner demo --compare`, docs/compare.md. It does what the documents advise: the
SDK's own retries, a client token for each request, a loop that asks for the status, every error published, and the
server's id with it. Two handlers differ in the token.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.policy.retry import RetryOptions
from mns.account import Account
from mns.topic import TopicMessage

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_SECONDS = float(os.environ.get("POLL_SECONDS", "3"))
WAIT_SECONDS = 300
# Three tries, 1 s and 2 s apart. RuntimeOptions(autoretry=True) is shorter, but this version of the SDK ignores it.
RETRY = {
    "maxAttempts": 3,
    "backoff": {"policy": "Exponential", "period": 500},
    "exception": ["RetryError", "ThrottlingException", "ServerException"],
    "errorCode": ["Throttling", "Throttling.User", "Throttling.Api", "ServiceUnavailable"],
}


def handler(event: bytes, _context: object) -> None:
    """Make what a batch asks for, each request with a new token: the API wants it unique."""
    make_all(event, lambda _request_id: uuid.uuid4().hex)


def handler_with_request_id(event: bytes, _context: object) -> None:
    """Make what a batch asks for; the token is the request's id, so that a second delivery asks for the same server."""
    make_all(event, lambda request_id: request_id)


def make_all(event: bytes, token_of: Callable[[str], str]) -> None:
    """Handle the messages of a batch side by side."""
    requests = [json.loads(item["data"]["messageBody"]) for item in json.loads(event)]
    with ThreadPoolExecutor(len(requests)) as pool:
        list(pool.map(partial(make, token_of=token_of), requests))


def make(request: dict[str, Any], token_of: Callable[[str], str]) -> None:
    """Create a server, wait until it runs, tell its id; or tell what went wrong, and with which server."""
    request_id, instance_id, error = request["requestId"], None, None
    try:
        ecs = client()
        instance_id = create(ecs, request, token_of(request_id))
        wait_until_running(ecs, request["parameters"]["RegionId"], instance_id)
    except Exception as problem:  # noqa: BLE001 - whatever it is, somebody waits for an answer
        error = {"code": getattr(problem, "code", None) or type(problem).__name__, "message": str(problem)}
    publish(request_id, instance_id, error)


def create(ecs: Client, request: dict[str, Any], token: str) -> str:
    """Call CreateInstance and return the id."""
    tag = {"Key": "provisioner:request", "Value": request["requestId"]}
    parameters = {**request["parameters"], "ClientToken": token, "Tag": [tag]}
    answer = ecs.create_instance(models.CreateInstanceRequest().from_map(parameters))
    return str(answer.body.instance_id)


def wait_until_running(ecs: Client, region_id: str, instance_id: str) -> None:
    """Ask for the status until it is Running; start the server once it is Stopped."""
    ends_at = time.monotonic() + WAIT_SECONDS
    asked = models.DescribeInstanceStatusRequest(region_id=region_id, instance_id=[instance_id])
    while time.monotonic() < ends_at:
        found = ecs.describe_instance_status(asked).body.instance_statuses.instance_status
        status = found[0].status if found else "Pending"  # a new one is not in the list at once
        if status == "Running":
            return
        if status == "Stopped":
            ecs.start_instance(models.StartInstanceRequest(instance_id=instance_id))
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"{instance_id} does not run after {WAIT_SECONDS} s")


def publish(request_id: str, instance_id: str | None, error: dict[str, str] | None) -> None:
    """Publish the outcome. When that fails the whole invocation does, and the trigger delivers the batch again."""
    end = "failed" if error else "completed"
    instance = {"instanceId": instance_id} if instance_id else None
    outcome = {
        "type": f"provisioning.instance.{end}",
        "data": {"requestId": request_id, "instance": instance, "error": error},
    }
    # A connection of its own: one Account must not be used by several threads.
    account = Account(os.environ["MNS_ENDPOINT"], *keys())
    account.get_topic(os.environ["TOPIC"]).publish_message(TopicMessage(json.dumps(outcome), end))


def client() -> Client:
    """Return a client of ECS that tries again."""
    key_id, key_secret, security_token = keys()
    protocol, _, endpoint = os.environ["ECS_ENDPOINT"].partition("://")
    return Client(
        Config(
            access_key_id=key_id,
            access_key_secret=key_secret,
            security_token=security_token or None,
            endpoint=endpoint,
            protocol=protocol,
            retry_options=RetryOptions({"retryable": True, "retryCondition": [RETRY]}),
        )
    )


def keys() -> tuple[str, str, str]:
    """Return the keys of the function's role, as the platform gives them."""
    names = "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"
    return os.environ[names[0]], os.environ[names[1]], os.environ.get(names[2], "")


if __name__ == "__main__":
    raise SystemExit("This is a function's code, called by a queue trigger. To see it run: provisioner demo --compare")
