"""What differs between two templates: which resources would be added, changed and removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OURS = {"RequestQueue": "ALIYUN::MNS::Queue", "ProvisionFunction": "ALIYUN::FC3::Function"}
"""What every version's template has."""
ASIDE = ("Parameters", "Conditions", "Outputs")


@dataclass(frozen=True, slots=True)
class Change:
    """Something of a template; `kind` is `+`, `~` or `-`."""

    kind: str
    name: str
    type: str = ""

    def __str__(self) -> str:
        """Return it on one line."""
        return f"{self.kind} {self.name}" + (f" ({self.type})" if self.type else "")


def read(template: str) -> dict[str, Any]:
    """Return a template's data; one that cannot be read has none, and so everything differs."""
    try:
        data = yaml.load(template, _LOADER)  # noqa: S506 - a safe one, in C where PyYAML was built with it
    except yaml.YAMLError:
        return {}
    return data if isinstance(data, dict) else {}


def is_ours(template: dict[str, Any]) -> bool:
    """Tell whether a template is one of this worker's, of whatever version."""
    return OURS.items() <= {
        name: resource.get("Type") for name, resource in (template.get("Resources") or {}).items()
    }.items()  # fmt: skip


def changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    """Yield what differs: resources by name and type, then parameters, conditions and outputs as a whole."""
    before, after = old.get("Resources") or {}, new.get("Resources") or {}
    for name, resource in after.items():
        if name not in before:
            yield Change("+", name, resource["Type"])
        elif before[name] != resource:
            yield Change("~", name, resource["Type"])
    for name in before.keys() - after.keys():
        yield Change("-", name, str((before[name] or {}).get("Type")))
    for part in ASIDE:
        if old.get(part) != new.get(part):
            yield Change("~", part)
