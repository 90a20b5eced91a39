"""What rules say of parameters, given or left out, and how a message and its profile come together."""

from __future__ import annotations

import json
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.create_instance.defaults import DEFAULTS, left_out
from shared.domain.create_instance.parameters import PARAMETERS
from shared.domain.create_instance.view import CheckOptions
from shared.domain.errors.model import ApiError
from shared.domain.lifecycle import events
from shared.domain.lifecycle.claim import claim
from shared.domain.lifecycle.outcome import MAX_BYTES
from shared.domain.lifecycle.transitions import advance
from shared.domain.message.parse import parse
from shared.domain.message.request import Refusal, Request
from shared.domain.message.unjudged import content_of
from shared.domain.policy.document import Policy, parse_policy
from shared.domain.policy.rules import breaches, matches
from shared.domain.timings import Timings
from tests.support.random_requests import flat_requests

TIMINGS = Timings(deployment="local")
BASE = {"RegionId": "cn-hangzhou", "InstanceType": "ecs.g6.large", "ImageId": "i"}
CASES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"allow": {"InstanceType": ["ecs.g6.*"]}}, {}, []),
    ({"allow": {"InstanceType": ["ecs.g7.*"]}}, {}, ["InstanceType"]),
    ({"allow": {"InstanceType": ["ECS.G6.LARGE"]}}, {}, ["InstanceType"]),
    ({"allow": {"InstanceChargeType": ["PostPaid"]}}, {}, []),
    ({"allow": {"InstanceChargeType": ["PrePaid"]}}, {}, ["InstanceChargeType"]),
    ({"allow": {"InternetMaxBandwidthOut": [0]}}, {}, []),
    ({"allow": {"InternetMaxBandwidthOut": [0]}}, {"InternetMaxBandwidthOut": 1}, ["InternetMaxBandwidthOut"]),
    ({"max": {"InternetMaxBandwidthIn": 10}}, {}, []),
    ({"max": {"InternetMaxBandwidthIn": 10}}, {"InternetMaxBandwidthOut": 50}, ["InternetMaxBandwidthIn"]),
    ({"allow": {"ZoneId": ["cn-hangzhou-h"]}}, {}, ["ZoneId"]),
    ({"allow": {"ZoneId": ["cn-hangzhou-h", None]}}, {}, []),
    ({"allow": {"ZoneId": ["cn-hangzhou-h", None]}}, {"ZoneId": "cn-hangzhou-g"}, ["ZoneId"]),
    ({"allow": {"ImageId": ["m-*"]}}, {"ImageId": None, "ImageFamily": "f"}, ["ImageId"]),
    ({"max": {"SystemDisk.Size": 40}}, {"SystemDisk.Size": 40}, []),
    ({"max": {"SystemDisk.Size": 40}}, {"SystemDisk.Size": 41}, ["SystemDisk.Size"]),
    ({"max": {"SystemDisk.Size": 40}}, {}, ["SystemDisk.Size"]),
    ({"max": {"DataDisk.N.Size": 100}}, {}, []),
    ({"max": {"DataDisk.N.Size": 100}}, {"DataDisk.1.Size": 100, "DataDisk.2.Size": 101}, ["DataDisk.2.Size"]),
    ({"max": {"DataDisk.N.Size": 100}}, {"DataDisk.1.Category": "cloud_essd"}, ["DataDisk.1.Size"]),
    ({"max": {"DataDisk.N.Size": 100}}, {"DataDisk.1.Size": 1, "DataDisk.1.SnapshotId": "s"}, ["DataDisk.1.Size"]),
    ({"allow": {"DataDisk.N.Encrypted": [True]}}, {"DataDisk.1.Size": 20}, ["DataDisk.1.Encrypted"]),
    ({"allow": {"DataDisk.N.Encrypted": [True]}}, {"DataDisk.1.Encrypted": True}, []),
    ({"allow": {"DataDisk.N.DeleteWithInstance": [True]}}, {"DataDisk.1.Size": 20}, []),
    ({"max": {"Period": 3}}, {}, []),
    ({"max": {"Period": 3}}, {"InstanceChargeType": "PrePaid", "Period": 12}, ["Period"]),
    ({"max": {"Period": 3}}, {"InstanceChargeType": "PrePaid"}, ["Period"]),
    ({"max": {"SpotPriceLimit": 0.5}}, {"SpotStrategy": "SpotAsPriceGo"}, []),
    ({"max": {"SpotPriceLimit": 0.5}}, {"SpotStrategy": "SpotWithPriceLimit", "SpotPriceLimit": 1}, ["SpotPriceLimit"]),
    ({"max": {"SpotPriceLimit": 1}}, {"SpotStrategy": "SpotWithPriceLimit", "SpotPriceLimit": 0.98}, []),
    ({"allow": {"Tag.N.Key": ["team", "cost-*"]}}, {"Tag.1.Key": "team", "Tag.2.Key": "other"}, ["Tag.2.Key"]),
    ({"allow": {"DryRun": [True]}}, {}, ["DryRun"]),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "parameters", "broken"), CASES)
def test_breaches(rules: dict[str, Any], parameters: dict[str, Any], broken: list[str]) -> None:
    """A rule holds for what is given, for the documented default, and for every item of a list."""
    flat = {name: value for name, value in {**BASE, **parameters}.items() if value is not None}
    found = breaches(parse_policy(rules), flat)
    assert [each.field for each in found] == broken
    assert all(next(iter(rules.values())).keys() & {_template(each.field)} for each in found)
    assert all(f"({'allow' if 'allow' in rules else 'max'}." in each.message for each in found)


def _template(name: str) -> str:
    return ".".join("N" if part.isdigit() else part for part in name.split("."))


def test_every_default_is_a_parameter_s() -> None:
    """Names and types of the defaults are the table's."""
    for name in DEFAULTS:
        value = left_out(name.replace(".N.", ".1."), BASE)
        assert name in PARAMETERS
        assert type(value) is PARAMETERS[name].kind or not isinstance(value, (str, int, float))


@given(st.text("ab*", max_size=8), st.text("ab*[?", max_size=8))
def test_a_star_stands_for_any_text(pattern: str, value: str) -> None:
    """Matching is what shells do with stars alone."""
    assert matches(pattern, value) == fnmatchcase(value, pattern)


def test_matching_is_never_expensive() -> None:
    """A pattern of many stars costs by its length, whatever the value is."""
    assert not matches("*a" * 100 + "b", "a" * 100_000)


@pytest.mark.parametrize("special", ["ecs.g6.?arge", "ecs.g6.[l]arge", "ecs.g6.(large)", "ecs.g6.larg.", "^ecs.*$"])
def test_nothing_but_a_star_is_special(special: str) -> None:
    """What other languages of patterns take for something is itself."""
    assert not matches(special, "ecs.g6.large")
    assert matches(special, special)


NAMES = ("InstanceName", "Tag", "DataDisk", "SystemDisk.Size", "Password", "UserData", "ZoneId", "InstanceType")


@given(flat_requests(), flat_requests(), st.sets(st.sampled_from(NAMES)), st.booleans())
def test_a_copy_comes_to_the_same(
    preset: dict[str, Any], own: dict[str, Any], override: set[str], with_lifetime: bool  # noqa: FBT001 - hypothesis
) -> None:  # fmt: skip
    """What is accepted with a profile, and what its copy comes to later without being judged, are one request."""
    secret = {"Password", "UserData", "ClientToken"}
    lifetime = {"releaseAfterSeconds": 7200} if with_lifetime else {}
    policy = parse_policy(
        {"profiles": {"p": {"parameters": {n: v for n, v in preset.items() if n not in secret},
                            "override": sorted(override), **lifetime}}}
    )  # fmt: skip
    brought = {name: value for name, value in own.items() if policy.profiles["p"].lets_set(name)}
    body = json.dumps({"requestId": "r", "profile": "p", "parameters": brought})
    asked, content = parse(body, policy=policy), content_of(body)
    assert content is not None
    if isinstance(asked, Request):
        assert asked.sent is not None
        assert replace(asked.sent, warnings=()) == content
        assert replace(asked, warnings=(), sent=content) == content.with_profile(policy.profiles["p"])
        assert asked.fingerprint() == content.fingerprint()


def test_a_profile_is_part_of_what_is_compared() -> None:
    """Name and lifetime change the fingerprint; without them it is what it always was."""
    plain = Request("r", BASE)
    digests = {
        plain.fingerprint(), replace(plain, profile="a").fingerprint(), replace(plain, profile="b").fingerprint(),
        replace(plain, release_after_seconds=1800).fingerprint(),
    }  # fmt: skip
    assert len(digests) == 4
    assert plain.fingerprint() == "983a001031553d09099457dc10a8f72832580f992465e70bc1f590059eaa3095"


@pytest.mark.parametrize(
    ("envelope", "fields"),
    [
        ({}, ["profile"]),
        ({"profile": "none"}, ["profile"]),
        ({"profile": 5}, ["profile"]),
        ({"profile": None, "parameters": {"Nonsense": 1}}, ["profile", "parameters.Nonsense"]),
        ({"profile": "none", "parameters": {"Nonsense": 1}, "alternatives": [5]},
         ["profile", "parameters.Nonsense", "alternatives.1"]),
        ({"profile": "p", "parameters": None}, ["parameters"]),
        ({"profile": "p", "surprise": 1}, ["surprise"]),
    ],
)  # fmt: skip
def test_what_is_wrong_around_a_profile(envelope: dict[str, Any], fields: list[str]) -> None:
    """An unknown profile hides nothing that is wrong beside it."""
    policy = parse_policy({"profiles": {"p": {"parameters": BASE}}, "require": {"profile": True}})
    body = {"requestId": "r", **({"parameters": BASE} if not envelope else {}), **envelope}
    found = parse(json.dumps(body), policy=policy)
    assert isinstance(found, Refusal)
    assert [each.field for each in found.violations] == fields


def test_violations_name_the_profile() -> None:
    """Where the message has no part in it, the words say where the value came from, or that nobody gives it."""
    policy = parse_policy(
        {"profiles": {"p": {"parameters": {"RegionId": "cn-hangzhou", "ImageId": "i", "InstanceName": "x"},
                            "override": ["HostName"]}}}
    )  # fmt: skip
    body = {"requestId": "r", "profile": "p", "parameters": {"HostName": "-"}}
    found = parse(json.dumps(body), policy=policy)
    assert isinstance(found, Refusal)
    said = {each.field: "profile p" in each.message for each in found.violations}
    assert said == {
        "parameters.HostName": False, "parameters.InstanceName": True, "parameters.InstanceType": True,
    }  # fmt: skip


def test_where_the_policy_is_not_known() -> None:
    """Offline a message with a profile is looked at name by name, with a remark; nobody can call for it."""
    known = parse(json.dumps({"requestId": "r", "profile": "p", "parameters": {"InstanceName": "web-1"}}))
    assert isinstance(known, Request)
    assert [each.field for each in known.warnings] == ["profile"]
    assert known.sent is None
    assert isinstance(parse(json.dumps({"requestId": "r", "profile": "p", "parameters": {"Nonsense": 1}})), Refusal)


def test_what_was_skipped_leaves_room_for_the_answer() -> None:
    """Ten forbidden alternatives with long words that no ASCII can write fit into an outcome of 48 KB."""
    given = dict.fromkeys(("Description", "InstanceName", "ZoneId"), "ы" * 60)
    body = {
        "requestId": "r", "parameters": {**BASE, **given},
        "alternatives": [{"Description": "щ" * 250, "InstanceName": "щ" * 120, "ZoneId": "щ" * 90}] * 10,
        "metadata": {f"k{number}": "щ" * 60 for number in range(20)},
    }  # fmt: skip
    rules = parse_policy({"allow": {name: ["ы*"] for name in ("Description", "InstanceName", "ZoneId")}})
    request = parse(json.dumps(body), CheckOptions(unlisted="warn"), rules)
    assert isinstance(request, Request), request
    assert len(request.forbidden) == 10
    record = claim(request, "m", store="0", claimant="c", nonce="n", now=0.0, call_until=9.0, timings=TIMINGS)
    refused = events.CreateFailed("c", 1, ApiError("CreateInstance", 403, "OperationDenied.NoStock", "щ" * 900), 0.0)
    outcome = advance(record, refused, 1.0, TIMINGS).outcome
    assert outcome is not None
    assert len(outcome) <= MAX_BYTES
    assert len(json.loads(outcome)["data"]["attempts"]) == 11


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([None], "must be left out (allow.ZoneId)"),
        (["a", None], "must be one of a or left out (allow.ZoneId)"),
        (["a", "b" * 500 + "\x1b"], f"must be one of a, {'b' * 61}... (allow.ZoneId)"),
    ],
)
def test_what_is_allowed_is_named(values: list[Any], words: str) -> None:
    """A sender reads what he may write, in so many words that any terminal and outcome can hold."""
    (found,) = breaches(parse_policy({"allow": {"ZoneId": values}}), {**BASE, "ZoneId": "z"})
    assert found.message.startswith(words)


@pytest.mark.parametrize(("dry_run", "fields"), [(True, []), ("TRUE", []), (False, ["parameters.DryRun"])])
def test_a_dry_run_needs_no_leave_of_a_profile(dry_run: object, fields: list[str]) -> None:
    """To buy nothing is anybody's to say; to make a profile's dry run a real one is not."""
    policy = parse_policy({"profiles": {"p": {"parameters": {**BASE, "DryRun": True}}}})
    found = parse(json.dumps({"requestId": "r", "profile": "p", "parameters": {"DryRun": dry_run}}), policy=policy)
    assert [each.field for each in getattr(found, "violations", ())] == fields


def test_an_empty_policy_is_none() -> None:
    """No rule, no profile: messages come to what they come to without a policy."""
    body = json.dumps({"requestId": "r", "parameters": BASE, "alternatives": [{"ZoneId": "z"}]})
    assert parse(body, policy=Policy()) == parse(body)
