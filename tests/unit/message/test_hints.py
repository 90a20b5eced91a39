from __future__ import annotations

import inspect
import re
import time
from typing import Any

import pytest

from local.cloud.ecs import parameters as cloud
from shared.domain.create_instance.foreign_names import COMMON, OTHER_FIELDS, OTHER_MEMBERS, OTHER_TOOLS, RUN_INSTANCES
from shared.domain.create_instance.hints import unknown_parameter
from shared.domain.create_instance.names import OMITTED
from shared.domain.create_instance.parameters import LISTS, OBJECTS, PARAMETERS
from shared.domain.lifecycle.outcome import refused as refused_outcome
from shared.domain.message.envelope import FIELDS
from shared.domain.timings import Timings
from tests.support.messages import message, refused

MEANT = {
    "PrivateIP": "mean PrivateIpAddress?",
    "SystemDiskCategory": "mean SystemDisk.Category?",
    "SystemDiskSize": "mean SystemDisk.Size?",
    "system_disk_category": "mean SystemDisk.Category?",
    "region_id": "mean RegionId?",
    "RegionID": "mean RegionId?",
    "imageid": "mean ImageId?",
    "VSWitchId": "mean VSwitchId?",
    "v_switch_id": "mean VSwitchId?",
    "security_group_id": "mean SecurityGroupId?",
    "DataDisks": "mean DataDisk?",
    "data_disks": "mean DataDisk?",
    "DataDisk1Category": "mean DataDisk.1.Category?",
    "DataDisk.N.Size": "DataDisk.1.Size",
    "DataDisk.0.Size": "DataDisk.1.Size? Items are numbered from 1",
    "DataDisk.1..PerformanceLevel": "mean DataDisk.1.PerformanceLevel?",
    "data_disks.0.size": "mean DataDisk.1.Size?",
    "DataDisk.2.delete_on_termination": "mean DataDisk.2.DeleteWithInstance?",
    "Tags": "mean Tag?",
    "Tags.1.Key": "mean Tag.1.Key?",
    "Tag.1.TagKey": "mean Tag.1.Key?",
    "Tag.1": "flat Tag.1.Key?",
    "KeyPair": "mean KeyPairName?",
    "key_name": "mean KeyPairName?",
    "user_data": "mean UserData?",
    "UserDataBase64": "mean UserData?",
    "availability_zone": "mean ZoneId?",
    "PayType": "mean InstanceChargeType?",
    "InstanceTyp": "mean InstanceType?",
    "InternetMaxBandwithOut": "mean InternetMaxBandwidthOut?",
    "SecurityGroupId.1": "only RunInstances takes several",
    "SecurityGroupIds.1": "only RunInstances has SecurityGroupIds",
    "security_group_ids": "only RunInstances has SecurityGroupIds",
    "NetworkInterface.1.VSwitchId": "only RunInstances has NetworkInterface",
    "Amount": "only RunInstances has Amount",
    "count": "only RunInstances has Amount",
    "LaunchTemplateId": "only RunInstances has",
    "DataDisk.1.BurstingEnabled": "only RunInstances has DataDisk.1.BurstingEnabled",
    "SystemDisk.Encrypted": "only RunInstances has",
    "Action": "common request parameter",
    "SignatureNonce": "common request parameter",
    "access_key_id": "common request parameter",
    "start": "start is a field of the message",
    "timeout_seconds": "timeoutSeconds is a field of the message",
    "OwnerId": "not supported",
}
FIELD_MEANT = {
    "request_id": "mean requestId?",
    "Parameters": "mean parameters?",
    "alternativs": "mean alternatives?",
    "timeout": "mean timeoutSeconds?",
    "RegionId": "RegionId belongs in parameters",
    "system_disk": "SystemDisk belongs in parameters",
    "tags": "Tag belongs in parameters",
    "Action": "common request parameter",
    "Amount": "only RunInstances has",
    "InstanceTyp": "mean InstanceType?",
}


@pytest.mark.parametrize(("name", "words"), MEANT.items())
def test_an_unknown_parameter_is_told_what_was_meant(name: str, words: str) -> None:
    """A misspelling, another tool's, call's or request's name is answered with the documented one."""
    (violation,) = refused(message({name: "x"})).violations
    assert (violation.field, violation.code) == (f"parameters.{name}", "InvalidParameter")
    assert words in violation.message


@pytest.mark.parametrize(("name", "words"), FIELD_MEANT.items())
def test_an_unknown_field_is_told_what_was_meant(name: str, words: str) -> None:
    """The same beside the parameters, where parameters are told where they belong."""
    (violation,) = refused(message() | {name: "x"}).violations
    assert (violation.field, violation.code) == (name, "InvalidParameter")
    assert words in violation.message


@pytest.mark.parametrize(
    "name", ["Bogus", "x.y.z", "SystemDisk.Bogus", "", "9", "x" * 300, "SystemDisk.DeleteWithInstance"]
)
def test_nothing_is_guessed_where_nothing_is_near(name: str) -> None:
    """A name that resembles none is only refused; inside an object nothing from outside is proposed."""
    assert unknown_parameter(name) == "there is no such parameter"


def test_the_tables_lead_somewhere() -> None:
    """Every target is a name there is, every key is written as names are compared, every field has an entry."""
    names = {*PARAMETERS, *OBJECTS, *LISTS, *RUN_INSTANCES}
    assert set(OTHER_TOOLS.values()) <= names
    for head, members in OTHER_MEMBERS.items():
        between = ".N." if head in LISTS else "."
        assert {f"{head}{between}{leaf}" for leaf in members.values()} & names
    keys = [*OTHER_TOOLS, *OTHER_FIELDS, *(leaf for members in OTHER_MEMBERS.values() for leaf in members)]
    assert all(re.fullmatch("[a-z]+", key) for key in keys)
    assert set(OTHER_FIELDS.values()) == set(FIELDS)


def _sent(model: type) -> set[str]:
    return set(re.findall(r"result\['([^']+)'\]", inspect.getsource(model.to_map)))  # type: ignore[attr-defined] # SDK


def test_only_run_instances_has_them() -> None:
    """What is told of RunInstances is what the SDK's RunInstances sends and its CreateInstance does not."""
    from alibabacloud_ecs20140526 import models

    only = _sent(models.RunInstancesRequest) - _sent(models.CreateInstanceRequest)
    for head, between in (("SystemDisk", "."), ("DataDisk", ".N.")):
        run, create = (getattr(models, f"{call}Request{head}") for call in ("RunInstances", "CreateInstance"))
        only |= {f"{head}{between}{leaf}" for leaf in _sent(run) - _sent(create)}
    assert set(RUN_INSTANCES) == only


def test_common_parameters_are_told_as_such() -> None:
    """What the local cloud takes with every action is a parameter, omitted on purpose, or told to be a common one."""
    assert cloud.COMMON - set(OMITTED) - set(PARAMETERS) == COMMON


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"SystemDiskCategory": "cloud"}, "SystemDisk.Category"),
        ({"InternetMaxBandwidthOt": 1}, "InternetMaxBandwidthOut"),
        ({"SystemDisk.Size": "40G"}, "write 40"),
        ({"ZoneId": ""}, "leave it out"),
        ({"RegionId": None}, "RegionId"),
    ],
)
def test_the_remedy_is_about_what_was_refused(parameters: dict[str, Any], words: str) -> None:
    """The outcome of a refusal says what to do about the field at fault, and not what the API's code is often about."""
    import json

    refusal = refused(message(parameters))
    error = json.loads(refused_outcome(refusal, "message-1", 0.0, Timings("test")))["data"]["error"]
    assert error["parameter"] in error["remedy"]
    assert words in error["remedy"]
    assert "a bandwidth (" not in error["remedy"]
    assert "default VPC" not in error["remedy"]


def test_many_unknown_names_cost_little() -> None:
    """Looking for what was meant is bounded: a message full of near misses is answered in well under a second."""
    names = {f"{'Internet' * 2}MaxBandwidth{number}".lower(): 1 for number in range(1300)}
    started = time.process_time()
    refused(message(names) | names)
    assert time.process_time() - started < 1.0
