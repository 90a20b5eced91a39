"""The locked requirements of a target: read from requirements/runtime.txt, markers worked out for the target.

pip works markers out for the Python it runs on, not for the one it downloads for; so they are worked out here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

    from local.package.target import Target

NOT_NEEDED = {
    "numpy": "tablestore's time series only; it imports without",
    "pycryptodome": "required by aliyun-mns-sdk, imported by nothing",
    "future": "required by tablestore for Python 2, imported by nothing",
    "pycparser": "required by cffi to build bindings, not to run them",
}
"""Locked distributions that nothing loads at run time, and why; the unpacked package is run by a test."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One pinned distribution with the hashes it may have."""

    name: str
    version: str
    hashes: tuple[str, ...]

    @property
    def line(self) -> str:
        """The requirement as pip reads it."""
        return " ".join([f"{self.name}=={self.version}", *(f"--hash={value}" for value in self.hashes)])


def locked_for(target: Target, path: Path) -> list[Locked]:
    """Return what the target needs at run time, in the file's order."""
    found = []
    for entry in re.split(r"\n(?=[A-Za-z0-9])", path.read_text(encoding="utf-8")):
        if not re.match(r"[A-Za-z0-9]", entry):
            continue
        requirement = Requirement(re.split(r"\s*\\\n|\s+--hash|\n", entry, maxsplit=1)[0])
        if requirement.marker and not requirement.marker.evaluate(target.environment):
            continue
        name = canonicalize_name(requirement.name)
        if name not in NOT_NEEDED:
            version = str(requirement.specifier).removeprefix("==")
            found.append(Locked(name, version, tuple(re.findall(r"--hash=(\S+)", entry))))
    return found
