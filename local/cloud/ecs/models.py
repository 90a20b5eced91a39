"""The account's instances. A status is computed from stored times when it is asked for; no timer runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from local.cloud.config import limit
from local.cloud.ecs import exceptions
from local.cloud.ecs.tokens import Tokens
from local.cloud.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from local.cloud.config import Limits
    from local.cloud.core import Core
    from shared.domain.create_instance.schema import Scalar

NEVER = float("inf")


@dataclass(slots=True)
class Instance:
    """One instance. Times are the cloud's; `parameters` are CreateInstance's without secrets and tags."""

    instance_id: str
    number: int
    region_id: str
    zone_id: str
    instance_type: str
    parameters: Mapping[str, Scalar]
    tags: dict[str, str]
    private_ip: str
    created_at: float
    stopped_at: float
    visible_at: float
    deletable_at: float
    running_at: float = NEVER
    started: bool = False
    vanishes_at: float = NEVER
    release_at: float = NEVER
    public_ip: str | None = None

    @property
    def gone_at(self) -> float:
        """When it is there no more: it was deleted, vanished, or its release time came."""
        return min(self.vanishes_at, self.release_at)

    @property
    def auto_release_time(self) -> str:
        """Its release time as the API writes it; empty when there is none."""
        if self.release_at == NEVER:
            return ""
        return datetime.fromtimestamp(self.release_at, timezone.utc).strftime("%Y-%m-%dT%H:%MZ")

    def status(self, now: float) -> str:
        """Return Pending, Stopped, Starting or Running."""
        if self.started:
            return "Running" if now >= self.running_at else "Starting"
        return "Stopped" if now >= self.stopped_at else "Pending"


@dataclass(slots=True)
class Account:
    """All instances and client tokens of the account."""

    cloud: Core
    instances: dict[str, Instance] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    addresses: int = 0

    @property
    def now(self) -> float:
        """The cloud's time."""
        return self.cloud.clock.now()

    def get(self, instance_id: str) -> Instance:
        """Return an instance that exists, listed yet or not; raise ServiceError."""
        instance = self.instances.get(instance_id)
        if instance is None or self.now >= instance.gone_at:
            raise exceptions.no_instance(instance_id)
        return instance

    def existing(self) -> Iterator[Instance]:
        """Yield what has not gone, oldest first."""
        now = self.now
        return (instance for instance in self.instances.values() if now < instance.gone_at)

    def visible(self, region_id: str, ids: Collection[str] | None = None) -> list[Instance]:
        """Return what the region's answers show, oldest first: a new instance is absent for the read lag.

        With ids it costs by the ids, not by what there is.
        """
        now = self.now
        among = self.instances.values() if ids is None else map(self.instances.get, dict.fromkeys(ids))
        found = [i for i in among if i and i.region_id == region_id and i.visible_at <= now < i.gone_at]
        return found if ids is None else sorted(found, key=lambda instance: instance.number)

    def check_limits(self, zone_id: str, instance_type: str) -> None:
        """Refuse what stock or quota does not leave room for."""
        config = self.cloud.config
        if self._full(config.quotas, zone_id, instance_type):
            raise ServiceError(403, "QuotaExceed.ElasticQuota", f"The quota for {instance_type} is used up.")
        if self._full(config.stock, zone_id, instance_type):
            raise ServiceError(403, "OperationDenied.NoStock", f"{instance_type} is sold out in {zone_id}.")

    def create(
        self, parameters: Mapping[str, Scalar], tags: dict[str, str], zone_id: str, vanish: float | None
    ) -> Instance:
        """Make an instance; `vanish` is after how many seconds it disappears again."""
        now, config, number = self.now, self.cloud.config, len(self.instances) + 1
        instance = Instance(
            instance_id=self.cloud.new_id("i-bp"),
            number=number,
            region_id=str(parameters["RegionId"]),
            zone_id=zone_id,
            instance_type=str(parameters["InstanceType"]),
            parameters=parameters,
            tags=tags,
            private_ip=str(parameters.get("PrivateIpAddress") or f"172.16.{number // 250 % 250}.{number % 250 + 1}"),
            created_at=now,
            stopped_at=now + config.delay("Pending"),
            visible_at=now + config.read_lag,
            deletable_at=now + config.delay("Initializing"),
            vanishes_at=NEVER if vanish is None else now + vanish,
        )
        self.instances[instance.instance_id] = instance
        self.cloud.recorder.instance(instance)
        return instance

    def new_address(self) -> str:
        """Return a public address that nobody has, of the blocks reserved for documentation and tests."""
        self.addresses += 1
        return f"198.{18 + self.addresses // 62500 % 2}.{self.addresses // 250 % 250}.{self.addresses % 250 + 1}"

    def _full(self, limits: Limits, zone_id: str, instance_type: str) -> bool:
        found = limit(limits, zone_id, instance_type)
        if found is None:
            return False
        zone_key, type_key, number = found
        return number <= sum(
            zone_key in {instance.zone_id, "*"} and type_key in {instance.instance_type, "*"}
            for instance in self.existing()
        )

    def to_json(self) -> dict[str, Any]:
        """Return the instances as `GET /_local/state` shows them, those that nobody sees yet among them."""
        now = self.now
        shown = [
            {
                "InstanceId": instance.instance_id,
                "Status": instance.status(now),
                "Tags": instance.tags,
                "RegionId": instance.region_id,
                "ZoneId": instance.zone_id,
                "InstanceType": instance.instance_type,
                "CreatedAt": instance.created_at,
                "PrivateIpAddress": instance.private_ip,
                "PublicIpAddress": instance.public_ip,
                "AutoReleaseTime": instance.auto_release_time,
                "Parameters": dict(instance.parameters),
            }
            for instance in self.existing()
        ]
        return {"instances": shown, "gone": [i.instance_id for i in self.instances.values() if now >= i.gone_at]}
