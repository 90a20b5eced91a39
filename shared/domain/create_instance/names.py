"""Two spellings of the same parameters: nested objects and lists, or flat documented names.

Inside the worker parameters are flat (`{"DataDisk.1.Size": 100}`), because the API's own names are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.message.request import Scalar


def nest(flat: Mapping[str, Scalar]) -> dict[str, Any]:
    """Return the nested spelling, as the SDK's `from_map` takes it. Every value is there, unchanged.

    Items keep their order; the numbers of a list that has gaps close up.
    """
    nested: dict[str, Any] = {}
    lists: dict[str, dict[int, dict[str, Scalar]]] = {}
    for name, value in flat.items():
        if "." not in name:
            nested[name] = value
            continue
        head, *number, leaf = name.split(".")
        if number:
            lists.setdefault(head, {}).setdefault(int(number[0]), {})[leaf] = value
        else:
            nested.setdefault(head, {})[leaf] = value
    for head, items in lists.items():
        nested[head] = [items[number] for number in sorted(items)]
    return nested
