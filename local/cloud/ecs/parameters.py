"""The parameters of an action: names, types, which are required (the API's metadata, read strictly)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from local.cloud.ecs import exceptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.domain.create_instance.schema import Scalar

Values = dict[str, Any]
"""The parameters of one call, read: typed values by flat name."""
KINDS = {str: "string", int: "integer", float: "number", bool: "boolean"}
"""What a type is called here."""
COMMON = frozenset(
    {
        "AccessKeyId", "Action", "Format", "OwnerAccount", "OwnerId", "RegionId", "ResourceOwnerAccount",
        "ResourceOwnerId", "SecurityToken", "Signature", "SignatureMethod", "SignatureNonce", "SignatureType",
        "SignatureVersion", "SourceRegionId", "Timestamp", "Version",
    }
)  # fmt: skip
"""Names every action takes; they say who calls and how, not what is to be done."""

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Parameters:
    """What an action takes: the type of each name (`DataDisk.N.Size` for a list's items), and what is required."""

    types: Mapping[str, str]
    required: tuple[str, ...]

    @classmethod
    def of(cls, **names: str) -> Parameters:
        """Make one from names by type: `string="RegionId! ZoneId"`, `!` for required."""
        types = {name.rstrip("!"): kind for kind, listed in names.items() for name in listed.split()}
        required = tuple(n[:-1] for listed in names.values() for n in listed.split() if n.endswith("!"))
        return cls(types, required)

    def read(self, raw: Mapping[str, str]) -> dict[str, Scalar]:
        """Return typed values by flat name; raise ServiceError for what is unknown, missing or of the wrong type."""
        values: dict[str, Scalar] = {}
        for name, text in raw.items():
            kind = self.types.get(name) or self.types.get(_template(name))
            if kind is not None:
                values[name] = _READERS[kind](name, text)
            elif name not in COMMON:
                raise exceptions.invalid(name, "this action has no such parameter")
        for name in self.required:
            if values.get(name) in {None, ""}:
                raise exceptions.missing(name)
        return values


def items(values: Mapping[str, Scalar], prefix: str) -> list[str]:
    """Return the values of a list of strings (`InstanceId.1`, `InstanceId.2`) in order of their numbers."""
    return [str(value) for _, value in _numbered(values, prefix)]


def pairs(values: Mapping[str, Scalar], prefix: str, key: str, value: str) -> dict[str, str | None]:
    """Return a list of pairs (`Tag.1.Key`, `Tag.1.Value`) as a mapping; None for a key without a value."""
    keys = {name[: -len(key)]: str(v) for name, v in _numbered(values, prefix) if name.endswith(f".{key}")}
    return {k: None if (v := values.get(stem + value)) is None else str(v) for stem, k in keys.items()}


def _numbered(values: Mapping[str, Scalar], prefix: str) -> list[tuple[str, Scalar]]:
    found = [(name, value) for name, value in values.items() if name.startswith(f"{prefix}.")]
    return sorted(found, key=lambda item: int(item[0].split(".")[1]))


@lru_cache(4096)
def _template(name: str) -> str:
    """Return `DataDisk.N.Size` for `DataDisk.3.Size`; numbers count from 1 without leading zeros."""
    return ".".join("N" if re.fullmatch(r"[1-9][0-9]{0,3}", part) else part for part in name.split("."))


def _integer(name: str, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise exceptions.invalid(name, "an integer is wanted")
    return int(text)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise exceptions.invalid(name, "a number is wanted") from None


def _boolean(name: str, text: str) -> bool:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise exceptions.invalid(name, "true or false is wanted")
    return value


_READERS: dict[str, Callable[[str, str], Scalar]] = {
    "string": lambda _, text: text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}
