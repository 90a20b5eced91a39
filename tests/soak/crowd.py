"""Requests of every kind for a run of real processes, the policy that they are under, and the faults that they meet."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from random import Random

IMAGE = "ubuntu_22_04_x64_20G_alibase_20240130.vhd"
SOLD_OUT = "ecs.g6.xlarge"
PLAIN = "ecs.g6.large"
SECOND = "ecs.g7.large"
FORBIDDEN = "ecs.c6.large"
DEADLINE_SECONDS = 60


def policies(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two policies, one to begin with and a narrower one for later; so many are open at most: two thirds, half.

    Neither allows FORBIDDEN, and the later one no SECOND, which comes as an alternative only.
    """
    allowed = ["ecs.g6.*", SECOND]
    return (
        {"allow": {"InstanceType": allowed}, "limits": {"open": 2 * number // 3}},
        {"allow": {"InstanceType": allowed[:1]}, "limits": {"open": number // 2}},
    )


@dataclass(slots=True)
class Crowd:
    """The messages, in the order they are sent, and what must come of them."""

    bodies: list[str] = field(default_factory=list)
    requests: set[str] = field(default_factory=set)
    refused: int = 0
    secrets: list[str] = field(default_factory=list)

    @property
    def spellings(self) -> set[str]:
        """Every way a secret could show: plain, URL-encoded, in base64 by itself or within something longer."""
        return {spelling for secret in self.secrets for spelling in _spellings(secret)}


def crowd(rng: Random, number: int) -> Crowd:
    """Draw so many requests; some are sent twice, some ids are used for something else.

    Some messages are no requests, some ask for what is forbidden.
    """
    found = Crowd()
    for index in range(number):
        body = _request(rng, f"crowd-{index:03d}", found.secrets)
        found.requests.add(body["requestId"])
        found.bodies.append(json.dumps(body))
        if index % 10 == 3:
            found.bodies.append(json.dumps(body))
        if index % 20 == 7:
            found.bodies.append(json.dumps({**body, "timeoutSeconds": 1234}))
            found.refused += 1
        if index % 20 == 11:
            broken = {**body, "requestId": f"broken-{index:03d}", "start": "yes"}
            found.bodies.append(rng.choice((json.dumps(broken), json.dumps(broken)[:-9])))
            found.refused += 1
        if index % 20 == 15:
            parameters = {**body["parameters"], "InstanceType": FORBIDDEN}
            found.bodies.append(json.dumps({**body, "requestId": f"forbidden-{index:03d}", "parameters": parameters}))
            found.refused += 1
    return found


def _request(rng: Random, name: str, secrets: list[str]) -> dict[str, Any]:
    password = f"Z9+/&%{rng.getrandbits(40):010x}<q>"
    script = f"#!/bin/sh\necho {rng.getrandbits(64):016x} > /etc/key\n"
    user_data = base64.b64encode(script.encode()).decode()
    secrets += [password, script, user_data]
    parameters: dict[str, Any] = {
        "RegionId": "cn-hangzhou", "ImageId": IMAGE, "InstanceType": rng.choice((PLAIN, PLAIN, PLAIN, SOLD_OUT)),
        "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3", "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
        "InternetMaxBandwidthOut": 5, "Password": password, "UserData": user_data,
    }  # fmt: skip
    body: dict[str, Any] = {"requestId": name, "parameters": parameters, "timeoutSeconds": DEADLINE_SECONDS}
    body["start"] = rng.random() < 0.5
    body["allocatePublicIp"] = rng.random() < 0.3
    body["onFailure"] = rng.choice(("keep", "release"))
    if rng.random() < 0.6:
        body["alternatives"] = [{"InstanceType": rng.choice((FORBIDDEN, PLAIN))}, {"InstanceType": SECOND}]
    if rng.random() < 0.03:
        parameters["DryRun"] = True
    return body


def faults(rng: Random, *, tables: bool) -> list[dict[str, Any]]:
    """Draw the faults: about one call in seven of those that matter suffers one."""
    slow = {"status": 400, "code": "Throttling.User", "message": "slow down", "headers": {"x-acs-retry-after": "1500"}}
    broken = {"status": 500, "code": "InternalError", "message": "try again"}
    refused = {"status": 403, "code": "InvalidAccountStatus.NotEnoughBalance", "message": "pay first"}
    lost: list[dict[str, Any]] = [{"effect": "lose-request"}, {"effect": "lose-response"}]
    calls = [
        ("ecs", "CreateInstance", 200, [*lost, {"effect": "lose-response"}, {"error": slow}, {"error": broken},
                                        {"effect": "delay", "delaySeconds": 1.0},
                                        {"effect": "vanish", "delaySeconds": 2.0}]),
        ("ecs", "StartInstance", 80, [*lost, {"error": broken}, {"error": refused}]),
        ("ecs", "AllocatePublicIpAddress", 50, [*lost, {"error": refused}]),
        ("ecs", "DeleteInstance", 10, [*lost, {"error": broken}]),
        ("ecs", "DescribeInstanceStatus", 60, [*lost, {"error": slow}]),
        ("ecs", "DescribeInstances", 60, [*lost, {"error": broken}]),
        ("mns", "PublishMessage", 200, [*lost, {"error": {"status": 500, "code": "InternalError", "message": "no"}}]),
        ("mns", "SendMessage", 30, [{"effect": "lose-response"}]),
    ]  # fmt: skip
    if tables:
        calls += [("ots", "PutRow", 1200, lost), ("ots", "GetRow", 600, lost[:1])]
    found = []
    for service, action, range_, kinds in calls:
        for _ in range(max(2, range_ // 12)):
            fault = {"service": service, "action": action, "skip": rng.randrange(range_), "times": 1}
            found.append({**fault, **rng.choice(kinds)})
    return found


def _spellings(secret: str) -> set[str]:
    raw = secret.encode()
    inside = {base64.b64encode(b"x" * shift + raw).decode()[4 if shift else 0 : -4] for shift in range(3)}
    once = quote(secret, safe="")
    return {secret, once, once.lower(), quote(once, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], *inside}
