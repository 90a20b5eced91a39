"""What ECS tells of an instance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Created:
    """CreateInstance's answer."""

    instance_id: str
    order_id: str | None = None
    trade_price: float | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """What DescribeInstances tells of one instance."""

    instance_id: str
    status: str
    instance_type: str = ""
    zone_id: str = ""
    private_ip_addresses: tuple[str, ...] = ()
    public_ip_address: str | None = None
    creation_time: str = ""
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def created_at(self) -> float | None:
        """When it was created, in epoch seconds: ECS tells whole minutes. None when the answer does not say."""
        try:
            return datetime.strptime(f"{self.creation_time}+0000", "%Y-%m-%dT%H:%MZ%z").timestamp()
        except ValueError:
            return None
