"""What the tables of tests are made of: a valid request, and cases on both sides of a limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.create_instance.check import check_parameters
from shared.domain.create_instance.names import flatten
from shared.domain.create_instance.view import CheckOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.domain.create_instance.schema import Violation

BASE: Mapping[str, Any] = {
    "RegionId": "cn-hangzhou",
    "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
    "InstanceType": "ecs.g6.large",
}
"""The least that is a valid request."""


@dataclass(frozen=True)
class Case:
    """One sentence of the page: what it lets through, what it refuses, and with which field and code.

    `good` and `bad` are changes to the least request, None to leave something out.
    """

    page: str
    field: str
    code: str
    good: Sequence[Mapping[str, Any]]
    bad: Sequence[Mapping[str, Any]]
    contract: CheckOptions = field(default_factory=CheckOptions)


def values(name: str, *each: object) -> list[dict[str, object]]:
    """Return one change per value of a single parameter."""
    return [{name: value} for value in each]


def request_with(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the least request with a change."""
    return {name: value for name, value in {**BASE, **change}.items() if value is not None}


def violations(change: Mapping[str, Any], contract: CheckOptions) -> list[Violation]:
    """Return what is wrong with the least request after a change."""
    flat = flatten(request_with(change))
    return [*flat.violations, *check_parameters(flat.values, contract)]


def good_sides(cases: Sequence[Case]) -> list[Any]:
    """Return one test parameter for each change that passes."""
    return [
        pytest.param(case, change, id=_id(case, number)) for case in cases for number, change in enumerate(case.good)
    ]


def bad_sides(cases: Sequence[Case]) -> list[Any]:
    """Return one test parameter for each change that is refused."""
    return [
        pytest.param(case, change, id=_id(case, number)) for case in cases for number, change in enumerate(case.bad)
    ]


def _id(case: Case, number: int) -> str:
    return f"{case.page}-{number}"
