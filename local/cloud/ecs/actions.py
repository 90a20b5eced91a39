"""The table of actions. Each is one function in `creating`, `looking` or `changing`, with its parameters above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.cloud.ecs.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.ecs.models import Account
    from local.cloud.service import Call

    Values = dict[str, Any]
    Handler = Callable[[Account, Values, Call], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Action:
    """What an action takes and what it does."""

    parameters: Parameters
    handler: Handler


ACTIONS: dict[str, Action] = {}


def action(**names: str) -> Callable[[Handler], Handler]:
    """Enter a function as the action of its name (`start_instance` is StartInstance); see `Parameters.of`."""

    def enter(handler: Handler) -> Handler:
        name = "".join(word.capitalize() for word in handler.__name__.split("_"))
        ACTIONS[name] = Action(Parameters.of(**names), handler)
        return handler

    return enter
