"""Who may look: programs and pages of this machine, no web page of elsewhere."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from local.cloud.http import json_response

if TYPE_CHECKING:
    from local.cloud.http import HttpRequest, HttpResponse


def refusal(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a call from elsewhere, None for one that may pass.

    A Host that is an address cannot be a name rebound to this machine.
    """
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    if _is_address(host) and (origin is None or origin == f"http://{host}"):
        return None
    return json_response(403, {"error": "this is for this machine's own programs: foreign Host or Origin"})


def _is_address(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
