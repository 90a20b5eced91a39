"""The instances as they change state. Only those that can still change by themselves are looked at."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from local.defaults import REQUEST_TAG

if TYPE_CHECKING:
    from local.trace.trace import Trace

NEVER = float("inf")
SHOWN = 20
PASSING = frozenset({"Pending", "Starting"})
GONE = "gone"


class InstanceLike(Protocol):
    """What is read of an instance of the local cloud."""

    instance_id: str
    zone_id: str
    instance_type: str
    tags: dict[str, str]
    private_ip: str
    public_ip: str | None
    created_at: float
    stopped_at: float
    running_at: float

    @property
    def gone_at(self) -> float:
        """When it is there no more."""

    def status(self, now: float) -> str:
        """Return Pending, Stopped, Starting or Running."""


@dataclass(slots=True)
class Instances:
    """What is known of the instances: how many in each status, how many in each zone of each type, the newest ones."""

    trace: Trace
    counts: Counter[str] = field(default_factory=Counter)
    places: Counter[tuple[str, str]] = field(default_factory=Counter)
    _newest: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)
    _status: dict[str, str] = field(default_factory=dict)
    _moving: dict[str, InstanceLike] = field(default_factory=dict)

    def touch(self, instance: InstanceLike) -> None:
        """Take notice of an instance that is new, or that a call changed."""
        new = instance.instance_id not in self._status
        if new:
            self._status[instance.instance_id] = ""
            self.places[instance.zone_id, instance.instance_type] += 1
        self._moving[instance.instance_id] = instance
        if (key := request_of(instance)) and new:
            text = f"{instance.instance_id}, {instance.instance_type} in {instance.zone_id}"
            self.trace.tell(
                key, instance.created_at, "created", text, state="pending", instance=instance.instance_id,
                zone=instance.zone_id, type=instance.instance_type,
            )  # fmt: skip

    def look(self, now: float) -> None:
        """Tell of every instance whose status is another than it was."""
        for instance in list(self._moving.values()):
            self._look_at(instance, now)
        newest = list(reversed(self._newest.values()))[:SHOWN]
        counts = {status: number for status, number in self.counts.items() if number > 0}
        places = [[zone, kind, number] for (zone, kind), number in sorted(self.places.items()) if number > 0]
        self.trace.set_part("instances", {"counts": counts, "newest": newest, "places": places})

    def _look_at(self, instance: InstanceLike, now: float) -> None:
        name = instance.instance_id
        before = self._status[name]
        status = GONE if now >= instance.gone_at else instance.status(now)
        if status != before:
            self._tell(instance, before, status)
            self.counts[before] -= 1
            self.counts[status] += 1
            self._status[name] = status
            if status == GONE:
                self.places[instance.zone_id, instance.instance_type] -= 1
        self._newest[name] = {
            "id": name, "status": status, "type": instance.instance_type, "zone": instance.zone_id,
            "address": instance.public_ip or instance.private_ip, "request": request_of(instance),
        }  # fmt: skip
        if len(self._newest) > SHOWN:
            self._newest.popitem(last=False)
        if status == GONE or (status not in PASSING and instance.gone_at == NEVER):
            del self._moving[name]

    def _tell(self, instance: InstanceLike, before: str, status: str) -> None:
        key = request_of(instance)
        if key is None:
            return
        name = instance.instance_id
        # Between two looks an instance may have been Stopped already: a passing state is told by its time.
        if before in {"", "Pending"} and status != "Pending" and instance.stopped_at < instance.gone_at:
            self.trace.tell(key, instance.stopped_at, "stopped", f"{name} is Stopped")
        if status == "Running":
            self.trace.tell(key, instance.running_at, "running", f"{name} is Running")
        if status == GONE:
            self.trace.tell(key, instance.gone_at, "gone", f"{name} is gone")
        state = "starting" if status == "Starting" else None
        self.trace.note(key, instance.created_at, state=state, instanceStatus=status)


def request_of(instance: InstanceLike) -> str | None:
    """Return the request an instance was made for, by its tag."""
    return instance.tags.get(REQUEST_TAG, "").rpartition("/")[2] or None
