"""Controls: what the stubbed account refuses of its callers, and of the tests that write its answers."""

from __future__ import annotations

import pytest

from tests.support.healthy_account import TEXT
from tests.support.sdk_models import Unfaithful, check_answer, check_request, check_template

ROS, FC = "alibabacloud_ros20190910", "alibabacloud_fc20230330"


@pytest.mark.parametrize(
    ("package", "action", "given", "words"),
    [
        (ROS, "CreateStack", {"StackName": "x"}, "region_id"),
        (ROS, "GetStack", {"RegionId": "cn-hangzhou"}, "stack_id"),
        (ROS, "GetStack", {"RegionId": "cn-hangzhou", "StackId": "x", "Name": "x"}, "Name"),
        (FC, "GetTrigger", {"qualifier": "LATEST"}, "takes no parameters"),
    ],
)
def test_a_request_of_another_form_is_refused(package: str, action: str, given: dict[str, str], words: str) -> None:
    """A parameter too many, or one that is required and missing, fails the test that caused it."""
    with pytest.raises(Unfaithful, match=words):
        check_request(package, action, given)


def test_an_answer_of_another_form_is_refused() -> None:
    """A test cannot make up a field that the API's answers do not have."""
    check_answer(FC, "GetFunction", {"functionName": "f", "vpcConfig": {"vSwitchIds": ["a"]}})
    with pytest.raises(Unfaithful, match="vSwitchIDs"):
        check_answer(FC, "GetFunction", {"functionName": "f", "vpcConfig": {"vSwitchIDs": ["a"]}})


@pytest.mark.parametrize(
    ("old", "new"), [("ALIYUN::OTS::InstanceV2", "ALIYUN::OTS::Instances"), ("NetworkTypeACL", "NetworkACL")]
)
def test_a_template_of_other_types_is_refused(old: str, new: str) -> None:
    """A stack is made of types and properties that the registry knows."""
    check_template(TEXT)
    with pytest.raises((AssertionError, KeyError)):
        check_template(TEXT.replace(old, new))
