"""A request and a response, whatever brought them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(slots=True)
class HttpRequest:
    """One request. Header names are lower case; `target` is path and query exactly as they were sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path as sent, without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, decoded; of a repeated one the last counts."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


@dataclass(slots=True)
class HttpResponse:
    """One answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_response(status: int, data: Any) -> HttpResponse:
    """Return an answer in JSON."""
    body = json.dumps(data, separators=(",", ":")).encode()
    return HttpResponse(status, body, {"content-type": "application/json"})
