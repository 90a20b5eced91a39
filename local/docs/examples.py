"""The worked example of README and schemas: one request on its way to an outcome, and how others end.

The outcomes are made by the worker's own code from records as its functions leave them.
"""

from __future__ import annotations

import json
from typing import Any

from local import defaults
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle.outcome import completed, failed, refused
from shared.domain.lifecycle.record import Failure, Generation, Instance, Record, State
from shared.domain.message.parse import parse
from shared.domain.message.request import Refusal
from shared.domain.timings import Timings

Json = dict[str, Any]

REQUEST: Json = {
    "requestId": "order-20261124-0001",
    "parameters": {
        "RegionId": "cn-hangzhou",
        "ZoneId": "cn-hangzhou-g",
        "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
        "InstanceType": "ecs.g6.large",
        "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
        "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
        "SystemDisk": {"Category": "cloud_essd", "Size": 40},
        "Tag": [{"Key": "team", "Value": "web"}],
    },
    "alternatives": [
        {"ZoneId": "cn-hangzhou-h", "VSwitchId": "vsw-bp1second0000000000", "InstanceType": "ecs.g7.large"}
    ],
    "metadata": {"ticket": "OPS-12"},
}
"""What a sender puts on the queue. The first choice turns out to be sold out."""

DRY_RUN: Json = {
    "requestId": "check-1",
    "parameters": {
        "RegionId": "cn-hangzhou",
        "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
        "InstanceType": "ecs.g6.large",
        "DryRun": True,
    },
}
"""Checks everything and buys nothing: a good first message."""

WRONG: Json = {
    "requestId": "order-20261124-0002",
    "parameters": {
        "RegionId": "cn-hangzhou",
        "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
        "InstanceTpye": "ecs.g6.large",
        "SystemDisk": {"Size": "40G"},
    },
}
"""A message that is refused."""

_TIMINGS = Timings(defaults.DEPLOYMENT)
_ACCEPTED = 1795514400.0  # 2026-11-24 10:00 UTC
_FINISHED = _ACCEPTED + 41.5
_MESSAGE_ID = "6C3F1B9E0A4D4F0C9D2E7A5B8C1D3E4F"
_SOLD_OUT = ApiError(
    "CreateInstance", 403, "OperationDenied.NoStock",
    "(here are the words of the API)",
    "8C54B5E6-0D5C-4C3B-9E5C-2D7B1F0A6E11",
)  # fmt: skip


def message_examples() -> list[Json]:
    """Return messages that the worker takes."""
    return [REQUEST, DRY_RUN]


def outcome_examples() -> list[Json]:
    """Return one outcome of each kind: completed, a dry run, failed, refused."""
    return [json.loads(text) for text in (_completed(), _dry_run(), _failed(), _refused())]


def _record(message: Json, *generations: Generation) -> Record:
    return Record(
        request_id=message["requestId"],
        version=1,
        state=State.CREATING,
        message_id=_MESSAGE_ID,
        accepted_at=_ACCEPTED,
        due_at=_FINISHED,
        region_id=message["parameters"]["RegionId"],
        nonce="example",
        metadata=message.get("metadata", {}),
        generations=generations,
    )


def _completed() -> str:
    tried = Generation(1, 0, "", error_code=_SOLD_OUT.code)
    record = _record(REQUEST, tried, Generation(2, 1, "", REQUEST["alternatives"][0]))
    instance = Instance("i-bp1a2b3c4d5e6f7g8h9j", "Running", "ecs.g7.large", "cn-hangzhou-h", ("172.16.0.12",))
    return completed(record, instance, _FINISHED, _TIMINGS)


def _dry_run() -> str:
    return completed(_record(DRY_RUN, Generation(1, 0, "")), None, _FINISHED, _TIMINGS)


def _failed() -> str:
    record = _record(REQUEST | {"requestId": "order-20261124-0003"}, Generation(1, 0, "", error_code=_SOLD_OUT.code))
    return failed(record, Failure("create", _SOLD_OUT), None, _FINISHED, _TIMINGS)


def _refused() -> str:
    refusal = parse(json.dumps(WRONG))
    if not isinstance(refusal, Refusal):
        raise TypeError("the example of a refusal is a message that the worker takes")
    return refused(refusal, _MESSAGE_ID, _ACCEPTED, _TIMINGS)
