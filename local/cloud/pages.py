"""The page at `/`: files that are served as they are, to this machine only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from local.cloud.http import HttpResponse, json_response
from local.cloud.origin import refusal

if TYPE_CHECKING:
    from local.cloud.http import HttpRequest

FOLDER = Path(__file__).resolve().parents[1] / "page"
PREFIX = "/_page/"
INDEX = "index.html"
TYPES = {
    ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json",
    ".svg": "image/svg+xml",
}  # fmt: skip
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page gets nothing from anywhere else, and is shown in no other page."""
HEADERS = {
    "content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}  # fmt: skip


def answer(request: HttpRequest) -> HttpResponse | None:
    """Return the page or a file of it; None for what is no request for it, as a call of ECS at `/`."""
    if request.method != "GET" or not _is_for_the_page(request):
        return None
    if (refused := refusal(request)) is not None:
        return refused
    name = request.path.removeprefix(PREFIX) if request.path.startswith(PREFIX) else INDEX
    if name == "samples.json":
        return json_response(200, _samples())
    if name not in _files():
        return HttpResponse(404, b"the page has no such file\n")
    path = FOLDER / name
    return HttpResponse(200, path.read_bytes(), HEADERS | {"content-type": f"{TYPES[path.suffix]}; charset=utf-8"})


def _is_for_the_page(request: HttpRequest) -> bool:
    if request.path == "/":
        return "x-acs-action" not in request.headers and "Action" not in request.query
    return request.path.startswith(PREFIX)


@cache
def _files() -> frozenset[str]:
    return frozenset(path.name for path in FOLDER.iterdir() if path.suffix in TYPES)


@cache
def _samples() -> list[dict[str, object]]:
    from local.samples import page_samples  # noqa: PLC0415 - only the page needs them

    return page_samples()
