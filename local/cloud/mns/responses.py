"""What an action is called with, and the shapes of answers that several actions share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.cloud.http import HttpResponse
from local.cloud.mns import attributes, exceptions, xml

if TYPE_CHECKING:
    from collections.abc import Iterable


CONTENT_TYPE = {"content-type": "text/xml;charset=utf-8"}
MAX_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Arguments:
    """What an action is called with: the names in its path, its query (names in lower case), its body.

    `origin` is the URL under which the caller reached this cloud, `path` where on it.
    """

    names: tuple[str, ...]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    origin: str
    path: str

    @property
    def location(self) -> str:
        """The URL that was called, without its query."""
        return self.origin + self.path


def answer(status: int, body: bytes = b"", **headers: str) -> HttpResponse:
    """Return an answer; with a body it is XML."""
    return HttpResponse(status, body, headers | (CONTENT_TYPE if body else {}))


def list_urls(arguments: Arguments, kind: str, names: Iterable[str]) -> HttpResponse:
    """Answer the URLs of things page by page: `x-mns-prefix`, `x-mns-ret-number`, `x-mns-marker` (the last name)."""
    headers = arguments.headers
    most = (
        attributes.number(headers, "x-mns-ret-number", 1, MAX_LISTED) if "x-mns-ret-number" in headers else MAX_LISTED
    )
    prefix, marker = headers.get("x-mns-prefix", ""), headers.get("x-mns-marker", "")
    found = [name for name in sorted(names) if name.startswith(prefix) and name > marker]
    after = xml.element("NextMarker", found[most - 1]) if len(found) > most else ""
    entries = [{f"{kind}URL": f"{arguments.location}/{name}"} for name in found[:most]]
    return answer(200, xml.listing(f"{kind}s", kind, entries, after))


def message_body(fields: xml.Fields, limit: int) -> str:
    """Return a message's body; raise ServiceError when there is none, it is too long, or XML cannot carry it."""
    body = fields.get("MessageBody", "")
    if not isinstance(body, str) or not body:
        raise exceptions.invalid("MessageBody", "a text is wanted")
    if not xml.carries(body):
        raise exceptions.invalid("MessageBody", "it has characters that XML cannot carry: send it in base64")
    if (size := len(body.encode())) > limit:
        raise exceptions.invalid("MessageBody", f"{size} bytes are more than the {limit} allowed")
    return body


def milliseconds(seconds: float) -> int:
    """Return MNS's form of a time."""
    return int(seconds * 1000)
