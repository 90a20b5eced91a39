"""What checking a message costs, and what importing the check costs."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

from shared.domain.message.parse import parse
from shared.domain.message.request import Request
from tests.bench.figure import Figure

MICROSECONDS = 300.0
SHARE = 0.25
ROUNDS = 5
MESSAGES = 2000

MESSAGE = {
    "requestId": "order-20261124-0001",
    "parameters": {
        "RegionId": "cn-hangzhou",
        "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
        "InstanceType": "ecs.g6.large",
        "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
        "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
        "InstanceName": "web-1",
        "SystemDisk": {"Category": "cloud_essd", "Size": 40},
        "Tag": [{"Key": "team", "Value": "web"}],
    },
    "metadata": {"ticket": "OPS-12"},
}
"""Ten parameters."""

_IMPORT = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"


def measure() -> list[Figure]:
    """Return the figures of docs/performance.md that belong to validation."""
    cost = microseconds_per_message()
    ours, sdk = import_seconds("shared.domain.message.parse"), import_seconds("alibabacloud_ecs20140526.client")
    warm = f"no store, warm, {MESSAGES:,} messages, median of {ROUNDS}"
    cold = f"no store, cold, median of {ROUNDS}"
    return [
        Figure(f"validation: CPU in µs per message of ten parameters ({warm})", round(cost), MICROSECONDS),
        Figure(f"validation: CPU of its import over the ECS client's ({cold})", round(ours / sdk, 2), SHARE),
    ]


def microseconds_per_message() -> float:
    """Return the CPU time of one `parse`, warm, the median of five rounds."""
    text = json.dumps(MESSAGE)
    if not isinstance(parse(text), Request):
        raise TypeError("the message of the benchmark must be valid")
    return statistics.median(_round(text) for _ in range(ROUNDS)) * 1e6


def import_seconds(module: str) -> float:
    """Return the CPU time of an import in a fresh interpreter, the median of five; the first one only warms up."""
    command = [sys.executable, "-c", _IMPORT.format(module)]
    times = [float(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(ROUNDS + 1)]
    return statistics.median(times[1:])


def _round(text: str) -> float:
    start = time.process_time()
    for _ in range(MESSAGES):
        parse(text)
    return (time.process_time() - start) / MESSAGES
