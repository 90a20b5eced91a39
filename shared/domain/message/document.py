"""The order in which a message says things: the order in which its violations are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.create_instance.json_types import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.domain.message.request import Violation

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
            path = f"{prefix}{clean(name)}"
            yield path
            yield from _paths(item, path + ".", depth - 1)
    elif depth and isinstance(value, list):
        for number, item in enumerate(value, start=1):
            path = f"{prefix}{number}"
            yield path
            yield from _paths(item, path + ".", depth - 1)
