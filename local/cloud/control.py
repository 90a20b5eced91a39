"""The `/_local` calls: tests and people set faults, account state and time, and look at what there is."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Any

from local.cloud.http import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.cloud import Cloud
    from local.cloud.http import HttpRequest


def answer(cloud: Cloud, request: HttpRequest) -> HttpResponse:
    """Do a `/_local` call: 204 for a change, 200 with JSON for the state, 4xx with `{"error": words}`."""
    if not _same_origin(request):
        return _json(403, {"error": "the /_local calls are for this machine's own programs: foreign Host or Origin"})
    name = request.path.removeprefix("/_local/")
    if name == "state" and request.method == "GET":
        return _json(200, cloud.state())
    change = _CHANGES.get(name)
    if change is None or request.method != "POST":
        known = ", ".join(["GET state", *(f"POST {change}" for change in _CHANGES)])
        return _json(404, {"error": f"unknown local call {request.method} {name}; known are {known}"})
    try:
        data = json.loads(request.body or b"{}")
        with cloud.lock:
            change(cloud, data)
    except ValueError as error:
        return _json(400, {"error": str(error)})
    return HttpResponse(204)


def _advance(cloud: Cloud, data: Any) -> None:  # noqa: ANN401 - JSON from outside
    seconds = data.get("advance") if isinstance(data, dict) else None
    if not isinstance(seconds, (int, float)):
        raise ValueError('the clock takes {"advance": seconds}')  # noqa: TRY004 - one kind of error for bad input
    cloud.clock.advance(seconds)


_CHANGES: dict[str, Callable[[Cloud, Any], None]] = {
    "faults": lambda cloud, data: cloud.faults.add(data),
    "config": lambda cloud, data: cloud.config.update(data),
    "clock": _advance,
    "reset": lambda cloud, _: cloud.reset(),
}


def _same_origin(request: HttpRequest) -> bool:
    """Refuse web pages of elsewhere. A Host that is an address cannot be a name rebound to this machine."""
    host = request.headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name != "localhost":
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
    origin = request.headers.get("origin")
    return origin is None or origin == f"http://{host}"


def _json(status: int, data: Any) -> HttpResponse:  # noqa: ANN401 - JSON
    body = json.dumps(data, separators=(",", ":")).encode()
    return HttpResponse(status, body, {"content-type": "application/json"})
