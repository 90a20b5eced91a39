from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from local.docs.documents import DOCUMENTS
from local.docs.message_schema import message_schema
from local.project import ROOT
from shared.domain.create_instance.parameters import PARAMETERS
from tests.support.messages import accepted, message, refused
from tests.support.random_requests import flat_requests, nested

SCHEMA = json.loads(message_schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
DISKS = {"SystemDisk": {"Size": 40}, "DataDisk": [{"Size": 40}]}
FULL = message(
    {"InternetMaxBandwidthOut": 5, **DISKS},
    start=False,
    allocatePublicIp=True,
    timeoutSeconds=60,
    onFailure="release",
    notAfter="2026-11-25T00:00:00Z",
    metadata={"a": "b"},
    alternatives=[{}, {"SystemDisk": None, "DataDisk": []}, {"SystemDisk": {"Size": None}, "ZoneId": None}],
)
BAD: list[Any] = [
    [],
    {},
    message(extra=1),
    message() | {"requestId": "a b"},
    message() | {"start": "true"},
    message(timeoutSeconds=59),
    message(onFailure="delete"),
    message(metadata={"k": 1}),
    message(alternatives=[{"RegionId": "x"}]),
    message(alternatives=[{"Tag.1.Key": "x"}]),
    message({"RegionId": None}),
    message({"ImageId": None}),
    message({"ImageFamily": "x"}),
    message({"Bogus": 1}),
    message({"Tag": [{"KEY": "a"}]}),
    message({"Tag.1.KEY": "a"}),
    message({"DryRun": "yes"}),
    message({"SpotPriceLimit": ".5"}),
    message({"Tag": [{}]}),
    message({"DataDisk.0.Size": 40}),
    message({"Password": "short"}),
    message({"InstanceName": "a b"}),
    message({"Description": "http://a"}),
    message({"SystemDisk.Category": "cloud_new"}),
    message({"SystemDisk": {"Size": "40G"}}),
    message({"Tag": [{"Key": f"k{number}"} for number in range(20)]}),
]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_generated_document_is_up_to_date(name: str) -> None:
    """A generated document is what its generator makes now: run `make docs` when this fails."""
    assert (ROOT / name).read_text(encoding="utf-8") == DOCUMENTS[name]()


def test_the_schema_is_a_schema() -> None:
    """The message's schema is valid itself."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "document",
    [message(), message({"ImageId": None, "ImageFamily": "f"}), FULL, message({"Arn": [{"RoleType": "a"}] * 101})],
)
def test_a_message_the_worker_takes_fits_the_schema(document: dict[str, Any]) -> None:
    """Nothing the worker takes is refused by the schema."""
    accepted(document)
    VALIDATOR.validate(document)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(flat_requests())
def test_both_spellings_fit_the_schema(flat: dict[str, Any]) -> None:
    """Any valid parameters fit the schema, flat and nested."""
    for parameters in (flat, nested(flat)):
        VALIDATOR.validate(message() | {"parameters": parameters})


@pytest.mark.parametrize("document", BAD)
def test_what_the_schema_refuses_the_worker_refuses(document: Any) -> None:
    """The schema refuses what can be said in a schema, and the worker agrees."""
    assert not VALIDATOR.is_valid(document)
    refused(document)


def test_secrets_are_write_only() -> None:
    """The schema marks what is never shown."""
    parameters = SCHEMA["$defs"]["parameters"]["properties"]
    assert {name for name, value in parameters.items() if value.get("writeOnly")} == {"Password", "UserData"}


def test_asyncapi_refers_to_what_is_there() -> None:
    """Every reference of the AsyncAPI document, in the file or to a schema beside it, leads somewhere."""
    folder = ROOT / "docs" / "schema"
    document = yaml.safe_load((folder / "asyncapi.yaml").read_text(encoding="utf-8"))
    assert document["asyncapi"].startswith("3.")
    references = list(_references(document))
    assert len(references) > 8
    for reference in references:
        file, _, pointer = reference.partition("#")
        target = json.loads((folder / file).read_text(encoding="utf-8")) if file else document
        for step in pointer.split("/")[1:]:
            target = target[step]
        assert target


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [each for inner in value.values() for each in _references(inner)]
    return [each for inner in value for each in _references(inner)] if isinstance(value, list) else []


def test_the_page_names_every_parameter() -> None:
    """People find every parameter on the parameter page."""
    page = (ROOT / "docs/parameters.md").read_text(encoding="utf-8")
    assert [name for name in PARAMETERS if f"`{name}`" not in page] == []
