"""Answers a request: finds its service, applies the faults that are set, waits for long polls."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeAlias

from local.cloud import admin, pages
from local.cloud.http import HttpResponse
from local.cloud.service import LongPoll, ServiceError
from local.trace.recorder import SeenCall
from shared.domain.errors.model import ApiError

if TYPE_CHECKING:
    from collections.abc import Generator

    from local.cloud.cloud import Cloud
    from local.cloud.faults import Fault
    from local.cloud.http import HttpRequest
    from local.cloud.service import Call, Service

TICK = 0.02
"""Seconds between two looks of a long poll."""

LONGEST_TARGET = 16 * 1024
"""The gateway in front of the services takes no longer path and query, and says so in its own way, not in theirs."""

_TOO_LONG = b"<html><head><title>414 Request-URI Too Large</title></head><body>Request-URI Too Large</body></html>"


Steps: TypeAlias = "Generator[float, bool | None, HttpResponse | None]"
"""Yields seconds to wait, takes whether the client has hung up meanwhile, returns the answer or None: no answer."""


def answer(cloud: Cloud, request: HttpRequest) -> Steps:
    """Handle one request; yield the seconds to wait now and again, return the answer, None for a lost connection.

    A generator, so that the server can wait without a thread and the in-process cloud without a loop.
    """
    if request.target.startswith(admin.PREFIX):
        return admin.answer(cloud, request)
    if (page := pages.answer(request)) is not None:
        return page
    cloud.access.append(request.target)
    if len(request.target) > LONGEST_TARGET:
        return HttpResponse(414, _TOO_LONG, {"content-type": "text/html"})
    service = cloud.service_for(request)
    if service is None:
        return HttpResponse(404, f"the local cloud has no service for {request.method} {request.path}\n".encode())
    try:
        return (yield from _call(cloud, service, request))
    except ServiceError as error:
        return service.refuse(request, error)


def _call(cloud: Cloud, service: Service, request: HttpRequest) -> Steps:
    with cloud.lock:
        call = service.identify(request)
        cloud.calls[f"{service.name}.{call.action}"] += 1
        fault = cloud.faults.take(service.name, call.action, lambda: service.request_ids(call))
        seen = SeenCall(service.name, call.action, call.parameters, lambda: _request_ids(service, call))
        cloud.recorder.called(seen, cloud.clock.now())
        if fault and fault.effect == "delay":
            cloud.recorder.delayed(seen, fault.delay_seconds, cloud.clock.now())
    try:
        response = yield from _struck(cloud, service, call, fault)
    except ServiceError as error:
        with cloud.lock:
            refusal = ApiError(call.action, error.status, error.code, error.message)
            cloud.recorder.failed(seen, refusal, cloud.clock.now(), fault=fault)
        raise
    if response is None:
        with cloud.lock:
            cloud.recorder.failed(seen, ApiError(call.action, None, "", ""), cloud.clock.now(), fault=fault)
    return response


def _struck(cloud: Cloud, service: Service, call: Call, fault: Fault | None) -> Steps:
    """Do the call, with what the fault does to it."""
    effect = fault.effect if fault else None
    if effect == "lose-request":
        return None
    if fault and effect == "delay":
        yield fault.delay_seconds
    with cloud.lock:
        service.authenticate(call)
        if fault and fault.error:
            raise fault.error
        if fault and effect == "vanish":
            call.vanish_after = fault.delay_seconds
    try:
        response = yield from _run(cloud, service, call)
    except ServiceError:
        if effect != "lose-response":
            raise
        return None  # a refusal is an answer, and is lost like any other
    return None if effect == "lose-response" else response


def _request_ids(service: Service, call: Call) -> list[str]:
    """Return the requests a call is about; none when it cannot be read."""
    try:
        return list(service.request_ids(call))
    except ServiceError:
        return []


def _run(cloud: Cloud, service: Service, call: Call) -> Steps:
    with cloud.lock:
        result = service.run(call)
    if not isinstance(result, LongPoll):
        return result
    # A client waits by its own clock; where the cloud's is driven, driving it past the end is enough as well.
    ends, cloud_ends = time.monotonic() + result.seconds, cloud.clock.now() + result.seconds
    while isinstance(result, LongPoll):
        if time.monotonic() >= ends or cloud.clock.now() >= cloud_ends:
            raise result.otherwise
        if (yield TICK):
            raise result.otherwise  # whoever waited has gone: nothing is handed to nobody
        with cloud.lock:
            result = service.run(call)
    return result
