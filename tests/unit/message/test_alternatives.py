from __future__ import annotations

from typing import Any

import pytest

from tests.support.messages import accepted, fields_and_codes, message, refused

DISKS = {"DataDisk": [{"Size": 40}, {"Size": 50}], "SystemDisk": {"Category": "cloud_essd", "Size": 40}}


@pytest.mark.parametrize(
    ("overlay", "changed", "gone"),
    [
        ({"InstanceType": "ecs.g7.large"}, {"InstanceType": "ecs.g7.large"}, []),
        ({"SystemDisk.Category": "cloud_ssd"}, {"SystemDisk.Category": "cloud_ssd", "SystemDisk.Size": 40}, []),
        ({"SystemDisk": {"Category": "cloud_ssd"}}, {"SystemDisk.Category": "cloud_ssd", "SystemDisk.Size": 40}, []),
        ({"SystemDisk": None}, {}, ["SystemDisk.Category", "SystemDisk.Size"]),
        ({"SystemDisk.Size": None}, {"SystemDisk.Category": "cloud_essd"}, ["SystemDisk.Size"]),
        ({"SystemDisk": {"Size": None}}, {"SystemDisk.Category": "cloud_essd"}, ["SystemDisk.Size"]),
        ({"DataDisk": [{"Size": 60}]}, {"DataDisk.1.Size": 60}, ["DataDisk.2.Size"]),
        ({"DataDisk.1.Size": 60}, {"DataDisk.1.Size": 60}, ["DataDisk.2.Size"]),
        ({"DataDisk": []}, {}, ["DataDisk.1.Size", "DataDisk.2.Size"]),
        ({"DataDisk": None}, {}, ["DataDisk.1.Size", "DataDisk.2.Size"]),
        ({"ImageId": None, "ImageFamily": "daily"}, {"ImageFamily": "daily"}, ["ImageId"]),
        ({}, {"DataDisk.2.Size": 50}, []),
    ],
)
def test_laying_over(overlay: dict[str, Any], changed: dict[str, Any], gone: list[str]) -> None:
    """An alternative is laid over by flat name; a list replaces the whole list; null removes."""
    made = accepted(message(DISKS, alternatives=[overlay])).parameters_for(1)
    assert changed.items() <= made.items()
    assert not set(gone) & made.keys()


@pytest.mark.parametrize("name", ["RegionId", "Tag", "Tag.1.Key", "DryRun", "ClientToken", "Password", "UserData"])
def test_what_no_alternative_changes(name: str) -> None:
    """Region, tags, token, secrets and the dry run are the request's own, even as null."""
    for value in ("x", None):
        found = refused(message(alternatives=[{name: value}]))
        assert fields_and_codes(found) == [(f"alternatives.1.{name}", "InvalidParameter")]


@pytest.mark.parametrize(
    ("overlay", "field", "code"),
    [
        ({"SystemDisk.Size": 5}, "SystemDisk.Size", "InvalidSystemDiskSize.LessThanMinSize"),
        ({"SystemDisk.Size": "40G"}, "SystemDisk.Size", "InvalidParameter"),
        ({"Bogus": 1}, "Bogus", "InvalidParameter"),
        ({"SystemDisk": {"Bogus": 1}}, "SystemDisk.Bogus", "InvalidParameter"),
        ({"SystemDisk": {"PerformanceLevel": "PL1", "Category": "cloud"}}, "SystemDisk.PerformanceLevel",
         "InvalidPerformanceLevel.Malformed"),
        ({"ImageFamily": "daily"}, "ImageFamily", "UnexpectedImageFamily.ImageIdSupplied"),
        ({"ImageId": None}, "ImageId", "MissingParameter"),
        ({"InstanceType": None}, "InstanceType", "MissingParameter"),
        ({"SpotStrategy": "SpotAsPriceGo"}, "ZoneId", "InvalidSpotParam.EmptyZoneID"),
        ({"DataDisk.1.Size": None}, "DataDisk.1.Size", "InvalidParameter"),
        ({"DataDisk": [{"Size": None}]}, "DataDisk.1.Size", "InvalidParameter"),
        ({"DataDisk": [{}]}, "DataDisk.1", "InvalidParameter"),
        ({"DataDisk": [{"Size": 40}] * 17}, "DataDisk", "InstanceDiskNumber.LimitExceed"),
    ],
)  # fmt: skip
def test_each_alternative_is_validated_as_the_request_it_makes(overlay: dict[str, Any], field: str, code: str) -> None:
    """A violation of an alternative is told under its number."""
    found = refused(message(DISKS, alternatives=[{"ZoneId": None}, overlay]))
    assert fields_and_codes(found) == [(f"alternatives.2.{field}", code)]


def test_what_is_wrong_already_is_not_told_again() -> None:
    """A violation of the request itself is not repeated for alternatives that leave it as it is."""
    found = refused(message({"SystemDisk.Size": 5}, alternatives=[{"ZoneId": "z"}, {"SystemDisk.Size": 5}]))
    code = "InvalidSystemDiskSize.LessThanMinSize"
    assert fields_and_codes(found) == [("parameters.SystemDisk.Size", code), ("alternatives.2.SystemDisk.Size", code)]


def test_what_cannot_differ_stays_the_request_s_own() -> None:
    """A refused name leaves the request's value in force, and the rules that look at it."""
    found = refused(message({"Password": "TestEcs123!"}, alternatives=[{"PasswordInherit": True, "Password": "x"}]))
    field = "alternatives.1.Password"
    assert fields_and_codes(found) == [(field, "InvalidParameter"), (field, "InvalidPasswordParam.Mismatch")]


def test_an_alternative_may_mend_what_the_request_lacks_only_for_itself() -> None:
    """The request must be valid without its alternatives."""
    found = refused(message({"SpotStrategy": "SpotAsPriceGo"}, alternatives=[{"ZoneId": "z"}]))
    assert fields_and_codes(found) == [("parameters.ZoneId", "InvalidSpotParam.EmptyZoneID")]


def test_warnings_of_an_alternative() -> None:
    """Remarks on an alternative stand under its number."""
    request = accepted(message(alternatives=[{"ClusterId": "c"}]))
    assert [each.field for each in request.warnings] == ["alternatives.1.ClusterId"]
