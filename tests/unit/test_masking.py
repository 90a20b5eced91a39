from __future__ import annotations

import json

import pytest

from local.masking import MASK, masked
from local.project import EVENTS
from shared.domain.create_instance.parameters import SECRET_PARAMETERS


def test_a_message_without_secrets_is_shown_whole() -> None:
    """Documented names, nested or flat, tags, disks, alternatives and metadata are shown as they were sent."""
    message = {
        "requestId": "order-1",
        "parameters": {"RegionId": "cn-hangzhou", "SystemDisk": {"Size": 40}, "DataDisk.1.Size": "100",
                       "Tag": [{"Key": "team", "Value": "web"}]},
        "alternatives": [{"ZoneId": "cn-hangzhou-h", "SystemDisk.Category": None}],
        "metadata": {"ticket": "OPS-12"}, "start": False, "timeoutSeconds": 60, "deferred": 1,
    }  # fmt: skip
    assert masked(json.dumps(message)) == message
    assert masked("\ufeff" + json.dumps(message)) == message


@pytest.mark.parametrize("name", sorted(SECRET_PARAMETERS))
def test_secrets_are_masked(name: str) -> None:
    """A secret parameter's value is masked wherever it stands: among the parameters, or beside them by mistake."""
    for message in ({"parameters": {name: "s3cret"}}, {name: "s3cret"}, {"alternatives": [{name: "s3cret"}]}):
        assert "s3cret" not in json.dumps(masked(json.dumps(message)))


@pytest.mark.parametrize(
    "message",
    [
        {"parameters": {"Pasword": "s3cret"}}, {"parameters": {"password": "s3cret"}},
        {"paramters": {"Password": "s3cret"}},
        {"parameters": {"SystemDisk": {"Password": "s3cret"}}}, {"parameters": {"Tag": [{"Key": {"a": "s3cret"}}]}},
        {"parameters": {"RegionId": {"Password": "s3cret"}}}, {"parameters": ["s3cret"]}, {"parameters": "s3cret"},
        {"metadata": {"a": {"b": "s3cret"}}}, {"metadata": ["s3cret"]}, {"requestId": ["s3cret"]},
        {"alternatives": ["s3cret"]}, {"parameters": {"DataDisk": ["s3cret"]}}, {"unknown": "s3cret"},
    ],
)  # fmt: skip
def test_what_may_be_one_is_masked(message: dict[str, object]) -> None:
    """A value under a name that nobody documented, or of a shape that nobody expects there, may be a secret."""
    shown = json.dumps(masked(json.dumps(message)))
    assert "s3cret" not in shown
    assert MASK in shown


@pytest.mark.parametrize("body", ["s3cret", '"s3cret"', '["s3cret"]', '{"Password": "s3cret"', "[" * 100_000])
def test_no_json_object_is_not_shown(body: str) -> None:
    """Of what cannot be read only the length is told."""
    assert masked(body) == f"({len(body)} characters that are no JSON object)"


def test_the_samples() -> None:
    """A control with real messages: everything but the secrets of the fullest sample is shown."""
    message = json.loads((EVENTS / "messages/full.json").read_text())
    shown = masked(json.dumps(message))
    assert {name for name, value in shown["parameters"].items() if value == MASK} == {"Password", "UserData"}
    assert shown["parameters"].keys() == message["parameters"].keys()
