"""A queue message: JSON text in, a valid request or everything that is wrong with it, in document order, out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from shared.domain.create_instance.hints import MOST, unknown_field
from shared.domain.create_instance.json_types import Repeated, kind_of, printable
from shared.domain.create_instance.schema import Violation
from shared.domain.create_instance.view import CheckOptions
from shared.domain.message.alternatives import Content, unreadable_alternatives
from shared.domain.message.envelope import MAX_DEFERRED, REQUIRED, UNKNOWN, Asked, read_envelope
from shared.domain.message.json import NotJson, read_json
from shared.domain.message.request import Refusal, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


MAX_MESSAGE_BYTES = 48 * 1024
_COUNT_BYTES = len(f'"deferred":{MAX_DEFERRED},')
"""What the worker itself may have added when it sent the message again."""
_DEFAULT = CheckOptions()


def parse(body: str, options: CheckOptions = _DEFAULT) -> Request | Refusal:
    """Return the request a message makes, or a refusal with every violation, in document order.

    Never raises, whatever the text is. Whether `notAfter` is past is for the caller, who has a clock.
    """
    try:
        document = read_json(body)
    except NotJson as error:
        return Refusal((Violation("", "MalformedMessage", f"the message {error}"),))
    if not isinstance(document, dict):
        return Refusal((Violation("", "MalformedMessage", f"must be a JSON object, not {kind_of(document)}"),))
    envelope, violations = _read_envelope(document)
    violations = [*_size(body, document), *violations]
    asked = Asked(envelope.get("on_failure") == "release", envelope.get("allocate_public_ip") is True)
    content = None
    if "parameters" in envelope:
        content = Content(envelope["parameters"], asked, options)
        content.add_alternatives(envelope.get("alternatives", ()))
        violations += content.violations
    else:
        violations += unreadable_alternatives(envelope.get("alternatives", ()))
    if violations or content is None:
        return Refusal(
            in_document_order(violations, document),
            request_id=envelope.get("request_id"),
            region_id=_region(content),
            metadata=envelope.get("metadata", {}),
        )
    return _request(envelope, content)


def _request(envelope: Mapping[str, Any], content: Content) -> Request:
    parameters = content.parameters
    token = parameters.pop("ClientToken", None)
    read = {"parameters": parameters, "alternatives": tuple(content.overlays)}
    return Request(
        **{**envelope, **read},
        client_token=None if token is None else str(token),
        warnings=tuple(content.warnings),
    )


def _read_envelope(document: dict[str, Any]) -> tuple[dict[str, Any], list[Violation]]:
    """Return what could be read, by attribute, and what could not."""
    names = document.names if isinstance(document, Repeated) else ()
    twice = frozenset(names)
    violations = [Violation(printable(name), "InvalidParameter", "is given twice") for name in names]
    once = {name: value for name, value in document.items() if name not in twice} if twice else document
    try:
        return read_envelope(once), violations
    except ValidationError as error:
        found = _violations(_explained(error.messages), "")
        violations += [each for each in found if each.field not in twice]
        return dict(error.valid_data or {}), violations


def _explained(messages: Any) -> dict[str, Any]:
    """Put what was probably meant into the words for unknown names."""
    unknown = [name for name, words in messages.items() if words == [UNKNOWN]]
    return {**messages, **{name: [unknown_field(name)] for name in unknown[:MOST]}}


def _violations(messages: Any, field: str) -> Iterator[Violation]:
    if isinstance(messages, dict):
        for name, below in messages.items():
            yield from _violations(
                below, field if name is None else f"{field}.{printable(name)}" if field else printable(name)
            )
    else:
        for words in messages:
            yield Violation(field, "MissingParameter" if words == REQUIRED else "InvalidParameter", words)


def _size(body: str, document: dict[str, Any]) -> Iterator[Violation]:
    size = len(body) if body.isascii() else len(body.encode("utf-8", "surrogatepass"))
    if size > MAX_MESSAGE_BYTES + (_COUNT_BYTES if "deferred" in document else 0):
        words = f"the message must have at most {MAX_MESSAGE_BYTES} bytes, and has {size}"
        yield Violation("", "InvalidParameter", words)


def _region(content: Content | None) -> str | None:
    region = content.parameters.get("RegionId") if content else None
    return region if isinstance(region, str) and region and printable(region) == region else None


_DEEPEST = 6
"""No field is deeper: alternatives, number, DataDisk, number, Size."""


def in_document_order(violations: Sequence[Violation], document: Any) -> tuple[Violation, ...]:
    """Sort violations by where their field stands in the message.

    What is missing comes after everything its object has; within one field the order stays.
    """
    order: dict[str, int] = {}
    last: dict[str, int] = {}
    for position, path in enumerate(_paths(document, "", _DEEPEST)):
        order.setdefault(path, position)
        parent = path
        while parent:
            parent = parent.rpartition(".")[0]
            last[parent] = position

    def place(violation: Violation) -> tuple[int, int]:
        found = order.get(violation.field) if violation.field else -1
        if found is not None:
            return found, 0
        parent = violation.field
        while parent and parent not in last:
            parent = parent.rpartition(".")[0]
        return last.get(parent, -1), 1

    return tuple(sorted(violations, key=place))


def _paths(value: Any, prefix: str, depth: int) -> Iterator[str]:
    if depth and isinstance(value, dict):
        for name, item in value.items():
            path = f"{prefix}{printable(name)}"
            yield path
            yield from _paths(item, path + ".", depth - 1)
    elif depth and isinstance(value, list):
        for number, item in enumerate(value, start=1):
            path = f"{prefix}{number}"
            yield path
            yield from _paths(item, path + ".", depth - 1)
