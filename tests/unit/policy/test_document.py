"""A policy document: what it may say, and that every mistake is told at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.create_instance.view import CheckOptions
from shared.domain.message.profiles import check_profiles
from shared.domain.policy.document import MAX_POLICY_BYTES, InvalidPolicy, Limits, Require, parse_policy

if TYPE_CHECKING:
    from shared.domain.create_instance.schema import Violation

PARAMETERS = {"RegionId": "cn-hangzhou", "InstanceType": "ecs.g7.large", "ImageId": "i"}
WHOLE: dict[str, Any] = {
    "profiles": {
        "web-small": {
            "parameters": {**PARAMETERS, "SystemDisk": {"Category": "cloud_essd", "Size": "40"}},
            "alternatives": [{"ZoneId": "cn-hangzhou-h", "DataDisk": None}],
            "releaseAfterSeconds": 28800,
            "override": ["InstanceName", "Tag", "UserData", "SystemDisk.Size", "DataDisk", "releaseAfterSeconds"],
        }
    },
    "allow": {"RegionId": ["cn-hangzhou"], "InternetMaxBandwidthOut": ["0", 5], "DataDisk.N.Encrypted": [True],
              "KeyPairName": [None, "team-*"]},
    "max": {"SystemDisk.Size": 500, "DataDisk.N.Size": 2000, "SpotPriceLimit": 0.5},
    "require": {"profile": True, "tags": ["cost-centre"], "releaseAfterSeconds": 604800},
    "limits": {"open": 500, "perHour": 200},
}  # fmt: skip
MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"alow": {}}, "alow", "did you mean allow?"),
    ({"quotas": {}}, "quotas", "no such member; there are: profiles, allow, max, require, limits"),
    ({"profiles": []}, "profiles", "must be an object"),
    ({"profiles": None}, "profiles", "must not be null"),
    ({"profiles": {"a b": {}}}, "profiles.a b", "A-Z a-z 0-9"),
    ({"profiles": {"": {}}}, "profiles.", "A-Z a-z 0-9"),
    ({"profiles": {"a": 1}}, "profiles.a", "must be an object"),
    ({"profiles": {"a": {"parameter": {}}}}, "profiles.a.parameter", "did you mean parameters?"),
    ({"profiles": {"a": {"parameters": {"InstanceTpye": "x"}}}}, "profiles.a.parameters.InstanceTpye", "InstanceType"),
    ({"profiles": {"a": {"parameters": {"SystemDisk.Size": "40G"}}}}, "profiles.a.parameters.SystemDisk.Size", "40"),
    ({"profiles": {"a": {"parameters": {"Password": "Sekret!42x"}}}}, "profiles.a.parameters.Password", "in clear"),
    ({"profiles": {"a": {"parameters": {"UserData": "YQ=="}}}}, "profiles.a.parameters.UserData", "override"),
    ({"profiles": {"a": {"parameters": {"ClientToken": "t"}}}}, "profiles.a.parameters.ClientToken", "one instance"),
    ({"profiles": {"a": {"alternatives": {}}}}, "profiles.a.alternatives", "a list"),
    ({"profiles": {"a": {"alternatives": [{}] * 11}}}, "profiles.a.alternatives", "at most 10"),
    ({"profiles": {"a": {"alternatives": [{}, 1]}}}, "profiles.a.alternatives.2", "an object"),
    ({"profiles": {"a": {"alternatives": [{"RegionId": "x"}]}}}, "profiles.a.alternatives.1.RegionId", "cannot differ"),
    ({"profiles": {"a": {"releaseAfterSeconds": 1799}}}, "profiles.a.releaseAfterSeconds", "1800"),
    ({"profiles": {"a": {"releaseAfterSeconds": "1h"}}}, "profiles.a.releaseAfterSeconds", "an integer"),
    ({"profiles": {"a": {"override": "Tag"}}}, "profiles.a.override", "a list"),
    ({"profiles": {"a": {"override": ["Tags"]}}}, "profiles.a.override.1", "Tag"),
    ({"profiles": {"a": {"override": ["Tag", "DataDisk.N.Size"]}}}, "profiles.a.override.2", "write DataDisk"),
    ({"profiles": {"a": {"override": ["Tag", 1, "Tag"]}}}, "profiles.a.override.3", "twice"),
    ({"allow": {"InstanceType": "ecs.*"}}, "allow.InstanceType", "must be a list"),
    ({"allow": {"InstanceType": []}}, "allow.InstanceType", "must be a list"),
    ({"allow": {"InstanceType": ["a", 1]}}, "allow.InstanceType.2", "in quotes"),
    ({"allow": {"InternetMaxBandwidthOut": [0, "much"]}}, "allow.InternetMaxBandwidthOut.2", "an integer"),
    ({"allow": {"InternetMaxBandwidthOut": [True]}}, "allow.InternetMaxBandwidthOut.1", "an integer"),
    ({"allow": {"DataDisk.1.Size": [1]}}, "allow.DataDisk.1.Size", "write DataDisk.N.Size"),
    ({"allow": {"SystemDisk": [1]}}, "allow.SystemDisk", "SystemDisk.Size"),
    ({"allow": {"Tag.N.key": ["a"]}}, "allow.Tag.N.key", "Tag.N.Key"),
    ({"allow": {"Password": ["x"]}}, "allow.Password", "no rule"),
    ({"allow": {"UserData": ["x"]}}, "allow.UserData", "no rule"),
    ({"allow": {"Nonsense": ["x"]}}, "allow.Nonsense", "no such parameter"),
    ({"max": {"InstanceType": 3}}, "max.InstanceType", "allow rule"),
    ({"max": {"SystemDisk.Size": "500G"}}, "max.SystemDisk.Size", "write 500"),
    ({"max": {"SystemDisk.Size": float("nan")}}, "max.SystemDisk.Size", "integer"),
    ({"max": {"SpotPriceLimit": float("inf")}}, "max.SpotPriceLimit", "finite"),
    ({"max": {"SystemDisk.Size": True}}, "max.SystemDisk.Size", "integer"),
    ({"require": {"profile": 1}}, "require.profile", "true or false"),
    ({"require": {"tags": "a"}}, "require.tags", "a list"),
    ({"require": {"tags": ["acs:x"]}}, "require.tags.1", "acs:"),
    ({"require": {"tags": ["\ud800"]}}, "require.tags.1", "valid Unicode"),
    ({"require": {"tags": ["provisioner:request"]}}, "require.tags.1", "worker's own"),
    ({"require": {"releaseAfterSeconds": 10**12}}, "require.releaseAfterSeconds", "3 years"),
    ({"require": {"approval": True}}, "require.approval", "profile, tags, releaseAfterSeconds"),
    ({"limits": {"open": 0}}, "limits.open", "pause"),
    ({"limits": {"perhour": 1}}, "limits.perhour", "did you mean perHour?"),
    ({"limits": {"open": 1.5}}, "limits.open", "an integer"),
]  # fmt: skip


def mistakes(document: Any) -> dict[str, str]:
    """Return what is wrong with a document, by where."""
    with pytest.raises(InvalidPolicy) as caught:
        parse_policy(document)
    return {each.field: each.message for each in caught.value.violations}


def test_a_whole_policy_is_read() -> None:
    """Everything that the design names; numbers may come as text, as in messages."""
    policy = parse_policy(WHOLE)
    profile = policy.profiles["web-small"]
    assert profile.parameters == {**PARAMETERS, "SystemDisk.Category": "cloud_essd", "SystemDisk.Size": 40}
    assert profile.alternatives == ({"ZoneId": "cn-hangzhou-h", "DataDisk": None},)
    assert (profile.release_after_seconds, profile.override[0]) == (28800, "InstanceName")
    assert policy.allow["InternetMaxBandwidthOut"] == (0, 5)
    assert policy.max["SpotPriceLimit"] == 0.5
    assert policy.require == Require(profile=True, tags=("cost-centre",), release_after_seconds=604800)
    assert policy.limits == Limits(500, 200)
    assert parse_policy(json.loads(json.dumps(WHOLE))) == policy


def test_nothing_is_required() -> None:
    """An empty policy allows everything."""
    assert parse_policy({}) == parse_policy({"profiles": {}, "allow": {}, "max": {}, "require": {}, "limits": {}})


@pytest.mark.parametrize(("document", "field", "words"), MISTAKES, ids=[f"{f}: {w}" for _, f, w in MISTAKES])
def test_a_mistake_is_told_with_what_is_allowed(document: dict[str, Any], field: str, words: str) -> None:
    """Each mistake says where it is and what may stand there."""
    assert words in mistakes(document)[field]


def test_every_mistake_at_once() -> None:
    """Mistakes in all parts are told together."""
    document: dict[str, Any] = {
        "profiles": {"a": {"override": ["Tags"]}, "b": {"parameters": {"Nonsense": 1, "RegionId": 5}}},
        "allow": {"Nonsense": ["x"]}, "max": {"ZoneId": 1}, "require": {"tags": [""]}, "limits": {"open": 0}, "more": 1,
    }  # fmt: skip
    assert set(mistakes(document)) == {
        "profiles.a.override.1", "profiles.b.parameters.Nonsense", "profiles.b.parameters.RegionId", "allow.Nonsense",
        "max.ZoneId", "require.tags.1", "limits.open", "more",
    }  # fmt: skip


@pytest.mark.parametrize("document", [None, [], "x", 1, True])
def test_a_policy_is_an_object(document: Any) -> None:
    """Anything else is one mistake."""
    assert list(mistakes(document)) == [""]


def test_a_policy_is_bounded() -> None:
    """What takes too long to read and to hold is refused, with how long it may be."""
    many = {f"profile-{number}": {"parameters": {"InstanceType": "ecs.g6.large"}} for number in range(2000)}
    assert str(MAX_POLICY_BYTES) in mistakes({"profiles": many})[""]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["profiles", "allow", "max", "require", "parameters", "override", "alternatives", "Tag", "a",
                         "InstanceType", "DataDisk.N.Size", "tags", "profile", "open"]) | st.text(max_size=6),
        inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["profiles", "allow", "max", "require", "limits", "x"]), JSON))
def test_any_document_is_read_or_refused(document: dict[str, Any]) -> None:
    """Whatever is in it: a policy, or mistakes with a place and words, and nothing else; profiles can be checked."""
    found: tuple[Violation, ...] = ()
    try:
        policy = parse_policy(document)
    except InvalidPolicy as error:
        policy, found = error.readable, error.violations
    assert all(each.message and each.field.isprintable() for each in found)
    check_profiles(policy, CheckOptions())


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, []),
        ({"parameters": {"RegionId": "cn-hangzhou"}}, ["parameters.InstanceType", "parameters.ImageId"]),
        ({"parameters": {"RegionId": "cn-hangzhou"}, "override": ["InstanceType", "ImageId"]}, []),
        ({"parameters": {**PARAMETERS, "InstanceName": "x"}}, ["parameters.InstanceName"]),
        ({"parameters": {**PARAMETERS, "InstanceChargeType": "PrePaid", "Period": 1}}, ["releaseAfterSeconds"]),
        ({"alternatives": [{"InstanceName": "x"}]}, ["alternatives.1.InstanceName"]),
        ({"alternatives": [{"InstanceType": "ecs.x.large"}]}, ["alternatives.1.InstanceType"]),
        ({"parameters": {**PARAMETERS, "InstanceType": "ecs.x.large"}}, ["parameters.InstanceType"]),
        ({"parameters": {**PARAMETERS, "InstanceType": "ecs.x.large"}, "override": ["InstanceType"]}, []),
        ({"parameters": {**PARAMETERS, "SystemDisk.Size": 900}}, ["parameters.SystemDisk.Size"]),
        ({"releaseAfterSeconds": 86400}, ["releaseAfterSeconds"]),
        ({"parameters": {**PARAMETERS, "Tag": [{"Key": "provisioner:request"}]}}, ["parameters.Tag.1.Key"]),
    ],
)  # fmt: skip
def test_a_profile_that_no_message_could_use(change: dict[str, Any], fields: list[str]) -> None:
    """A profile is held to the contract and to the rules; what a message may set itself is left to it."""
    profile = {"parameters": PARAMETERS, "releaseAfterSeconds": 3600, **change}
    rules = {"allow": {"InstanceType": ["ecs.g*"]}, "require": {"releaseAfterSeconds": 7200}}
    limits = {"max": {"SystemDisk.Size": 500}} if "SystemDisk.Size" in profile["parameters"] else {}
    policy = parse_policy({"profiles": {"p": profile}, **rules, **limits})
    found = [each.field.removeprefix("profiles.p.") for each in check_profiles(policy, CheckOptions())]
    assert list(dict.fromkeys(found)) == fields
