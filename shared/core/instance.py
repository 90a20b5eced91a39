"""What ECS tells of an instance."""

from __future__ import annotations

from dataclasses import dataclass


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
