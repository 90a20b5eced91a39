"""Rules that no message can meet are mistakes of a policy that is set, and none of one that stands."""

from __future__ import annotations

from typing import Any

import pytest

from local.policy import whole_policy
from shared.domain.create_instance.view import CheckOptions
from shared.domain.policy.document import InvalidPolicy, parse_policy
from shared.domain.policy.futile import futile

FUTILE: list[tuple[dict[str, Any], str, str]] = [
    ({"allow": {"InstanceChargeType": ["PostPaid", "Prepaid"]}}, "allow.InstanceChargeType.2", "PrePaid, PostPaid"),
    ({"allow": {"SystemDisk.Category": ["cloud_e*", "esd*"]}}, "allow.SystemDisk.Category.2", "cloud_essd"),
    ({"allow": {"InternetMaxBandwidthOut": [0, 500]}}, "allow.InternetMaxBandwidthOut.2", "from 0 to 100"),
    ({"allow": {"RegionId": ["CN-hangzhou"]}}, "allow.RegionId.1", "lower-case"),
    ({"allow": {"Tag.N.Key": ["acs:team"]}}, "allow.Tag.N.Key.1", "acs:"),
    ({"max": {"SystemDisk.Size": -5}}, "max.SystemDisk.Size", "the least there is is 20"),
    ({"max": {"SystemDisk.Size": 19}}, "max.SystemDisk.Size", "the least there is is 20"),
    ({"max": {"DataDisk.N.Size": -1}}, "max.DataDisk.N.Size", "the least there is is 1"),
    ({"max": {"SpotPriceLimit": -0.5}}, "max.SpotPriceLimit", "the least there is is 0"),
    ({"allow": {"InternetMaxBandwidthOut": [50, 100]}, "max": {"InternetMaxBandwidthOut": 10}},
     "max.InternetMaxBandwidthOut", "allow.InternetMaxBandwidthOut"),
    ({"require": {"profile": True}}, "require.profile", "pause"),
]  # fmt: skip
MET: list[dict[str, Any]] = [
    {"max": {"DataDisk.N.Size": 0, "SpotPriceLimit": 0, "InternetMaxBandwidthOut": 0, "InternetMaxBandwidthIn": 1}},
    {"max": {"SystemDisk.Size": 20, "Period": 1}},
    {"allow": {"RegionId": ["cn-*"], "InstanceType": ["*"], "Tag.N.Key": ["team*"], "AutoRenew": [True]}},
    {"allow": {"InternetMaxBandwidthOut": [None, 50]}, "max": {"InternetMaxBandwidthOut": 10}},
    {"require": {"profile": True}, "profiles": {"p": {"override": ["RegionId", "ImageId", "InstanceType"]}}},
]


@pytest.mark.parametrize(("document", "field", "words"), FUTILE, ids=[field for _, field, _ in FUTILE])
def test_a_rule_that_no_message_can_meet(document: dict[str, Any], field: str, words: str) -> None:
    """It is told where it stands, with what there is; who reads a policy that stands is not stopped by it."""
    parse_policy(document)
    with pytest.raises(InvalidPolicy) as caught:
        whole_policy(document, CheckOptions())
    assert [each.field for each in caught.value.violations] == [field]
    assert words in caught.value.violations[0].message


@pytest.mark.parametrize("document", MET)
def test_a_rule_that_some_message_meets(document: dict[str, Any]) -> None:
    """What a message can keep to, were it by leaving something out, is no mistake."""
    assert whole_policy(document, CheckOptions()) == parse_policy(document)


def test_a_list_that_may_have_grown() -> None:
    """Where newer values than the listed ones are let through, a rule may name them, too."""
    policy = parse_policy({"allow": {"SystemDisk.Category": ["cloud_newer"]}})
    assert futile(policy, CheckOptions())
    assert not futile(policy, CheckOptions(unlisted="warn"))


def test_profiles_that_could_not_be_read() -> None:
    """A profile with a mistake is a profile: that there is none is not said beside it."""
    with pytest.raises(InvalidPolicy) as caught:
        whole_policy({"require": {"profile": True}, "profiles": {"p": {"override": ["Tags"]}}}, CheckOptions())
    assert [each.field for each in caught.value.violations] == ["profiles.p.override.1"]
