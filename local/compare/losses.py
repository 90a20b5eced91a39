"""What a side left behind, counted from the cloud's state alone: its instances, and the outcomes on the topic."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local import defaults

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COMPLETED = "provisioning.instance.completed"
STATUS_CALLS = ("ecs.DescribeInstanceStatus", "ecs.DescribeInstances")


@dataclass(frozen=True, slots=True)
class Losses:
    """The counts.

    `duplicates`: instances of a request beyond its first. `orphans`: instances that no outcome names, duplicates among
    them. `unanswered`: requests without an outcome. `wrong`: requests with an outcome that is not so.
    """

    duplicates: int
    orphans: int
    unanswered: int
    wrong: int
    status_calls: int

    @property
    def none(self) -> bool:
        """Whether nothing was lost."""
        return not (self.duplicates or self.orphans or self.unanswered or self.wrong)


def losses(state: Mapping[str, Any], asked: Mapping[str, bool]) -> Losses:
    """Count. `state` is that of `GET /_local/state`; `asked` says of each request whether it can be made."""
    instances: dict[str, dict[str, str]] = defaultdict(dict)
    for each in state["ecs"]["instances"]:
        instances[each["Parameters"]["InstanceName"]][each["InstanceId"]] = each["Status"]
    outcomes: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for body in state["mns"]["topics"][defaults.TOPIC]:
        outcome = json.loads(body)
        outcomes[outcome["data"]["requestId"]].append(outcome)
    named = {_named(outcome) for told in outcomes.values() for outcome in told}
    return Losses(
        duplicates=sum(len(ids) - 1 for ids in instances.values()),
        orphans=sum(instance_id not in named for ids in instances.values() for instance_id in ids),
        unanswered=sum(request_id not in outcomes for request_id in asked),
        wrong=sum(_is_wrong(outcomes[each], instances[each], can_be=can_be) for each, can_be in asked.items()),
        status_calls=sum(state["calls"].get(call, 0) for call in STATUS_CALLS),
    )


def _is_wrong(outcomes: Iterable[dict[str, Any]], instances: Mapping[str, str], *, can_be: bool) -> bool:
    """Tell whether an outcome says completed of what does not run, or failed of what could be made."""
    return any(
        not (can_be and instances.get(_named(outcome)) == "Running") if outcome["type"] == COMPLETED else can_be
        for outcome in outcomes
    )


def _named(outcome: dict[str, Any]) -> str:
    return str((outcome["data"]["instance"] or {}).get("instanceId"))
