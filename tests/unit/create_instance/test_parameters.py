from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain.create_instance.check import check_parameters, examine
from shared.domain.create_instance.parameters import LISTS, OBJECTS, PARAMETERS
from shared.domain.create_instance.view import CheckOptions
from shared.domain.timings import REQUEST_TAG
from tests.support.cases import BASE, violations
from tests.support.messages import accepted, fields_and_codes, message, refused

WRONG = {
    str: [1, 1.5, True, None, [], {}],
    int: ["40G", "40.0", 40.0, True, None, [], {}, 10**30],
    float: ["0.9 ", True, None, [], {}, 10**400],
    bool: ["yes", 1, 0, 1.0, None, [], {}],
}
HIDDEN = "Hunter2!hunter2"


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, each in PARAMETERS.items() for value in WRONG[each.kind]]
)
def test_types_are_strict(name: str, value: object) -> None:
    """No parameter takes a value, or a text, of another type; null neither: InvalidParameter at its flat name."""
    flat = name.replace(".N.", ".1.")
    document = message()
    document["parameters"][flat] = value
    assert (f"parameters.{flat}", "InvalidParameter") in fields_and_codes(refused(document))


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"Bogus": HIDDEN}, "Bogus"),
        ({"imageid": HIDDEN}, "imageid"),
        ({"": HIDDEN}, ""),
        ({"SystemDisk": {"Bogus": HIDDEN}}, "SystemDisk.Bogus"),
        ({"SystemDisk.Bogus": HIDDEN}, "SystemDisk.Bogus"),
        ({"SystemDisk": {"Size": {"Bogus": HIDDEN}}}, "SystemDisk.Size"),
        ({"PrivatePoolOptions": {"Bogus": HIDDEN}}, "PrivatePoolOptions.Bogus"),
        ({"DataDisk": [{"Size": 40, "Bogus": HIDDEN}]}, "DataDisk.1.Bogus"),
        ({"DataDisk.0.Size": 40}, "DataDisk.0.Size"),
        ({"DataDisk.01.Size": 40}, "DataDisk.01.Size"),
        ({"DataDisk.N.Size": 40}, "DataDisk.N.Size"),
        ({"DataDisk.٣.Size": 40}, "DataDisk.٣.Size"),
        ({"DataDisk.1": {"Size": 40}}, "DataDisk.1"),
        ({"DataDisk.1.Size.x": 40}, "DataDisk.1.Size.x"),
        ({"Tag": [{"KEY": "a"}]}, "Tag.1.KEY"),
        ({"Tag.1.VALUE": "a"}, "Tag.1.VALUE"),
        ({"ManagedHostId": "mh-1"}, "ManagedHostId"),
        ({"OwnerAccount": "a"}, "OwnerAccount"),
        ({"x" * 500: HIDDEN}, "x" * 61 + "..."),
        ({"a\ud800\x00b": HIDDEN}, "a??b"),
    ],
)
def test_unknown_names_are_refused(parameters: dict[str, Any], field: str) -> None:
    """An unknown name is refused at every level; its name is told, printable and short, its value never."""
    found = refused(message(parameters))
    assert (f"parameters.{field}", "InvalidParameter") in fields_and_codes(found)
    assert HIDDEN not in repr(found)


def test_an_unknown_name_is_explained() -> None:
    """A name in another spelling is told the documented one; a name refused on purpose is told why."""
    said = {each.field: each.message for each in refused(message({"vswitchid": "a", "OwnerId": 1})).violations}
    assert "VSwitchId" in said["parameters.vswitchid"]
    assert "not supported" in said["parameters.OwnerId"]


@pytest.mark.parametrize("head", OBJECTS)
@pytest.mark.parametrize("value", [None, 1, "a", [], [{}]])
def test_objects_are_objects(head: str, value: object) -> None:
    """What is an object in the nested spelling is nothing else."""
    document = message()
    document["parameters"][head] = value
    assert fields_and_codes(refused(document)) == [(f"parameters.{head}", "InvalidParameter")]


@pytest.mark.parametrize("head", LISTS)
@pytest.mark.parametrize(
    ("value", "field"),
    [(None, ""), (1, ""), ({}, ""), ("a", ""), ([1], ".1"), ([None], ".1"), ([{}], ".1"), ([[]], ".1")],
)
def test_lists_are_lists_of_objects(head: str, value: object, field: str) -> None:
    """What is a list in the nested spelling holds objects with something in them."""
    document = message()
    document["parameters"][head] = value
    assert fields_and_codes(refused(document)) == [(f"parameters.{head}{field}", "InvalidParameter")]


def test_items_are_numbered_without_gaps() -> None:
    """The flat spelling counts from 1 and skips none: lists of the SDK could not say it."""
    found = refused(message({"DataDisk.1.Size": 40, "DataDisk.3.Size": 40}))
    assert fields_and_codes(found) == [("parameters.DataDisk.2", "MissingParameter")]
    accepted(message({"DataDisk.2.Size": 40, "DataDisk.1.Size": 40}))


@pytest.mark.parametrize(
    ("name", "value"), [("Password", "Secret-Pass\ud800"), ("Password", "short7!"), ("UserData", "c2VjcmV0!")]
)
def test_no_secret_is_shown(name: str, value: str) -> None:
    """Neither the words of a violation nor the repr of anything shows a secret's value."""
    found = refused(message({name: value}))
    assert value not in repr(found)
    assert value[:6] not in repr(found)


def test_no_secret_in_a_request() -> None:
    """The repr of a request shows none of its parameters."""
    assert HIDDEN not in repr(accepted(message({"Password": HIDDEN})))


def test_words_name_the_limit_and_the_value() -> None:
    """A violation says what is allowed and what was given, at most 64 characters of it."""
    said = {
        each.field: each.message
        for each in violations({"SystemDisk.Size": 5000, "Description": "x" * 9999}, CheckOptions())
    }
    assert "20 to 2048" in said["SystemDisk.Size"]
    assert "5000" in said["SystemDisk.Size"]
    assert len(said["Description"]) < 150


def test_all_violations_at_once() -> None:
    """Type errors, limits and rules between parameters are told in one answer."""
    found = refused(message({"ImageId": 5, "InstanceName": "x", "SpotStrategy": "SpotAsPriceGo", "Period": 5}))
    assert fields_and_codes(found) == [
        ("parameters.ImageId", "InvalidParameter"),
        ("parameters.InstanceName", "InvalidInstanceName.Malformed"),
        ("parameters.Period", "InvalidPeriod"),
        ("parameters.ZoneId", "InvalidSpotParam.EmptyZoneID"),
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"ImageId": 5},
        {"ZoneId": 5, "SpotStrategy": "SpotAsPriceGo"},
        {"VSwitchId": 5, "PrivateIpAddress": "10.0.0.1"},
        {"DataDisk": [{"Category": 5, "PerformanceLevel": "PL1"}]},
        {"DataDisk": [{"KMSKeyId": "k", "Encrypted": "yes"}]},
        {"Tag": [{"Key": 5, "Value": "a"}]},
    ],
)
def test_a_wrong_type_is_told_once(parameters: dict[str, Any]) -> None:
    """A value that cannot be read is neither missing nor a breach of a rule that would have to read it."""
    assert [each.code for each in refused(message(parameters)).violations] == ["InvalidParameter"]


def test_what_is_missing_is_told_once() -> None:
    """A rule about the instance type says nothing when there is none."""
    found = refused(message({"InstanceType": None, "SystemDisk.Category": "cloud_essd_entry"}))
    assert fields_and_codes(found) == [("parameters.InstanceType", "MissingParameter")]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NodeControllerId", "InvalidNodeControllerId.Malformed"),
        ("DeploymentSetId", "InvalidDeploymentSetId.NotFound"),
        ("PrivatePoolOptions.Id", "Invalid.PrivatePoolOptionsId"),
        ("StorageSetId", "InvalidParameter.StorageSetId"),
        ("DataDisk.1.Device", "InvalidDataDevice.Malformed"),
        ("Arn.1.RoleType", "InvalidParameter.Arns"),
    ],
)
def test_the_error_table_names_a_code_for_the_parameter(name: str, code: str) -> None:
    """Where the error table says that this very parameter is not valid, its code is the answer."""
    assert fields_and_codes(refused(message({name: ""}))) == [(f"parameters.{name}", code)]


def test_tags_of_a_message() -> None:
    """A message brings 19 tags, since one of the API's 20 is ours; our own key is refused."""
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(20)]
    accepted(message({"Tag": tags[:19]}))
    assert fields_and_codes(refused(message({"Tag": tags}))) == [("parameters.Tag", "QuotaExceed.Tags")]
    found = refused(message({"Tag": [{"Key": REQUEST_TAG, "Value": "x"}]}))
    assert fields_and_codes(found) == [("parameters.Tag.1.Key", "InvalidTagKey.Malformed")]
    accepted(message({"Tag": [{"Key": REQUEST_TAG + "s", "Value": REQUEST_TAG}]}))


def test_client_token_leaves_the_parameters() -> None:
    """The message's ClientToken is a field of the request, not a parameter of every generation."""
    request = accepted(message({"ClientToken": "t-1"}))
    assert request.client_token == "t-1"
    assert "ClientToken" not in request.parameters


def test_unlisted_values_can_pass_with_a_warning() -> None:
    """`unlisted=warn` turns rules that only list known values into warnings, and no others."""
    change = {"SystemDisk.Category": "cloud_new", "HttpTokens": "newer", "InstanceChargeType": "Hourly"}
    lenient = CheckOptions(unlisted="warn")
    assert len(violations(change, CheckOptions())) == 3
    request = accepted(message(change), lenient)
    assert [each.field for each in request.warnings] == [f"parameters.{name}" for name in change]
    entry = {"SystemDisk.Category": "cloud_essd_entry"}
    assert violations(entry, CheckOptions())
    assert not violations(entry, lenient)
    new_level = {"DataDisk": [{"Category": "cloud_new", "PerformanceLevel": "PL9", "Size": 1}]}
    assert not violations(new_level, lenient)
    assert violations({"DataDisk": [{"Category": "cloud", "Size": 4}]}, lenient)


@pytest.mark.parametrize(
    ("parameters", "fields"),
    [
        ({"NodeControllerId": "n"}, ["NodeControllerId"]),
        ({"HibernationOptions": {"Configured": True}}, ["HibernationOptions.Configured"]),
        ({"HttpPutResponseHopLimit": 1}, ["HttpPutResponseHopLimit"]),
        ({"Arn": [{"RoleType": "Primary", "Rolearn": "a", "AssumeRoleFor": 1}]},
         ["Arn.1.RoleType", "Arn.1.Rolearn", "Arn.1.AssumeRoleFor"]),
        ({"ClusterId": "c"}, ["ClusterId"]),
        ({"DedicatedHostId": "d", "SpotStrategy": "SpotWithPriceLimit", "SpotPriceLimit": 0.5},
         ["SpotStrategy", "SpotPriceLimit"]),
        ({"DedicatedHostId": "d", "SpotStrategy": "NoSpot"}, []),
    ],
)  # fmt: skip
def test_remarks(parameters: dict[str, Any], fields: list[str]) -> None:
    """What is invitational, not open, deprecated, or ignored on a dedicated host passes with a warning."""
    assert [each.field for each in accepted(message(parameters)).warnings] == [f"parameters.{name}" for name in fields]


def test_takes_effect_only_when_is_accepted_outside_its_mode() -> None:
    """Settings that need a mode to take effect pass without it."""
    accepted(message({"Period": 1, "PeriodUnit": "Month", "AutoRenew": True, "SpotPriceLimit": 0.5, "SpotDuration": 1}))


def test_checking_flat_parameters_never_raises() -> None:
    """The rule table takes any mapping: unknown names and wrong types are violations."""
    flat: dict[str, Any] = {**BASE, "Nothing": 1, "Tag.1.Key": 5, "DataDisk.1.Size": "40", "a.b.c.d": True, "x..y": 0}
    found = {(each.field, each.code) for each in check_parameters(flat)}
    assert found == {(name, "InvalidParameter") for name in flat if name not in BASE}
    assert examine({}, CheckOptions()).warnings == []
    assert json.dumps([each.message for each in check_parameters({})])


@pytest.mark.parametrize("wrong", [{"site": "moon"}, {"unlisted": "ignore"}, {"inline_secrets": "hide"}])
def test_options_are_known_choices(wrong: dict[str, str]) -> None:
    """Options that mean nothing cannot be made."""
    with pytest.raises(ValueError, match="one of"):
        CheckOptions(**wrong)
