"""Reading a template: intrinsic functions, functions, triggers, and what is wrong with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.runtime.specification import Deployment
from local.runtime.template import Resolver, TemplateError, Unresolved, load

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = {
    "Parameters": {"Name": {"Default": "given"}, "Open": {"Type": "String"}, "Empty": {"Default": ""}},
    "Conditions": {
        "Named": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]},
        "Unnamed": {"Fn::Not": [{"Condition": "Named"}]},
    },
    "Resources": {"Queue": {"Properties": {"QueueName": {"Fn::Sub": "${Name}-queue"}}}},
}


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ("plain", "plain"),
        ({"Ref": "Name"}, "given"),
        ({"Ref": "ALIYUN::Region"}, "cn-hangzhou"),
        ({"Fn::GetAtt": ["Queue", "QueueName"]}, "given-queue"),
        ({"Fn::Sub": "https://${Name}.${ALIYUN::Region}"}, "https://given.cn-hangzhou"),
        ({"Fn::Sub": "${Queue.QueueName}!"}, "given-queue!"),
        ({"Fn::Sub": ["${own}", {"own": {"Ref": "Name"}}]}, "given"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}]]}, "a-given"),
        ({"Fn::If": ["Named", 1, 2]}, 1),
        ({"Fn::If": ["Unnamed", 1, 2]}, 2),
        ([{"Ref": "Name"}, {"key": {"Ref": "Empty"}}], ["given", {"key": ""}]),
        ({"Ref": "Open"}, Unresolved("parameter Open")),
        ({"Ref": "Queue"}, Unresolved("Ref Queue")),
        ({"Fn::GetAtt": ["Queue", "QueueUrl"]}, Unresolved("Queue.QueueUrl")),
        ({"Fn::Sub": "${Queue.QueueUrl}/x"}, Unresolved("Queue.QueueUrl")),
        ({"Fn::Join": ["", [{"Ref": "Open"}]]}, Unresolved("parameter Open")),
        ({"Fn::Select": ["1", {"Fn::Split": ["-", "a-b-c"]}]}, "b"),
        ({"Fn::Select": ["0", {"Fn::Split": ["-", {"Ref": "Open"}]}]}, Unresolved("parameter Open")),
        ({"Fn::Unknown": [0, []]}, Unresolved("Fn::Unknown")),
    ],
)
def test_intrinsic_functions(node: object, value: object) -> None:
    """What a machine can know is worked out; what only the cloud knows is marked."""
    assert Resolver(TEMPLATE).value(node) == value


def test_parameters_are_laid_over_defaults() -> None:
    """A given parameter wins."""
    assert Resolver(TEMPLATE, {"Name": "other"}).value({"Fn::GetAtt": ["Queue", "QueueName"]}) == "other-queue"


FUNCTION = """
ROSTemplateFormatVersion: '2015-09-01'
Resources:
  WorkFunction:
    Type: ALIYUN::FC3::Function
    Properties:
      FunctionName: !Sub 'w-${ALIYUN::Region}'
      Handler: a.b
      Runtime: python3.12
      Timeout: 5
      MemorySize: 128
      EnvironmentVariables: {ONE: 1, TWO: true, THREE: !GetAtt Other.Arn}
"""


def write(folder: Path, text: str) -> Path:
    """Return a template file."""
    path = folder / "template.yml"
    path.write_text(text)
    return path


def test_function_is_read(tmp_path: Path) -> None:
    """Names, limits and variables come out as the platform would hand them over."""
    function = Deployment(write(tmp_path, FUNCTION)).function("work")
    assert function.name == "w-cn-hangzhou"
    assert function.initializer is None
    assert function.environment == {"ONE": "1", "TWO": "true"}
    assert function.lacking == ("THREE",)


def test_unknown_function_names_those_there_are(tmp_path: Path) -> None:
    """A wrong name is answered with the right ones."""
    with pytest.raises(TemplateError, match=r"no function nothing .*there are: work"):
        Deployment(write(tmp_path, FUNCTION)).function("nothing")


def test_missing_property_is_named(tmp_path: Path) -> None:
    """A function without a handler says so."""
    with pytest.raises(TemplateError, match="WorkFunction has no Handler"):
        Deployment(write(tmp_path, FUNCTION.replace("      Handler: a.b\n", ""))).function("work")


def test_missing_trigger_is_named(tmp_path: Path) -> None:
    """A template without a queue trigger says so."""
    with pytest.raises(TemplateError, match="no queue trigger"):
        Deployment(write(tmp_path, FUNCTION)).queue_trigger()


@pytest.mark.parametrize("text", ["{", "- a list", "Resources: none", ""])
def test_what_is_no_template_is_refused(tmp_path: Path, text: str) -> None:
    """Whatever is no template is one kind of error."""
    with pytest.raises(TemplateError):
        load(write(tmp_path, text))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A template that is not there is the same kind of error."""
    with pytest.raises(TemplateError, match="cannot be read"):
        load(tmp_path / "nothing.yml")
