"""Who may call ECS: keys, signatures of both kinds, security tokens, time stamps, nonces."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.core import Key
from local.cloud.server import running
from tests.support.ecs_calls import create, refusal, statuses
from tests.support.signing import acs3_request, rpc_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.clients import Clients

QUERY = {"RegionId": "cn-hangzhou"}


def test_wrong_key_and_wrong_secret(cloud: Clients) -> None:
    """An unknown key and a wrong secret are told apart by the cloud's own codes."""
    assert refusal(create, cloud.ecs(key="nobody")) == (404, "InvalidAccessKeyId.NotFound")
    assert refusal(create, cloud.ecs(secret="wrong")) == (400, "SignatureDoesNotMatch")
    assert cloud.local("state")["ecs"]["instances"] == []


def test_security_tokens(cloud: Clients) -> None:
    """A temporary key needs its own token, until it expires."""
    keys = cloud.cloud.keys
    keys["temporary"] = Key("secret", "token", time.time() + 60)
    assert statuses(cloud.ecs("temporary", "secret", "token")) == {}
    assert refusal(create, cloud.ecs("temporary", "secret")) == (400, "MissingSecurityToken")
    other = cloud.ecs("temporary", "secret", "another")
    assert refusal(create, other) == (400, "InvalidSecurityToken.MismatchWithAccessKey")
    keys["temporary"] = Key("secret", "token", time.time() - 1)
    assert refusal(create, cloud.ecs("temporary", "secret", "token")) == (400, "InvalidSecurityToken.Expired")


@pytest.fixture
def url() -> Iterator[str]:
    """Run a server for requests no SDK would make."""
    with running(Cloud()) as url:
        yield url


def call(url: str, target: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, str]:
    """Make one raw request; return status and code."""
    try:
        request = urllib.request.Request(url + target, body, headers, method="POST")
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, "OK"
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["Code"]


def test_acs3_by_hand(url: str) -> None:
    """A request signed by an independent implementation passes; each way to spoil it has its code."""
    host = url.removeprefix("http://")

    def acs3(**more: object) -> tuple[str, dict[str, str]]:
        return acs3_request(host, "DescribeInstanceStatus", QUERY, **more)

    target, headers = acs3()
    assert call(url, target, headers) == (200, "OK")
    assert call(url, target, headers) == (400, "SignatureNonceUsed")
    target, headers = acs3()
    assert call(url, target + "&PageSize=20", headers) == (400, "SignatureDoesNotMatch")
    assert call(url, *acs3(now=time.time() - 1000)) == (400, "InvalidTimeStamp.Expired")
    assert call(url, *acs3(now=time.time() + 1000)) == (400, "InvalidTimeStamp.Expired")
    target, headers = acs3()
    assert call(url, target, headers | {"Authorization": "Bearer abc"}) == (400, "IncompleteSignature")
    target, headers = acs3(signed=("host", "x-acs-action"))
    assert call(url, target, headers) == (400, "IncompleteSignature")
    target, headers = acs3()
    assert call(url, target, headers, b"Tag.1.Key=x") == (400, "InvalidContentSha256")


def test_rpc_by_hand(url: str) -> None:
    """The older RPC signature passes as GET query and as POST form, and is checked as strictly."""
    good = rpc_query("POST", "DescribeInstanceStatus", QUERY)
    assert call(url, "/?" + good, {}) == (200, "OK")
    assert call(url, "/?" + good, {}) == (400, "SignatureNonceUsed")
    form = rpc_query("POST", "DescribeInstanceStatus", QUERY)
    assert call(url, "/", {"content-type": "application/x-www-form-urlencoded"}, form.encode()) == (200, "OK")
    spoilt = rpc_query("POST", "DescribeInstanceStatus", QUERY) + "&PageSize=20"
    assert call(url, "/?" + spoilt, {}) == (400, "SignatureDoesNotMatch")
    late = rpc_query("POST", "DescribeInstanceStatus", QUERY, now=time.time() - 1000)
    assert call(url, "/?" + late, {}) == (400, "InvalidTimeStamp.Expired")
    unsigned = f"/?Action=DescribeInstanceStatus&Version=2014-05-26&AccessKeyId={defaults.ACCESS_KEY_ID}"
    assert call(url, unsigned, {}) == (400, "MissingParameter")
