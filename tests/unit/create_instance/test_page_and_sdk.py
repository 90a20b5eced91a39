from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from shared.domain.create_instance.names import ALIASES, OMITTED
from shared.domain.create_instance.parameters import LISTS, OBJECTS, PARAMETERS
from tests.support.messages import accepted, fields_and_codes, message, refused

PAGE: dict[str, Any] = {item["name"]: item for item in json.loads((Path(__file__).parent / "page.json").read_text())}
"""The parameters of the page, with type and sample value (None where the sample is null)."""
TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
SDK_TYPES = {"str": "str", "int": "int", "float": "float", "bool": "bool"}

NEEDS: dict[str, dict[str, Any]] = {
    "ImageFamily": {"ImageId": None},
    "InternetMaxBandwidthIn": {"InternetMaxBandwidthOut": 50},
    "InstanceChargeType": {"Period": 1},
    "SystemDisk.PerformanceLevel": {"SystemDisk.Category": "cloud_essd"},
    "DataDisk.N.PerformanceLevel": {"DataDisk.1.Category": "cloud_essd"},
    "DataDisk.N.KMSKeyId": {"DataDisk.1.Encrypted": True},
    "DataDisk.N.StorageClusterId": {"DataDisk.1.Size": 40, "ZoneId": "cn-hangzhou-g"},
    "SystemDisk.StorageClusterId": {"SystemDisk.Size": 40, "ZoneId": "cn-hangzhou-g"},
    "Tag.N.Value": {"Tag.1.Key": "TestKey"},
    "Tag.N.value": {"Tag.1.Key": "TestKey"},
}
"""What a sample needs beside it."""
WHY_NOT = {
    "InnerIpAddress": "the page masks its address",
    "PrivateIpAddress": "the page masks its address",
    "HttpPutResponseHopLimit": "the error table wants 1 to 64; the parameter is not open",
    "NodeControllerId": "the sample is null, which is no value; the parameter is not open",
    "DataDisk.N.EncryptAlgorithm": "the sample is null, which is no value; the parameter is not open",
}
"""The samples that do not pass."""


def _with_sample(name: str) -> dict[str, Any]:
    document = message(NEEDS.get(name, {}))
    document["parameters"][name.replace(".N.", ".1.")] = PAGE[name]["sample"]
    return document


@pytest.mark.parametrize("name", [name for name in PAGE if name not in WHY_NOT])
def test_the_sample_of_the_page_passes(name: str) -> None:
    """The page's own sample value of a parameter is valid."""
    accepted(_with_sample(name))


@pytest.mark.parametrize("name", WHY_NOT)
def test_a_sample_that_does_not_pass(name: str) -> None:
    """The samples that cannot pass are refused at their own field; the list says why."""
    assert f"parameters.{name.replace('.N.', '.1.')}" in {
        field for field, _ in fields_and_codes(refused(_with_sample(name)))
    }


def test_every_parameter_of_the_page_is_in_the_table() -> None:
    """The table has the page's parameters with the page's types, all but second spellings and what is omitted."""
    page = {name: item["type"] for name, item in PAGE.items() if name not in {*OMITTED, *ALIASES}}
    assert {name: TYPES[item.kind] for name, item in PARAMETERS.items()} == page


def _fields(model: type) -> dict[str, str]:
    """Return the names a model of the SDK sends and their types, found by sending each alone."""
    found = {}
    for attribute, parameter in inspect.signature(model).parameters.items():
        if parameter.annotation in SDK_TYPES:
            sent = model(**{attribute: "probe"}).to_map()
            found |= {name: SDK_TYPES[parameter.annotation] for name, value in sent.items() if value == "probe"}
    return found


def test_the_sdk_sends_what_the_table_has() -> None:
    """A parameter that the SDK gains, loses or changes the type of shows here: take it up, or omit it with a reason."""
    from alibabacloud_ecs20140526 import models

    sdk = _fields(models.CreateInstanceRequest)
    for head in (*OBJECTS, *LISTS):
        members = _fields(getattr(models, f"CreateInstanceRequest{head}"))
        sdk |= {f"{head}.N.{name}" if head in LISTS else f"{head}.{name}": kind for name, kind in members.items()}
    omitted = {name for name in OMITTED if name not in PAGE}
    assert omitted <= sdk.keys()
    assert {name: kind for name, kind in sdk.items() if name not in omitted} == {
        name: item.kind.__name__ for name, item in PARAMETERS.items()
    }
