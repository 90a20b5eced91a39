from __future__ import annotations

import hashlib
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.docs.message_schema import message_schema
from shared.domain.create_instance.json_types import from_text
from shared.domain.create_instance.parameters import PARAMETERS
from tests.support.messages import accepted, fields_and_codes, message, refused
from tests.support.random_requests import flat_requests

VALIDATOR = jsonschema.Draft202012Validator(json.loads(message_schema()))


def _as_text(value: object) -> object:
    if isinstance(value, bool):
        return str(value)
    return f"{value:.6f}" if isinstance(value, float) else str(value)


@given(flat_requests())
def test_text_is_the_same_request(flat: dict[str, Any]) -> None:
    """Numbers and booleans as text make the same request, fingerprint included, and fit the schema."""
    document = message({name: _as_text(value) for name, value in flat.items()})
    VALIDATOR.validate(document)
    plain, text = accepted(message(flat)), accepted(document)
    assert dict(text.parameters) == dict(plain.parameters)
    assert {n: type(v) for n, v in text.parameters.items()} == {n: type(v) for n, v in plain.parameters.items()}
    assert text.fingerprint() == plain.fingerprint()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"SystemDisk.Size": 40}, {"SystemDisk": {"Size": "40"}}),
        ({"DataDisk": [{"Size": 40}]}, {"DataDisk.1.Size": "40"}),
        ({"SpotPriceLimit": 0.98}, {"SpotPriceLimit": "0.980000"}),
        ({"SpotPriceLimit": 1}, {"SpotPriceLimit": "1"}),
        ({"DryRun": True}, {"DryRun": "tRuE"}),
        ({"AutoRenew": False}, {"AutoRenew": "False"}),
        ({"Tag.1.Key": "a", "Tag.1.Value": "b"}, {"Tag": [{"key": "a", "value": "b"}]}),
        ({"Tag.1.Key": "a", "Tag.1.Value": "b"}, {"Tag.1.key": "a", "Tag.1.value": "b"}),
        ({"UserData": "ZWNobyBo"}, {"UserData": "ZWNo\r\nbyBo\n"}),
    ],
)
def test_two_ways_to_write_one_request(one: dict[str, Any], other: dict[str, Any]) -> None:
    """The parameters are the same and so is the fingerprint, in the request and in an alternative where it may be."""
    first, second = accepted(message(one)), accepted(message(other))
    assert first.parameters == second.parameters
    assert first.fingerprint() == second.fingerprint()
    VALIDATOR.validate(message(other))
    if not {name.split(".")[0] for name in one} & {"Tag", "UserData", "DryRun"}:
        both = [accepted(message(alternatives=[each])) for each in (one, other)]
        assert both[0].fingerprint() == both[1].fingerprint()


def test_the_fingerprint_of_a_plain_message_stays() -> None:
    """What is recorded for a message without text numbers is what was recorded before there were any."""
    request = accepted(message({"SystemDisk.Size": 40, "SpotPriceLimit": 0.98, "AutoRenew": True}))
    content = (
        '{"allocatePublicIp":false,"alternatives":[],"clientToken":null,"notAfter":null,"onFailure":"keep",'
        '"parameters":{"AutoRenew":true,"ImageId":"ubuntu_22_04_x64_20G_alibase_20240130.vhd",'
        '"InstanceType":"ecs.g6.large","RegionId":"cn-hangzhou","SpotPriceLimit":0.98,"SystemDisk.Size":40},'
        '"start":true,"timeoutSeconds":900}'
    )
    assert request.fingerprint() == hashlib.sha256(content.encode()).hexdigest()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        *((int, text, int(text)) for text in ("0", "40", "-1", "123456789012345678")),
        *(
            (int, text, None)
            for text in ("+5", " 40", "40 ", "40\n", "040", "40.0", "1e3", "1_000", "0x28", "-", "\uff14\uff10")
        ),
        *((int, text, None) for text in ("", "40G", "1234567890123456789", "9" * 5000, "true", "null", "NaN")),
        *((float, text, float(text)) for text in ("0.980000", "1e3", "2.5E-1", "12345678901234567890")),
        *((float, text, None) for text in (".5", "5.", "+0.5", "1,5", "1e400", "inf", "NaN", "0.5 ", "0." + "0" * 40)),
        *((bool, text, text.lower() == "true") for text in ("true", "True", "TRUE", "false", "fAlSe")),
        *((bool, text, None) for text in ("1", "0", "yes", "", " true", "true ", "t", "\uff54rue")),
    ],
)
def test_what_a_text_says(kind: type, text: str, value: object) -> None:
    """A text is the number that JSON would read in it, and true or false in any case; everything else is refused."""
    said = from_text(text, kind)
    assert (type(said), said) == (type(value), value)


@given(
    st.one_of(st.from_regex(r"-?[0-9.eE+]{1,20}", fullmatch=True), st.text(max_size=8)), st.sampled_from([int, float])
)
def test_no_text_is_read_otherwise_than_json_reads_it(text: str, kind: type) -> None:
    """Whatever is taken is what a JSON reader makes of the same characters, so that text and number never differ."""
    said = from_text(text, kind)
    if said is not None:
        assert said == json.loads(text)
        assert kind is float or isinstance(said, int)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"SystemDisk.Size": "40G"}, "write 40"),
        ({"SystemDisk.Size": " 40 "}, "write 40"),
        ({"SystemDisk.Size": "040"}, "write 40"),
        ({"SystemDisk.Size": "+40"}, "write 40"),
        ({"SystemDisk.Size": "\uff14\uff10"}, "write 40"),
        ({"SystemDisk.Size": "40.0"}, "write 40"),
        ({"SystemDisk.Size": 40.5}, "whole number"),
        ({"SystemDisk.Size": "40.5"}, "whole number"),
        ({"SystemDisk.Size": "big"}, "whole number"),
        ({"SystemDisk.Size": "1T"}, "whole number"),
        ({"SystemDisk.Size": True}, "whole number"),
        ({"SystemDisk.Size": ""}, "leave it out"),
        ({"SpotPriceLimit": ".5"}, "write 0.5"),
        ({"SpotPriceLimit": "cheap"}, "such as 0.98"),
        ({"SpotPriceLimit": "0,5"}, "such as 0.98"),
        ({"SpotPriceLimit": "1,500"}, "write 1500"),
        ({"SystemDisk.Size": "1,5"}, "whole number"),
        ({"DryRun": "yes"}, "write true"),
        ({"DryRun": 0}, "write false"),
        ({"DryRun": "perhaps"}, "true or false"),
        ({"DryRun": ""}, "leave it out"),
        ({"ZoneId": ""}, "leave it out"),
        ({"InstanceName": ""}, "leave it out"),
        ({"ImageId": 5}, "in quotes"),
        ({"Tag": {"team": "web"}}, '[{"Key": ...}]'),
    ],
)
def test_what_to_write_instead(parameters: dict[str, Any], words: str) -> None:
    """A value that cannot be taken is told once, with what to write in its place."""
    (violation,) = refused(message(parameters)).violations
    assert words in violation.message


def test_an_empty_text_is_refused_everywhere_but_in_a_tag_value() -> None:
    """Nothing is sent empty, however lenient the lists are; a tag's value may be empty."""
    for name in PARAMETERS:
        flat = name.replace(".N.", ".1.")
        found = [each for each in refused(message({flat: ""})).violations if each.field == f"parameters.{flat}"]
        if name == "Tag.N.Value":
            assert found == []
        else:
            assert len(found) == 1
            assert "must not be empty" in found[0].message
    found = refused(message(alternatives=[{"ZoneId": ""}]))
    assert "null" in found.violations[0].message


def test_ranges_hold_for_text_all_at_once() -> None:
    """Limits and rules between parameters look at the number a text says; everything is told in one answer."""
    found = refused(
        message(
            {
                "SystemDisk.Size": "5000",
                "InternetMaxBandwidthOut": "101",
                "InternetMaxBandwidthIn": "0",
                "SpotPriceLimit": "0.9812",
                "DataDisk.1.Size": "1",
                "Period": "5",
                "DeploymentSetGroupNo": "8G",
            }
        )
    )
    assert fields_and_codes(found) == [
        ("parameters.SystemDisk.Size", "InvalidSystemDiskSize.MoreThanMaxSize"),
        ("parameters.InternetMaxBandwidthOut", "InvalidInternetMaxBandwidthOut.Malformed"),
        ("parameters.InternetMaxBandwidthIn", "InvalidInternetMaxBandwidthIn.Malformed"),
        ("parameters.SpotPriceLimit", "InvalidSpotPriceLimit"),
        ("parameters.DataDisk.1.Size", "InvalidDataDiskSize.ValueNotSupported"),
        ("parameters.Period", "InvalidPeriod"),
        ("parameters.DeploymentSetGroupNo", "InvalidParameter"),
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"Tag": [{"Key": "a", "key": "a"}]},
        {"Tag.1.Key": "a", "Tag.1.key": "b"},
        {"Tag": [{"key": "a"}], "Tag.1.Key": "a"},
    ],
)
def test_a_tag_is_spelt_once(parameters: dict[str, Any]) -> None:
    """The two spellings of one tag's key are one name, given twice."""
    assert fields_and_codes(refused(message(parameters))) == [("parameters.Tag.1.Key", "InvalidParameter")]


def test_the_envelope_stays_strict() -> None:
    """The fields of the message itself take no text for numbers, and say what to write."""
    said = {each.field: each.message for each in refused(message(start="true", timeoutSeconds="900")).violations}
    assert "write true without quotes" in said["start"]
    assert "write 900 without quotes" in said["timeoutSeconds"]
