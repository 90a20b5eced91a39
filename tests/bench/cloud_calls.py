"""How many calls a second the local cloud answers, so that it is known not to be the bottleneck of other figures.

The server runs in a process of its own, on one core by nature; the client here writes requests signed beforehand to
kept-alive sockets and reads the answers.
"""

from __future__ import annotations

import socket
import statistics
import time
from urllib.parse import urlsplit

from tests.bench.cloud import cloud_process
from tests.bench.figure import Aim, Figure
from tests.support.signing import acs3_request, mns_request

CALLS = 2000
ROUNDS = 5
CONNECTIONS = 4
TARGET = 3000
STATUS = {"RegionId": "cn-hangzhou", "InstanceId.1": "i-1", "PageSize": "50"}
CREATE = {
    "RegionId": "cn-hangzhou",
    "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
    "InstanceType": "ecs.g6.large",
    "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
    "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
    "SystemDisk.Category": "cloud_essd",
    "SystemDisk.Size": "40",
    "Tag.1.Key": "provisioner:request",
}


def measure() -> list[Figure]:
    """Return the figures of this part: calls a second, the median of five rounds."""
    with cloud_process() as url:
        host = urlsplit(url).netloc
        looked = [_acs3(host, "DescribeInstanceStatus", STATUS) for _ in range(CALLS * ROUNDS)]
        figures = [_figure("local cloud: signed DescribeInstanceStatus, calls/s", host, looked, TARGET)]
        made = [_acs3(host, "CreateInstance", CREATE | {"ClientToken": f"t{n}", "Tag.1.Value": f"local/{n}"})
                for n in range(CALLS * ROUNDS)]  # fmt: skip
        figures.append(_figure("local cloud: signed CreateInstance, calls/s", host, made, None))
        _drive(host, [_mns(host, "PUT", "/queues/bench", "<Queue/>")])
        sent = [_mns(host, "POST", "/queues/bench/messages", "<Message><MessageBody>x</MessageBody></Message>")] * CALLS
        figures.append(_figure("local cloud: signed SendMessage, calls/s", host, sent * ROUNDS, None))
    return figures


def _figure(name: str, host: str, requests: list[bytes], target: int | None) -> Figure:
    rates = [_drive(host, requests[start : start + CALLS]) for start in range(0, len(requests), CALLS)]
    value = round(statistics.median(rates))
    return Figure(name, value, target, Aim.AT_LEAST)


def _drive(host: str, requests: list[bytes]) -> float:
    """Send the requests over several sockets, one in flight on each; return answers a second. All must succeed."""
    name, _, port = host.partition(":")
    sockets = [socket.create_connection((name, int(port)), timeout=10) for _ in range(CONNECTIONS)]
    for connection in sockets:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        started = time.perf_counter()
        for start in range(0, len(requests), CONNECTIONS):
            batch = list(zip(sockets, requests[start : start + CONNECTIONS], strict=False))
            for connection, request in batch:
                connection.sendall(request)
            for connection, _ in batch:
                _check(connection)
        return len(requests) / (time.perf_counter() - started)
    finally:
        for connection in sockets:
            connection.close()


def _check(connection: socket.socket) -> None:
    data = connection.recv(65536)
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 20"):
        raise RuntimeError(f"a call was refused: {data!r}")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)


def _acs3(host: str, action: str, query: dict[str, str]) -> bytes:
    target, headers = acs3_request(host, action, query)
    return _encode("POST", target, headers)


def _mns(host: str, method: str, target: str, body: str) -> bytes:
    return _encode(method, target, {"host": host} | mns_request(method, target), body.encode())


def _encode(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body
