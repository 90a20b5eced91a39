"""What a deployment ought to be: template.yml with one stack's parameters worked out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.runtime.template import Resolver, Unresolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Wanted:
    """The template's resources for one stack, by their logical names. Values only the cloud knows are left out."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str], *, region: str, account: str,
                 stack_id: str) -> None:  # fmt: skip
        self._template = template
        self.region, self.account = region, account
        own = {name: value for name, value in parameters.items() if name in template["Parameters"]}
        self._resolver = Resolver(
            template,
            {**own, "ALIYUN::Region": region, "ALIYUN::TenantId": account, "ALIYUN::StackId": stack_id},
        )

    def __getitem__(self, name: str) -> dict[str, Any]:
        """Return a resource's properties."""
        found: dict[str, Any] = _known(self._resolver.value(self._template["Resources"][name]["Properties"]))
        return found

    def of_type(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield the properties of every resource of a type that the stack's parameters ask for."""
        for name, resource in self._template["Resources"].items():
            if resource["Type"] == kind and self._resolver.holds(resource.get("Condition")):
                yield self[name]

    def parameter(self, name: str) -> str:
        """Return a parameter's value, its default where none was given."""
        return str(self._resolver.value({"Ref": name}))


def _known(value: Any) -> Any:
    """Return a value without what is unresolved in it."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if not isinstance(item, Unresolved)}
    if isinstance(value, list):
        return [_known(item) for item in value if not isinstance(item, Unresolved)]
    return value


def as_text(value: Any) -> str:
    """Return a value as text: numbers and booleans are written differently by different APIs."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, sort_keys=True)
    return str(value).lower() if isinstance(value, bool) else str(value)


def differences(wanted: Any, found: Any, path: str = "") -> list[str]:
    """Return where something is not as the template says, one sentence each; what it does not mention is not looked at.

    Values that are texts, numbers or booleans are the same when they are written the same; a list is one value.
    """
    if isinstance(wanted, dict):
        given = found if isinstance(found, dict) else {}
        return [
            said for key, value in wanted.items() for said in differences(value, given.get(key), f"{path}.{key}")
        ]  # fmt: skip
    if as_text(wanted) in (as_text(found), as_text(found or "")):
        return []
    is_there = "not set" if found is None else as_text(found)
    return [f"{path.removeprefix('.')} is {is_there}, the template says {as_text(wanted)}"]
