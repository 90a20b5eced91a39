"""What ECS's answers hold, read strictly: the SDK hands on whatever type stands there.

What is no text where a text belongs would make a record that cannot be stored or read, or an outcome against its own
schema. It makes an answer that cannot be read: ValueError or TypeError, in words that quote nothing of it.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

from shared.domain.lifecycle.record import Instance

_LONGEST = 4096
"""Characters; a few texts of an answer become part of an outcome, which is bounded."""
_ID = re.compile(r"[!-~]{1,128}")


def required(value: Any) -> str:
    """Return the text that an answer must hold; without it the answer is none."""
    if not (found := text(value)):
        raise ValueError("the answer lacks what it must hold")
    return found


def instance_id(value: Any) -> str:
    """Return an instance's id, which becomes a key, and part of other calls."""
    if not _ID.fullmatch(found := required(value)):
        raise ValueError("the answer has an id that is none")
    return found


def text(value: Any) -> str:
    """Return a text of an answer, empty when there is none."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"the answer has {type(value).__name__} where a text belongs")
    if value and len(value) > _LONGEST:
        raise ValueError("the answer has a text that is too long")
    return value or ""


def order_id(value: Any) -> str | None:
    """Return an order's id, a number's digits, too; like the price it is no reason to lose an instance."""
    return str(value) if value and isinstance(value, (str, int)) else None


def trade_price(value: Any) -> float | None:
    """Return a price that can be told; one that is none is no reason to lose an instance."""
    try:
        price = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return price if isfinite(price) else None


def instance(item: Any) -> Instance:
    """Return an instance as DescribeInstances tells of it: in a VPC or not, its public address its own or lent."""
    private = _addresses(item.vpc_attributes and item.vpc_attributes.private_ip_address)
    public = _addresses(item.public_ip_address)
    if not public and item.eip_address and (elastic := text(item.eip_address.ip_address)):
        public = (elastic,)
    return Instance(
        instance_id=instance_id(item.instance_id),
        status=required(item.status),
        instance_type=text(item.instance_type),
        zone_id=text(item.zone_id),
        private_ip_addresses=private or _addresses(item.inner_ip_address),
        public_ip_address=public[0] if public else None,
        creation_time=text(item.creation_time),
        tags=tuple((text(tag.tag_key), text(tag.tag_value)) for tag in (item.tags.tag if item.tags else ())),
    )


def _addresses(holder: Any) -> tuple[str, ...]:
    given = holder.ip_address if holder else None
    if given is not None and not isinstance(given, list):
        raise TypeError(f"the answer has {type(given).__name__} where a list belongs")
    return tuple(required(address) for address in given or ())
