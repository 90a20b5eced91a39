from __future__ import annotations

import json
import re
from typing import Any

import pytest

from shared.domain.lifecycle import outcome
from shared.domain.lifecycle.outcome import rfc3339
from shared.domain.message.parse import MAX_MESSAGE_BYTES, parse
from shared.domain.message.request import Request
from shared.domain.timings import Timings
from tests.support.messages import accepted, fields_and_codes, message, refused, refused_text

BANDWIDTH = {"InternetMaxBandwidthOut": 5}
PAIRS = {f"k{number}": "v" for number in range(20)}
GOOD: list[tuple[str, Any]] = [
    *(("requestId", each) for each in ("a", "a" * 64, "A-Z.a_z:0-9")),
    *(("start", each) for each in (True, False)),
    ("allocatePublicIp", False),
    *(("timeoutSeconds", each) for each in (60, 86400)),
    *(("onFailure", each) for each in ("keep", "release")),
    *(
        ("notAfter", each)
        for each in (
            "2026-11-25T00:00:00Z",
            "2026-11-25T08:00:00+08:00",
            "2024-02-29T23:59:59.123456789Z",
            "2024-02-29T23:59:59.1234567890123Z",
            "2026-11-25t00:00:00z",
        )
    ),
    *(("metadata", each) for each in ({}, PAIRS, {"k" * 64: "v" * 256}, {"": ""}, {"ключ": "值"})),
    *(("alternatives", each) for each in ([], [{}], [{"ZoneId": "z"}] * 10)),
]
BAD: list[tuple[str, str, Any]] = [
    *(("requestId", "requestId", each) for each in ("", "a" * 65, "a b", "a/b", "ä", "a\n", 1, True, None, ["a"], {})),
    *(("start", "start", each) for each in ("true", 1, 0, None, [], {})),
    *(("allocatePublicIp", "allocatePublicIp", each) for each in ("false", 1, None, True)),
    *(("timeoutSeconds", "timeoutSeconds", each) for each in (59, 86401, "900", 900.0, True, None, 10**17, [], {})),
    *(("onFailure", "onFailure", each) for each in ("delete", "Keep", "", 1, None, [])),
    *(
        ("notAfter", "notAfter", each)
        for each in (
            *("", "tomorrow", "2026-11-25", "2026-11-25T00:00:00", "2026-11-25T24:00:00Z", "2026-02-29T00:00:00Z"),
            *("2026-11-25 00:00:00Z", "2026-11-25T00:00:00+24:00", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00"),
            *("2026-11-25T00:00:00Z\n", "\uff12\uff10\uff12\uff16-11-25T00:00:00Z", 1764028800, None, True),
        )
    ),
    *(("metadata", "metadata", each) for each in (PAIRS | {"k20": "v"}, [], "a", None, 1)),
    *(
        ("metadata", f"metadata.{key}", {key: value})
        for key, value in (("k", 1), ("k", None), ("k", "v" * 257), ("k", {}), ("k", "\ud800"))
    ),
    ("metadata", f"metadata.{'k' * 61}...", {"k" * 65: "v"}),
    ("metadata", "metadata", {f"k{number}": "值" * 250 for number in range(6)}),
    *(("alternatives", "alternatives", each) for each in ([{}] * 11, {}, "a", None)),
    *(("alternatives", "alternatives.2", [{}, each]) for each in (None, "a", 1, [])),
    *(("parameters", "parameters", each) for each in (None, [], "a", 1)),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_an_envelope_field_takes_what_the_design_allows(name: str, value: object) -> None:
    """Each field of the envelope is taken up to its limits."""
    accepted(message() | {name: value})


@pytest.mark.parametrize(("name", "field", "value"), BAD)
def test_an_envelope_field_refuses_what_is_beyond(name: str, field: str, value: object) -> None:
    """Each field of the envelope has one type and a limit; beyond, or null, it is an InvalidParameter at its place."""
    assert (field, "InvalidParameter") in fields_and_codes(refused(message() | {name: value}))


def test_defaults() -> None:
    """What the envelope does not say is what the design says."""
    request = accepted(message())
    assert (request.start, request.allocate_public_ip, request.timeout_seconds) == (True, False, 900)
    assert (request.on_failure, request.not_after, request.metadata) == ("keep", None, {})
    assert (request.alternatives, request.client_token, request.warnings) == ((), None, ())


def test_all_that_is_wrong_with_metadata_at_once() -> None:
    """Too many pairs and each wrong pair are told together."""
    found = refused(message(metadata=PAIRS | {"k5": 1, "k20": "v" * 257}))
    assert [field for field, _ in fields_and_codes(found)] == ["metadata", "metadata.k5", "metadata.k20"]


@pytest.mark.parametrize("parameters", [{}, {"parameters": 5}])
def test_alternatives_to_parameters_that_cannot_be_read(parameters: dict[str, Any]) -> None:
    """Names and types of alternatives are checked even where there is nothing to lay them over."""
    alternatives = [5, {"ZoneId": "z", "Bogus": 1}, {"SystemDisk.Size": "40G"}, {"RegionId": "x"}]
    fields = [
        field for field, _ in fields_and_codes(refused({"requestId": "a", "alternatives": alternatives, **parameters}))
    ]
    assert sorted(fields) == [
        *("alternatives.1", "alternatives.2.Bogus", "alternatives.3.SystemDisk.Size", "alternatives.4.RegionId"),
        "parameters",
    ]


def test_times_with_an_offset_are_the_same_moment() -> None:
    """`notAfter` becomes epoch seconds in UTC, fractions kept."""
    times = ("2026-11-25T00:00:00Z", "2026-11-25T08:00:00+08:00", "2026-11-24T19:30:00-04:30")
    assert {accepted(message(notAfter=each)).not_after for each in times} == {1795564800.0}
    assert accepted(message(notAfter="2026-11-25T00:00:00.5Z")).not_after == 1795564800.5


def test_missing_fields() -> None:
    """An empty object misses both required fields."""
    assert fields_and_codes(refused({})) == [("requestId", "MissingParameter"), ("parameters", "MissingParameter")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "null",
        "[]",
        "1",
        '"a"',
        "{",
        "{} {}",
        "[" * 40000,
        '{"a":' * 9000,
        "\ufeff\ufeff{}",
        '{"a": NaN}',
        '{"a": -Infinity}',
        "{'a': 1}",
        "\x00",
        "\ud800",
        '{"a": "\n"}',
    ],
)
def test_what_is_no_json_object(text: str) -> None:
    """A body that is no JSON object is MalformedMessage with an empty field, and nothing else."""
    assert fields_and_codes(refused_text(text)) == [("", "MalformedMessage")]


def test_the_size_of_the_whole() -> None:
    """48 KB in UTF-8 pass, one byte more does not; the request id is still read for the answer."""
    text = json.dumps(message({"Description": "描述"}), ensure_ascii=False)
    room = MAX_MESSAGE_BYTES - len(text.encode())
    assert fields_and_codes(refused_text(text + " " * (room + 1))) == [("", "InvalidParameter")]
    assert refused_text(text + " " * (room + 1)).request_id == "order-1"
    accepted(json.loads(text + " " * room))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"requestId": "a", "requestId": "b", "parameters": {}}', "requestId"),
        ('{"requestId": "a", "parameters": {"ImageId": "a", "ImageId": "a"}}', "parameters.ImageId"),
        ('{"requestId": "a", "parameters": {"SystemDisk": {"Size": 40, "Size": 50}}}', "parameters.SystemDisk.Size"),
        ('{"requestId": "a", "parameters": {"Tag": [{"Key": "a", "Key": "b"}]}}', "parameters.Tag.1.Key"),
        ('{"requestId": "a", "parameters": {"Tag.1.Value": "a", "Tag": [{"Value": "a"}]}}', "parameters.Tag.1.Value"),
        ('{"requestId": "a", "parameters": {"Tag.1.Key": "a", "Tag": [{"Key": "a"}]}}', "parameters.Tag.1.Key"),
        ('{"parameters": {}, "alternatives": [{"VlanId": "a", "VlanId": "b"}]}', "alternatives.1.VlanId"),
        ('{"requestId": "a", "parameters": {}, "metadata": {"k": "a", "k": "b"}}', "metadata.k"),
        ('{"requestId": "a", "parameters": {}, "x": 1, "x": 2}', "x"),
    ],
)  # fmt: skip
def test_a_name_given_twice_is_refused(text: str, field: str) -> None:
    """JSON readers disagree about which of two values counts; we take none, at any level and in either spelling."""
    found = refused_text(text)
    assert [each.code for each in found.violations if each.field == field] == ["InvalidParameter"]
    assert "twice" in next(each.message for each in found.violations if each.field == field)


def test_a_request_id_given_twice_is_not_read() -> None:
    """The answer to a message with two request ids names neither."""
    assert refused_text('{"requestId": "a", "requestId": "b"}').request_id is None


def test_what_can_be_read_of_a_refused_message() -> None:
    """Request id, region and metadata are kept for the answer when they are right themselves."""
    found = refused(message({"InstanceType": 1}, metadata={"ticket": "OPS-12"}))
    assert (found.request_id, found.region_id, found.metadata) == ("order-1", "cn-hangzhou", {"ticket": "OPS-12"})
    found = refused(message({"RegionId": 5}, metadata={"a": 1}) | {"requestId": "no id"})
    assert (found.request_id, found.region_id, found.metadata) == (None, None, {})


def test_document_order() -> None:
    """Violations come in the message's own order; what is missing comes at the end of its object."""
    found = refused(
        {
            "start": 1,
            "parameters": {"Zebra": 1, "Tag": [{"Value": 5}, {"Key": ""}], "Password": "x", "SystemDisk.Size": "40G"},
            "alternatives": [{"RegionId": "x"}, {"ZoneId": None, "Period": 5}],
            "onFailure": "no",
        }
    )
    assert list(dict.fromkeys(each.field for each in found.violations)) == [
        "start",
        "parameters.Zebra",
        "parameters.Tag.1.Value",
        "parameters.Tag.1.Key",
        "parameters.Tag.2.Key",
        "parameters.Password",
        "parameters.SystemDisk.Size",
        "parameters.RegionId",
        "parameters.InstanceType",
        "parameters.ImageId",
        "alternatives.1.RegionId",
        "alternatives.2.Period",
        "onFailure",
        "requestId",
    ]


def test_a_public_address_needs_bandwidth() -> None:
    """`allocatePublicIp` needs InternetMaxBandwidthOut above 0, in the request and in every alternative."""
    accepted(message(BANDWIDTH, allocatePublicIp=True))
    for parameters in ({}, {"InternetMaxBandwidthOut": 0}):
        found = refused(message(parameters, allocatePublicIp=True, alternatives=[{"ZoneId": "z"}]))
        assert fields_and_codes(found) == [("allocatePublicIp", "InvalidParameter")]
    for overlay in ({"InternetMaxBandwidthOut": 0}, {"InternetMaxBandwidthOut": None}):
        found = refused(message(BANDWIDTH, allocatePublicIp=True, alternatives=[{}, overlay]))
        assert fields_and_codes(found) == [("alternatives.2.InternetMaxBandwidthOut", "InvalidParameter")]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"InstanceChargeType": "PrePaid", "Period": 1}, "InstanceChargeType"),
        ({"DeletionProtection": True}, "DeletionProtection"),
        ({"DataDisk": [{"Size": 40}, {"Size": 40, "DeleteWithInstance": False}]}, "DataDisk.2.DeleteWithInstance"),
    ],
)
def test_release_is_refused_where_it_cannot_be_done(parameters: dict[str, Any], name: str) -> None:
    """`onFailure: release` goes with nothing that outlives the instance, in the request and in every alternative."""
    accepted(message(parameters, onFailure="keep"))
    accepted(message({"DeletionProtection": False, "DataDisk": [{"DeleteWithInstance": True}]}, onFailure="release"))
    found = refused(message(parameters, onFailure="release", alternatives=[{"ZoneId": "z"}]))
    assert fields_and_codes(found) == [("onFailure", "InvalidParameter")]
    found = refused(message(parameters, onFailure="release", alternatives=[parameters]))
    assert (f"alternatives.1.{name}", "InvalidParameter") in fields_and_codes(found)
    found = refused(message(onFailure="release", alternatives=[{}, parameters]))
    assert fields_and_codes(found) == [(f"alternatives.2.{name}", "InvalidParameter")]


@pytest.mark.parametrize("last", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z"])
def test_any_time_can_be_told(last: str) -> None:
    """The first and the last time there is can be written again, in the words of a refusal."""
    not_after = accepted(message(notAfter=last)).not_after
    assert not_after is not None
    assert rfc3339(not_after)[:4] == last[:4]


def test_a_byte_order_mark_is_passed_over() -> None:
    """A message as some editors save it is the message."""
    text = json.dumps(message())
    marked = parse("\ufeff" + text)
    assert marked == parse(text)
    assert isinstance(marked, Request)


@pytest.mark.parametrize("given", [{"requestID": "r"}, {"start": 1}, {"metadata": {"a": 1}}])
def test_a_remedy_ends_as_a_sentence(given: dict[str, Any]) -> None:
    """What is to be done ends with one mark, whatever the words in it end with."""
    refusal = refused_text(json.dumps({**message(), **given}))
    text = outcome.refused(refusal, "M1", 0.0, Timings(deployment="d", region="cn-hangzhou"))
    assert re.search(r"\w[.?]$", json.loads(text)["data"]["error"]["remedy"])
