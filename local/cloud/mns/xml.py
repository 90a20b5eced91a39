"""MNS's XML: flat elements in one namespace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from local.cloud.mns import exceptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"
Fields = dict[str, "str | Fields"]
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no document may have, escaped or not (XML 1.0, 2.2)."""


def document(root: str, fields: Mapping[str, object]) -> bytes:
    """Return `<root>` with one element a field; None leaves one out."""
    return _wrap(root, _elements(fields))


def listing(root: str, item: str, entries: Iterable[Mapping[str, object]], after: str = "") -> bytes:
    """Return `<root>` with one `<item>` an entry, and perhaps something after them."""
    return _wrap(root, "".join(f"<{item}>{_elements(fields)}</{item}>" for fields in entries) + after)


def element(name: str, value: object) -> str:
    """Return one element."""
    return f"<{name}>{escape(str(value))}</{name}>"


def carries(text: str) -> bool:
    """Tell whether a document can have this text in it."""
    return not _UNFIT.search(text)


def parse(body: bytes) -> tuple[str, list[tuple[str, str | Fields]]]:
    """Return the root's name and its children in order; raise ServiceError when it is no XML."""
    # Entities need a document type; without one nothing can expand.
    if b"<!" in body.split(b"<![CDATA[")[0]:
        raise exceptions.malformed("a document type is not allowed")
    try:
        root = ET.fromstring(body)  # noqa: S314 - see above
    except ET.ParseError as error:
        raise exceptions.malformed(str(error)) from None
    return _name(root), [(_name(child), _value(child)) for child in root]


def parse_fields(body: bytes, root: str) -> Fields:
    """Return the fields of a document with the given root."""
    name, children = parse(body)
    if name != root:
        raise exceptions.invalid(name, f"the element {root} is wanted")
    return dict(children)


def _wrap(root: str, inner: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">{inner}</{root}>'.encode()


def _elements(fields: Mapping[str, object]) -> str:
    return "".join(element(name, value) for name, value in fields.items() if value is not None)


def _name(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]


def _value(node: ET.Element) -> str | Fields:
    return {_name(child): _value(child) for child in node} if len(node) else (node.text or "")
