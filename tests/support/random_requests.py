"""Requests for property tests: any combination of valid parameters that go together."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st

from shared.domain.create_instance.check import check_parameters
from shared.domain.create_instance.parameters import PARAMETERS
from tests.support.cases import BASE

_NAME = st.text("abcXYZ019:_.-服务", min_size=2, max_size=40)
_SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "RegionId": st.sampled_from(["cn-beijing", "ap-southeast-1", "cn-shanghai-finance-1"]),
    "InstanceName": _NAME,
    "SystemDisk.DiskName": _NAME,
    "DataDisk.N.DiskName": _NAME,
    "HostName": st.sampled_from(["ab", "web-1.example", "A1"]),
    "Password": st.sampled_from(["TestEcs123!", "a,b&c=d/?E1 ".strip(), "()`~!@#$%^&*-_+=|{}[]:;'Aa"]),
    "UserData": st.binary(min_size=1, max_size=60).map(lambda raw: base64.b64encode(raw).decode()),
    "PrivateIpAddress": st.just("172.16.236.10"),
    "InnerIpAddress": st.just("10.0.0.1"),
    "SpotPriceLimit": st.one_of(st.integers(1, 50), st.integers(1, 90000).map(lambda n: n / 1000)),
    "PeriodUnit": st.just("Month"),
    "Period": st.sampled_from([1, 2, 3, 6, 12]),
    "AutoRenewPeriod": st.sampled_from([1, 2, 3, 6, 12]),
    "ClientToken": st.text("abc-019", min_size=1, max_size=64),
    "SystemDisk.Size": st.integers(20, 500),
    "DataDisk.N.Size": st.integers(20, 2000),
    "InternetMaxBandwidthIn": st.integers(1, 10),
    "Tag.N.Key": st.uuids().map(str),
    "Description": st.text(st.characters(codec="utf-8"), min_size=3, max_size=40).filter(
        lambda t: not t.startswith("http")
    ),
}

_ASKED_FOR = frozenset({"ZoneId", "VSwitchId", "Period", "AutoRenewPeriod", "SpotPriceLimit"})
_ASKERS = frozenset(
    {"SpotStrategy", "PrivateIpAddress", "InstanceChargeType", "DeletionProtection", "SystemDisk", "DataDisk"}
)
"""What makes the others required: to be left out with them."""


def _value(name: str) -> st.SearchStrategy[Any]:
    parameter = PARAMETERS[name]
    if name in _SPECIAL:
        return _SPECIAL[name]
    for limit in parameter.limits:
        if "enum" in limit.schema:
            return st.sampled_from(limit.schema["enum"])
        if parameter.kind is int:
            low = limit.schema.get("minimum", 0)
            return st.integers(low, limit.schema.get("maximum", low + 50))
    if parameter.kind is bool:
        return st.booleans()
    return st.integers(0, 99) if parameter.kind is int else st.text("abc-09é中 /&=", min_size=2, max_size=20)


@st.composite
def flat_requests(draw: st.DrawFn) -> dict[str, Any]:
    """Draw flat parameters; those that break a rule with others are left out until none does."""
    names = draw(st.lists(st.sampled_from(sorted(PARAMETERS)), max_size=14, unique=True))
    flat: dict[str, Any] = dict(BASE)
    for name in names:
        if ".N." in name:
            for number in range(1, draw(st.integers(1, 3)) + 1):
                flat[name.replace("N", str(number), 1) if name[0] != "N" else name] = draw(_value(name))
        else:
            flat[name] = draw(_value(name))
    while broken := check_parameters(flat, max_tags=19):
        heads = {each.field.split(".", 1)[0] for each in broken}
        if heads & _ASKED_FOR:
            heads |= _ASKERS
        flat = {name: value for name, value in flat.items() if name in BASE or name.split(".", 1)[0] not in heads}
    return flat


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Nest by hand, in another way than the product does."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        place = tree
        *path, leaf = name.split(".")
        for part in path:
            place = place.setdefault(part, {})
        place[leaf] = value
    return {
        head: [inner[number] for number in sorted(inner, key=int)] if head in {"DataDisk", "Tag", "Arn"} else inner
        for head, inner in tree.items()
    }
