"""The `/_local` calls: tests and people set faults, account state and time, and look at what there is.

`GET /_local/events`, the feed, has no end and is answered by `feed`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.cloud.http import HttpResponse, json_response
from local.cloud.intake import enqueue
from local.cloud.letters import listed, replay
from local.cloud.origin import refusal
from local.cloud.service import ServiceError
from local.trace.worker_log import read_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.cloud import Cloud
    from local.cloud.http import HttpRequest

PREFIX = "/_local/"


def answer(cloud: Cloud, request: HttpRequest) -> HttpResponse:
    """Do a `/_local` call: 204 for a change, 200 with JSON for a look, 4xx with `{"error": words}`."""
    if (refused := refusal(request)) is not None:
        return refused
    name, _, rest = request.path.removeprefix(PREFIX).partition("/")
    call = _CALLS.get((request.method, name))
    if call is None:
        known = ", ".join(f"{method} {known}" for method, known in _CALLS)
        words = f"unknown local call {request.method} {name}; known are {known}, GET events"
        return json_response(404, {"error": words})
    try:
        with cloud.lock:
            return call(cloud, request, rest)
    except ValueError as error:
        return json_response(400, {"error": str(error)})
    except ServiceError as error:
        return json_response(error.status, {"error": error.message})


def _look(look: Callable[[Cloud], Any]) -> Callable[[Cloud, HttpRequest, str], HttpResponse]:
    return lambda cloud, _request, _rest: json_response(200, look(cloud))


def _change(change: Callable[[Cloud, Any], None]) -> Callable[[Cloud, HttpRequest, str], HttpResponse]:
    def call(cloud: Cloud, request: HttpRequest, _rest: str) -> HttpResponse:
        try:
            data = json.loads(request.body or b"{}")
        except RecursionError:
            raise ValueError("the JSON is nested too deeply") from None
        change(cloud, data)
        return HttpResponse(204)

    return call


def _advance(cloud: Cloud, data: Any) -> None:
    seconds = data.get("advance") if isinstance(data, dict) else None
    if not isinstance(seconds, (int, float)):
        raise ValueError('the clock takes {"advance": seconds}')  # noqa: TRY004 - one kind of error for bad input
    cloud.clock.advance(seconds)


def _log(cloud: Cloud, request: HttpRequest, _rest: str) -> HttpResponse:
    """Take the worker's log lines in; none say that it is still there."""
    cloud.recorder.heard(cloud.clock.now())
    lines = request.body.decode("utf-8", "replace").splitlines()
    read_lines(cloud.recorder.trace, lines, cloud.clock.now())
    return HttpResponse(204)


def _certificate(cloud: Cloud, _request: HttpRequest, _rest: str) -> HttpResponse:
    """Show the certificate that pushes are signed with."""
    return HttpResponse(200, cloud.mns.signer.certificate, {"content-type": "application/x-pem-file"})


def _worker(cloud: Cloud, data: Any) -> None:
    """Take in where the worker keeps its records, so that commands look into the same ones."""
    if not isinstance(data, dict) or data.keys() != {"store", "data"} or data["store"] not in ("sqlite", "tablestore"):
        raise ValueError('a worker says {"store": "sqlite" or "tablestore", "data": directory}')
    if not isinstance(data["data"], str):
        raise ValueError("data is a directory's name")  # noqa: TRY004 - one kind of error for bad input
    cloud.worker = dict(data)


def _remove_faults(cloud: Cloud, _request: HttpRequest, number: str) -> HttpResponse:
    cloud.faults.remove(number)
    return HttpResponse(204)


def _request(cloud: Cloud, request: HttpRequest, key: str) -> HttpResponse:
    """Show what happened to one request; an id of dots, which clients take for a folder, comes as `?id=`."""
    key = key or request.query.get("id", "")
    cloud.look()
    found = cloud.recorder.trace.requests.get(key)
    if found is None:
        return json_response(404, {"error": f"nothing is known of {key}"})
    return json_response(200, found.whole())


def _replay(cloud: Cloud, _request: HttpRequest, letter_id: str) -> HttpResponse:
    """Send one dead letter's messages again, or those of all."""
    return json_response(201, {"messageIds": replay(cloud, letter_id)})


_CALLS: dict[tuple[str, str], Callable[[Cloud, HttpRequest, str], HttpResponse]] = {
    ("GET", "state"): _look(lambda cloud: cloud.state()),
    ("GET", "certificate"): _certificate,
    ("GET", "access"): _look(lambda cloud: list(cloud.access)),
    ("GET", "faults"): _look(lambda cloud: cloud.faults.to_json()),
    ("POST", "faults"): _change(lambda cloud, data: cloud.faults.add(data)),
    ("DELETE", "faults"): _remove_faults,
    ("GET", "config"): _look(lambda cloud: cloud.config.to_json()),
    ("POST", "config"): _change(lambda cloud, data: cloud.config.update(data)),
    ("POST", "clock"): _change(_advance),
    ("POST", "reset"): _change(lambda cloud, _: cloud.reset()),
    ("GET", "worker"): _look(lambda cloud: cloud.worker),
    ("POST", "worker"): _change(_worker),
    ("POST", "log"): _log,
    ("POST", "enqueue"): enqueue,
    ("GET", "requests"): _request,
    ("GET", "dead-letters"): _look(listed),
    ("POST", "dead-letters"): _replay,
}
"""What each call does, with the rest of its path after the name."""
