"""What the envelope asks for against what the parameters say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.domain.message.request import Scalar


@dataclass(frozen=True, slots=True)
class Asked:
    """The envelope's fields that parameters can contradict."""

    release: bool
    allocate_public_ip: bool


def conflicts(asked: Asked, flat: Mapping[str, Scalar | None]) -> Iterator[tuple[str, str, str]]:
    """Yield the envelope's field, the parameter that contradicts it, and the words."""
    if asked.release:
        for name, why in _unreleasable(flat):
            yield "onFailure", name, f"release is impossible when {name} is {why}"
    if asked.allocate_public_ip and flat.get("InternetMaxBandwidthOut") in (None, 0):
        name = "InternetMaxBandwidthOut"
        yield "allocatePublicIp", name, f"a public address needs {name} above 0"


def _unreleasable(flat: Mapping[str, Scalar | None]) -> Iterator[tuple[str, str]]:
    if flat.get("InstanceChargeType") == "PrePaid":
        yield "InstanceChargeType", "PrePaid"
    if flat.get("DeletionProtection") is True:
        yield "DeletionProtection", "true"
    for name, value in flat.items():
        if value is False and name.startswith("DataDisk.") and name.endswith(".DeleteWithInstance"):
            yield name, "false"
