"""Reads template.yml: the ROS template as data, its intrinsic functions worked out as far as one machine can.

Short tags (`!Ref`) are read as their long forms. A reference to something only the cloud knows (an ARN, an id) comes
out as `Unresolved`, which the caller either replaces with a local value or reports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from local import defaults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class TemplateError(Exception):
    """The template does not say what it has to say; the text names the place."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A value that exists in the cloud only."""

    expression: str


class _Loader(yaml.SafeLoader):
    """YAML with ROS's short tags."""


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any = None
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


def load(path: Path) -> dict[str, Any]:
    """Read a template file; raise TemplateError when it cannot be read or is no template."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader with tags for ROS
    except (OSError, yaml.YAMLError) as error:
        raise TemplateError(f"{path} cannot be read as a template: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("Resources"), dict):
        raise TemplateError(f"{path} is no template: it has no Resources")
    return data


_OF_LISTS: dict[str, Callable[[str, Any], Any]] = {
    "Fn::Join": lambda separator, parts: separator.join(map(str, parts)),
    "Fn::Split": lambda separator, text: text.split(separator),
    "Fn::Select": lambda index, parts: parts[int(index)],
}


class Resolver:
    """Works out the values of one template for this machine; `parameters` are laid over the defaults."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, Any] | None = None) -> None:
        self._resources = template["Resources"]
        self._conditions = template.get("Conditions", {})
        self._known = {
            name: rule.get("Default", Unresolved(f"parameter {name}"))
            for name, rule in template.get("Parameters", {}).items()
        }
        self._known |= {
            "ALIYUN::Region": defaults.REGION,
            "ALIYUN::TenantId": defaults.ACCOUNT_ID,
            "ALIYUN::StackId": defaults.STACK_ID,
        }
        self._known |= parameters or {}

    def value(self, node: Any) -> Any:
        """Return the node with every intrinsic function worked out, or `Unresolved`."""
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name, argument)
        return {key: self.value(item) for key, item in node.items()}

    def holds(self, condition: str | None) -> bool:
        """Tell whether a condition of the template holds; where none is named, it does."""
        return condition is None or self._holds(self._conditions[condition])

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Ref":
            return self._known.get(argument, Unresolved(f"Ref {argument}"))
        if name == "Fn::GetAtt":
            return self._attribute(*argument)
        if name == "Fn::Sub":
            return self._substitute(argument)
        if name in _OF_LISTS:
            first, rest = (self.value(item) for item in argument)
            lost = [part for part in (rest if isinstance(rest, list) else [rest]) if isinstance(part, Unresolved)]
            return lost[0] if lost else _OF_LISTS[name](str(first), rest)
        if name == "Fn::If":
            condition, then, otherwise = argument
            return self.value(then if self.holds(condition) else otherwise)
        return Unresolved(name)

    def _attribute(self, resource: str, attribute: str) -> Any:
        """Return an attribute that repeats a property of its resource (a name), as most do that matter here."""
        properties = self._resources.get(resource, {}).get("Properties", {})
        return self.value(properties.get(attribute, Unresolved(f"{resource}.{attribute}")))

    def _substitute(self, argument: Any) -> Any:
        text, own = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
        lost: list[Unresolved] = []

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name in own:
                value = self.value(own[name])
            elif name in self._known:
                value = self._known[name]
            elif "." in name:
                value = self._attribute(*name.split(".", 1))
            else:
                value = Unresolved(f"Ref {name}")
            if isinstance(value, Unresolved):
                lost.append(value)
            return str(value)

        result = re.sub(r"\$\{([^!}]+)\}", replace, text)
        return lost[0] if lost else result

    def _holds(self, condition: Any) -> bool:
        ((name, argument),) = condition.items()
        if name == "Fn::Equals":
            left, right = (self.value(item) for item in argument)
            return bool(left == right)
        if name == "Fn::Not":
            return not self._holds(argument[0] if isinstance(argument, list) else argument)
        if name == "Condition":
            return self._holds(self._conditions[argument])
        raise TemplateError(f"condition {name} is not understood")
