"""The cloud inside this process: ECS, ROS and STS through `responses`, no socket."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
import responses

from local.cloud.dispatch import answer
from local.cloud.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.cloud.cloud import Cloud

RPC = re.compile(r"https://(ecs|ros|sts)[a-z0-9.-]*\.aliyuncs\.com(/.*)?")
ANYTHING = re.compile(r".*")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")


@contextmanager
def in_process(cloud: Cloud, *, loopback: bool = True) -> Iterator[responses.RequestsMock]:
    """Answer every ECS endpoint from `cloud` for as long as the context lasts.

    Other hosts are refused loudly, except that with `loopback` calls to this machine go through (MNS and Tablestore
    of the same cloud on a port, see `server.running`).
    """
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        if loopback:
            mock.add_passthru("http://127.0.0.1")
        # One route for everything: of several that match, `responses` would drop the first after its first use.
        for method in METHODS:
            mock.add_callback(method, ANYTHING, lambda request: _callback(cloud, mock, request))
        yield mock


def _callback(
    cloud: Cloud, mock: responses.RequestsMock, request: requests.PreparedRequest
) -> tuple[int, dict[str, str], bytes]:
    # `responses` keeps every call; a long run would keep them all.
    mock.calls.reset()
    parts = urlsplit(str(request.url))
    if not RPC.fullmatch(str(request.url).partition("?")[0]):
        raise AssertionError(f"a call left the local cloud: {request.method} to {parts.netloc}")
    body = request.body or b""
    http_request = HttpRequest(
        str(request.method),
        (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        {"host": parts.netloc} | {name.lower(): _text(value) for name, value in request.headers.items()},
        body.encode() if isinstance(body, str) else body,
    )
    response = _wait(cloud, http_request)
    if response is None:
        raise requests.ConnectionError("the connection ended without an answer")
    headers = dict(response.headers)
    content_type = headers.pop("content-type", None)
    return response.status, headers | ({"Content-Type": content_type} if content_type else {}), response.body


def _wait(cloud: Cloud, request: HttpRequest) -> HttpResponse | None:
    steps = answer(cloud, request)
    while True:
        try:
            seconds = next(steps)
        except StopIteration as end:
            response: HttpResponse | None = end.value
            return response
        time.sleep(seconds)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
