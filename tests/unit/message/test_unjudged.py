"""Reading a message without judging it: id, count and content."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.message.envelope import MAX_DEFERRED
from shared.domain.message.json import read_json
from shared.domain.message.parse import MAX_MESSAGE_BYTES, parse
from shared.domain.message.request import Request
from shared.domain.message.unjudged import content_of, deferrals_of, request_id_of, with_deferrals
from tests.support.messages import accepted, fields_and_codes, message, refused
from tests.support.random_requests import flat_requests, nested

PATIENT = settings(deadline=None, max_examples=60)
FULL: dict[str, Any] = {
    "alternatives": [{"ZoneId": None, "DataDisk": []}, {"SystemDisk": {"Category": None}}],
    "start": False, "allocatePublicIp": False, "timeoutSeconds": 61, "onFailure": "keep",
    "notAfter": "2036-11-25T00:00:00.5+01:00", "metadata": {"a": "b"}, "deferred": 3,
}  # fmt: skip


@PATIENT
@given(flat_requests(), st.booleans())
def test_the_content_of_a_valid_message_is_its_request(flat: dict[str, Any], flatly: bool) -> None:  # noqa: FBT001 - hypothesis
    """What is read without judging is what `parse` returns, so their fingerprints agree."""
    body = json.dumps(message() | {"parameters": flat if flatly else nested(flat)} | FULL)
    asked, content = parse(body), content_of(body)
    if isinstance(asked, Request):
        assert content is not None
        assert replace(asked, warnings=(), metadata={}, deferred=0) == content
        assert asked.fingerprint() == content.fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        {
            "parameters": {
                "InstanceType": "ecs.g6.large",
                "RegionId": "cn-hangzhou",
                "SystemDisk.Category": "cloud_next",
            }
        },
        {"parameters": {"NewInNextVersion": True, "NewDisk": {"Size": 4}, "NewList": [{"Key": "a"}]}},
        {"parameters": {}, "timeoutSeconds": 999_999, "onFailure": "ask"},
    ],
)
def test_content_is_held_to_no_rule(change: dict[str, Any]) -> None:
    """Values and names that the rules in force refuse are read all the same, in either spelling."""
    body = {**message(), **change}
    assert refused(body)
    content = content_of(json.dumps(body))
    assert content is not None
    spelt = {**body, "parameters": dict(content.parameters)}
    assert content_of(json.dumps(spelt)) == content


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "null", "{}", '{"requestId": "a"}', '{"requestId": "a", "parameters": []}',
        '{"requestId": "a", "parameters": {}, "requestId": "a"}',
        '{"requestId": "a", "parameters": {"A": 1, "A": 1}}',
        '{"requestId": "a", "parameters": {"A": null}}',
        '{"requestId": "a", "parameters": {"A": 1e999}}',
        '{"requestId": "a", "parameters": {"A": {"B": {"C": 1}}}}',
        '{"requestId": "a", "parameters": {"A": [1]}}',
        '{"requestId": "a", "parameters": {"A": {"B": 1}, "A.B": 1}}',
        '{"requestId": "a", "parameters": {}, "surprise": 1}',
        '{"requestId": "a", "parameters": {}, "timeoutSeconds": true}',
        '{"requestId": "a", "parameters": {}, "notAfter": "soon"}',
        '{"requestId": "a", "parameters": {}, "alternatives": [1]}',
        '{"requestId": 1, "parameters": {}}',
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_nobody_s_content(body: str) -> None:
    """A message whose content cannot be read is none of a recorded request's."""
    assert content_of(body) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"requestId": "a.B:c-1"}', "a.B:c-1"), ('{"requestId": "~m-1"}', None), ('{"requestId": ""}', None),
        ('{"requestId": 7}', None), ('["requestId"]', None), ("{", None), ('{"requestId": "a\\n"}', None),
    ],
)  # fmt: skip
def test_the_id_is_read_whatever_the_rest_is(body: str, expected: str | None) -> None:
    """An id is told if it can be one; what refusals are kept under never can."""
    assert request_id_of(body) == expected


@PATIENT
@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5), st.lists),
    )
)
def test_counting_changes_nothing_else(document: dict[str, Any]) -> None:
    """The count is set in the text, once and again, and everything else of the text stays as it is."""
    text = json.dumps({"requestId": "a", **document}, indent=1)
    once = with_deferrals(text, 1)
    again = with_deferrals(once, 10)
    assert (deferrals_of(once), deferrals_of(again)) == (1, 10)
    rest = {name: value for name, value in read_json(text).items() if name != "deferred"}
    assert {name: value for name, value in read_json(again).items() if name != "deferred"} == rest
    if "deferred" not in document:
        assert once.replace('"deferred":1,', "", 1) == text


@pytest.mark.parametrize("odd", ["7", -1, 1.5, True, None, [], 10**30])
def test_a_sender_s_own_count_helps_nobody(odd: object) -> None:
    """A count that the worker cannot have written is a violation, and as good as the last one."""
    body = message() | {"deferred": odd}
    assert fields_and_codes(refused(body)) == [("deferred", "InvalidParameter")]
    assert deferrals_of(json.dumps(body)) == MAX_DEFERRED


def test_the_count_is_no_content() -> None:
    """A copy that was sent again is the same request, and no longer than a message may be."""
    assert accepted(message(deferred=10)).fingerprint() == accepted(message()).fingerprint()
    body = json.dumps(message(metadata={}))
    longest = body + " " * (MAX_MESSAGE_BYTES - len(body))
    assert isinstance(parse(longest), Request)
    assert isinstance(parse(with_deferrals(longest, 10)), Request)
    assert not isinstance(parse(longest + " "), Request)


def test_a_number_of_any_length_can_be_counted() -> None:
    """A copy is counted whatever numbers its message holds: one too long for the interpreter must not circle."""
    body = '{"requestId": "a", "deferred": 1, "x": ' + "1" * 5000 + "}"
    assert deferrals_of(with_deferrals(body, 2)) == 2


def test_a_password_in_the_wrong_field_is_not_repeated() -> None:
    """What is written where true or false belongs may be the password: it is not given back."""
    found = parse(json.dumps(message({"PasswordInherit": "S3cr3t!!pAss"})))
    assert "S3cr3t" not in repr(found)
    assert "'yes'" in repr(parse(json.dumps(message({"PasswordInherit": "yes"}))))
