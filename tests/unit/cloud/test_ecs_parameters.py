"""The table of ECS actions against two sources it was not made from: the official SDK and the product's contract."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest
from alibabacloud_ecs20140526 import models

from local.cloud.ecs.actions import ACTIONS
from local.cloud.ecs.parameters import COMMON
from shared.domain.create_instance.parameters import PARAMETERS

if TYPE_CHECKING:
    from darabonba.model import DaraModel


def wire_names(model: type[DaraModel]) -> set[str]:
    """Return the top-level wire names of a request model: what its `to_map` writes."""
    source = inspect.getsource(model.to_map)
    return {line.split("result['")[1].split("'")[0] for line in source.splitlines() if "result['" in line}


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_the_sdk_knows_every_parameter(action: str) -> None:
    """No action takes a parameter that the official SDK could not send."""
    known = wire_names(getattr(models, f"{action}Request"))
    tops = {name.split(".")[0] for name in ACTIONS[action].parameters.types}
    assert {top for top in tops if top not in known and not any(name.startswith(f"{top}.") for name in known)} == set()


def test_every_documented_parameter_is_taken() -> None:
    """CreateInstance takes every parameter of the contract."""
    assert {str(name) for name in PARAMETERS} <= set(ACTIONS["CreateInstance"].parameters.types) | COMMON
