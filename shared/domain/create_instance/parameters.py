"""Every parameter by its documented name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.create_instance import billing, instance, placement, storage, tags

if TYPE_CHECKING:
    from shared.domain.create_instance.schema import Parameter

SECTIONS: tuple[tuple[str, tuple[Parameter, ...]], ...] = (
    ("Instance", instance.PARAMETERS),
    ("Placement and network", placement.PARAMETERS),
    ("Storage", storage.PARAMETERS),
    ("Billing", billing.PARAMETERS),
    ("Tags", tags.PARAMETERS),
)
PARAMETERS: dict[str, Parameter] = {item.name: item for _, items in SECTIONS for item in items}
"""By table name: items of lists are spelt with N."""
OBJECTS = ("SystemDisk", "PrivatePoolOptions", "HibernationOptions")
LISTS: dict[str, int | None] = {"DataDisk": storage.MAX_DATA_DISKS, "Tag": tags.MAX_TAGS, "Arn": None}
"""The lists, and how many items the API numbers; for Arn the page gives no limit."""
REQUIRED = ("RegionId", "InstanceType")

_USUAL = 20
_FLAT = {name: item for name, item in PARAMETERS.items() if ".N." not in name} | {
    f"{head}.{number}.{item.name.rpartition('.')[2]}": item
    for head, most in LISTS.items()
    for item in PARAMETERS.values()
    if item.name.startswith(f"{head}.N.")
    for number in range(1, (most or _USUAL) + 1)
}
"""What is looked up most, made once."""
_LONGEST_NUMBER = 5
_LONGEST_NAME = 100


def lookup(name: str) -> Parameter | None:
    """Return the parameter a flat name (`DataDisk.1.Size`) stands for, or None.

    Numbers beyond a list's limit are names, too: that there are too many is for a rule to say.
    """
    found = _FLAT.get(name)
    if found is None and name.count(".") == 2 and len(name) < _LONGEST_NAME:  # noqa: PLR2004 - list, number, field
        head, number, leaf = name.split(".")
        if number.isascii() and number.isdigit() and number[0] != "0" and len(number) <= _LONGEST_NUMBER:
            found = PARAMETERS.get(f"{head}.N.{leaf}")
    return found
