"""Whatever arrives, the answer is a request or violations; and what passes is sent as it was given."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.create_instance.names import FIXED, nest
from shared.domain.create_instance.parameters import LISTS, OBJECTS, PARAMETERS
from shared.domain.create_instance.view import CheckOptions
from shared.domain.message.parse import parse
from shared.domain.message.request import Refusal, Request, lay_over
from shared.domain.policy.document import parse_policy
from tests.support.messages import accepted, message
from tests.support.random_requests import flat_requests, nested

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy; what a message costs is measured in tests/bench."""
ANY_TEXT = st.text(st.characters(), max_size=20)
ANY_NUMBER = st.one_of(
    st.integers(), st.integers(10**18, 10**400), st.floats(), st.sampled_from([1e308, -0.0, math.inf, math.nan])
)
ANY_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), ANY_NUMBER, ANY_TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(ANY_TEXT, inner, max_size=4)),
    max_leaves=8,
)
NAMES = st.one_of(
    st.sampled_from([name.replace(".N.", ".1.") for name in PARAMETERS]),
    st.sampled_from([name.replace(".N.", ".2.") for name in PARAMETERS]),
    st.sampled_from([*OBJECTS, *LISTS, "requestId", "parameters", "DataDisk.00.Size", "Tag.99999.Key", "Tag.1"]),
    ANY_TEXT,
)
LEAVES = st.sampled_from([name.rpartition(".")[2] for name in PARAMETERS])
MEMBERS = st.dictionaries(st.one_of(LEAVES, ANY_TEXT), ANY_JSON, max_size=4)
ANY_PARAMETERS = st.dictionaries(
    NAMES, st.one_of(ANY_JSON, MEMBERS, st.lists(st.one_of(MEMBERS, ANY_JSON), max_size=3)), max_size=8
)
CHANGEABLE = [name for name in PARAMETERS if ".N." not in name and name not in FIXED]
ENVELOPE = [
    "requestId",
    "profile",
    "releaseAfterSeconds",
    "start",
    "allocatePublicIp",
    "timeoutSeconds",
    "onFailure",
    "notAfter",
    "metadata",
    "extra",
]
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "parameters": st.one_of(ANY_PARAMETERS, ANY_JSON),
        "alternatives": st.one_of(st.lists(st.one_of(ANY_PARAMETERS, ANY_JSON), max_size=3), ANY_JSON),
        **dict.fromkeys(ENVELOPE, ANY_JSON),
    },
)
CONTRACTS = st.builds(CheckOptions, st.sampled_from(["international", "mainland"]), st.sampled_from(["refuse", "warn"]))


UNRULED = ("Password", "UserData", "ClientToken")
POLICY = parse_policy(
    {
        "profiles": {
            "p": {
                "parameters": {"RegionId": "cn-hangzhou", "ImageId": "i", "DataDisk": [{"Size": 40}]},
                "alternatives": [{"ZoneId": "z", "DataDisk": None}],
                "override": sorted({*OBJECTS, *LISTS, "InstanceType"}),
            }
        },
        "allow": {name: [item.kind("1")] for name, item in PARAMETERS.items() if name not in UNRULED},
        "max": {name: 5 for name, item in PARAMETERS.items() if item.kind in (int, float)},
        "require": {"tags": ["team"], "releaseAfterSeconds": 7200},
    }
)  # fmt: skip
"""A rule about everything that a rule can be about."""


def _answer(text: str, contract: CheckOptions) -> None:
    with_profile = text.replace('{"', '{"profile": "p", "', 1)
    for body, policy in ((text, None), (text, POLICY), (with_profile, POLICY), (with_profile, None)):
        result = parse(body, contract, policy)
        if isinstance(result, Refusal):
            assert result.violations
            assert json.dumps([[each.field, each.code, each.message] for each in result.violations]).isascii()
        else:
            assert result.fingerprint()


@PATIENT
@given(st.text(max_size=200), CONTRACTS)
def test_any_text(text: str, contract: CheckOptions) -> None:
    """Any text at all is answered."""
    _answer(text, contract)


@PATIENT
@given(ANY_JSON, CONTRACTS)
def test_any_json(value: object, contract: CheckOptions) -> None:
    """Any JSON, NaN, infinities and lone surrogates included, is answered."""
    _answer(json.dumps(value), contract)


@pytest.mark.slow
@PATIENT
@given(NEARLY, CONTRACTS, st.booleans())
def test_anything_that_looks_like_a_message(value: object, contract: CheckOptions, ascii_only: bool) -> None:  # noqa: FBT001 - hypothesis
    """The message's own names with anything in them are answered."""
    _answer(json.dumps(value, ensure_ascii=ascii_only), contract)


@pytest.mark.slow
@settings(PATIENT, max_examples=50)
@given(ANY_PARAMETERS, ANY_PARAMETERS, CONTRACTS)
def test_any_parameters(parameters: dict[str, Any], overlay: dict[str, Any], contract: CheckOptions) -> None:
    """A valid envelope with anything for parameters is answered."""
    _answer(json.dumps({"requestId": "a", "parameters": parameters, "alternatives": [overlay]}), contract)


@pytest.mark.slow
@PATIENT
@given(st.lists(st.tuples(NAMES, ANY_JSON), max_size=6))
def test_repeated_names(pairs: list[tuple[str, object]]) -> None:
    """Objects that repeat a name are answered."""
    members = ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in [*pairs, *pairs])
    _answer(f'{{"requestId": "a", "parameters": {{{members}}}}}', CheckOptions())


@pytest.mark.slow
@settings(PATIENT, max_examples=8)
@given(NAMES, st.integers(1, 4000))
def test_large_bodies(name: str, count: int) -> None:
    """64 KB of anything repeated are answered."""
    items = [{"Key": "k", name: 1}] * count
    _answer(
        json.dumps(message({"Tag": items, "DataDisk": items}, alternatives=items[:10]))[: 64 * 1024], CheckOptions()
    )
    _answer(json.dumps(message({"Tag": items[:1200]}, alternatives=[{"ZoneId": "z"}] * 10)), CheckOptions())


@PATIENT
@given(flat_requests())
def test_flat_and_nested_are_the_same_request(flat: dict[str, Any]) -> None:
    """The two spellings of a message are the same request, with the same fingerprint."""
    one, other = accepted(message(flat)), accepted(message() | {"parameters": nested(flat)})
    assert replace(one, warnings=()) == replace(other, warnings=())
    assert set(one.warnings) == set(other.warnings)
    assert one.fingerprint() == other.fingerprint()


@pytest.mark.slow
@PATIENT
@given(flat_requests(), flat_requests(), st.dictionaries(st.sampled_from(CHANGEABLE), st.sampled_from([None, "-", 1])))
def test_an_alternative_is_the_request_it_makes(
    flat: dict[str, Any], other: dict[str, Any], changes: dict[str, object]
) -> None:
    """An alternative is refused exactly when the request it makes would be refused by itself."""
    overlay = {name: value for name, value in other.items() if name.split(".")[0] not in FIXED} | changes
    beside = parse(json.dumps({"requestId": "a", "parameters": flat, "alternatives": [overlay]}))
    alone = parse(json.dumps({"requestId": "a", "parameters": lay_over(flat, overlay)}))
    assert isinstance(beside, Request) == isinstance(alone, Request)


@PATIENT
@given(flat_requests())
def test_nesting_loses_nothing(flat: dict[str, Any]) -> None:
    """`nest` and the reading of nested messages are each other's inverse, value and type."""
    request = accepted(message() | {"parameters": nest(flat)})
    given_back = dict(request.parameters) | ({"ClientToken": request.client_token} if request.client_token else {})
    assert {name: (type(value), value) for name, value in given_back.items()} == {
        name: (type(value), value) for name, value in flat.items()
    }


@pytest.mark.slow
@PATIENT
@given(flat_requests())
def test_every_given_value_reaches_the_sdk_unchanged(flat: dict[str, Any]) -> None:
    """A message that passes becomes a CreateInstanceRequest that carries each value as it was given."""
    from alibabacloud_ecs20140526.models import CreateInstanceRequest

    request = parse(json.dumps(message() | {"parameters": flat}))
    assert isinstance(request, Request)
    sent = CreateInstanceRequest().from_map(nest(request.parameters)).to_map()
    found = {name: value for name, value in sent.items() if value != []}
    assert found == nested({name: value for name, value in flat.items() if name != "ClientToken"})
    assert json.dumps(found, sort_keys=True) == json.dumps(nest(request.parameters), sort_keys=True)
