"""template.yml fits the platform, the code and itself."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.mns.models import QUEUES
from local.project import ROOT, TEMPLATE
from local.runtime.specification import Deployment
from local.runtime.template import Resolver, load
from shared.settings import Settings, SettingsError
from tests.unit.template.calls import actions_of

TYPES = json.loads(Path(__file__).with_name("resource_types.json").read_text())
"""Of the resource types in use: required and optional properties, names below them, attributes."""
DATA = load(TEMPLATE)
RESOURCES: dict[str, dict[str, Any]] = DATA["Resources"]
DEPLOYMENT = Deployment(TEMPLATE)
RESOLVER = Resolver(DATA)
LOCAL_ONLY = {"PROVISIONER_SQLITE_PATH"}
"""Settings that a deployment has no use for: the deployed store is Tablestore."""
PLATFORM_ACTIONS = {"log:PostLogStoreLogs"}
"""What the platform does in a function's name: it writes the log that LogConfig names."""
PARAMETER_ACTIONS = {"provision": {"ram:PassRole"}, "poll": set[str]()}
"""What no code calls but ECS checks, when a message gives the instance a role; a parameter of the template."""
ROLES = {"provision": "ProvisionRole", "poll": "PollRole"}
QUEUE_TRIGGER_LIMIT = 300
MINUTE = 60


def parts(node: object) -> Iterator[object]:
    """Yield a node and everything below it."""
    yield node
    if isinstance(node, dict):
        for item in node.values():
            yield from parts(item)
    elif isinstance(node, list):
        for item in node:
            yield from parts(item)


def references() -> Iterator[tuple[str, str | None]]:
    """Yield what the template refers to: a name, and an attribute of it or None."""
    for node in parts({"Resources": RESOURCES, "Outputs": DATA["Outputs"], "Conditions": DATA["Conditions"]}):
        if not isinstance(node, dict):
            continue
        if "Ref" in node:
            yield node["Ref"], None
        if "Fn::GetAtt" in node:
            resource, attribute = node["Fn::GetAtt"]
            yield resource, attribute
        if "Fn::Sub" in node:
            for name in re.findall(r"\$\{([^}]+)\}", node["Fn::Sub"]):
                resource, dot, attribute = name.partition(".")
                yield resource, attribute if dot else None


@pytest.mark.parametrize("name", RESOURCES)
def test_resource_has_the_properties_of_its_type(name: str) -> None:
    """Types exist, required properties are given, and no property or name below one is made up."""
    resource = RESOURCES[name]
    kind, given = TYPES[resource["Type"]], resource["Properties"]
    assert set(kind["required"]) <= set(given)
    assert set(given) <= {*kind["required"], *kind["optional"]}
    for prop, names in kind["nested"].items():
        values = given.get(prop, [])
        for value in values if isinstance(values, list) else [values]:
            assert set(value) <= set(names)


def test_every_reference_leads_somewhere() -> None:
    """What is referred to is a resource with that attribute, a parameter, or the platform's own."""
    found = set(references())
    assert found
    for name, attribute in found:
        if name.startswith("ALIYUN::"):
            assert attribute is None
        elif attribute is None:
            assert name in DATA["Parameters"]
        else:
            assert attribute in TYPES[RESOURCES[name]["Type"]]["attributes"], f"{name}.{attribute}"


def test_every_parameter_and_condition_is_used() -> None:
    """A parameter that changes nothing is not there."""
    assert {name for name, attribute in references() if attribute is None} >= set(DATA["Parameters"])
    used = {node["Fn::If"][0] for node in parts(RESOURCES) if isinstance(node, dict) and "Fn::If" in node}
    assert used == set(DATA["Conditions"])


@pytest.mark.parametrize("name", DEPLOYMENT.names)
def test_handlers_can_be_imported(name: str) -> None:
    """Handler and initializer are callables of the code, with the platform's number of arguments."""
    function = DEPLOYMENT.function(name)
    for string, arguments in ((function.handler, 2), (function.initializer, 1)):
        assert string is not None
        module, _, attribute = string.rpartition(".")
        assert getattr(importlib.import_module(module), attribute).__code__.co_argcount == arguments


class Recorder(Mapping[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@pytest.mark.parametrize("name", DEPLOYMENT.names)
def test_variables_are_the_settings(name: str) -> None:
    """Every variable of the template is read by the settings, and every setting is in the template."""
    recorder = Recorder()
    with pytest.raises(SettingsError):
        Settings.from_environment(recorder)
    function = DEPLOYMENT.function(name)
    assert function.lacking == ()
    assert set(function.environment) == recorder.asked - LOCAL_ONLY


@pytest.mark.parametrize("name", DEPLOYMENT.names)
def test_variables_are_valid_settings(name: str) -> None:
    """The template's values are settings without a mistake, and below the platform's 4 KB."""
    environment = DEPLOYMENT.function(name).environment
    settings = Settings.from_environment(environment)
    assert settings.store == "tablestore"
    assert sum(len(key) + len(value) for key, value in environment.items()) < 4096


def test_nothing_else_reads_the_environment() -> None:
    """No module but the settings reads a PROVISIONER_ variable, so the two tests above see all of them."""
    for folder in ("functions", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.name != "settings.py":
                strings = [
                    node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)
                ]
                code = [text for text in strings if isinstance(text, str) and re.fullmatch(r"PROVISIONER_\w+", text)]
                assert code == [], path


def statements(name: str) -> list[dict[str, Any]]:
    """Return the policy statements of a function's role, conditional ones included."""
    properties = RESOURCES[ROLES[name]]["Properties"]
    found = [item for policy in properties["Policies"] for item in policy["PolicyDocument"]["Statement"]]
    return [item["Fn::If"][1] if "Fn::If" in item else item for item in found]


@pytest.mark.parametrize("name", DEPLOYMENT.names)
def test_policy_is_what_the_code_calls(name: str) -> None:
    """Every call the function's code can make is allowed, and nothing else."""
    allowed = {action for statement in statements(name) for action in statement["Action"]}
    assert allowed == actions_of(name) | PLATFORM_ACTIONS | PARAMETER_ACTIONS[name]


@pytest.mark.parametrize("name", DEPLOYMENT.names)
def test_policy_has_no_wildcard(name: str) -> None:
    """No action is a pattern, and only CreateInstance is allowed on everything (its API page leaves no choice)."""
    for statement in statements(name):
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in statement["Action"])
        everything = "*" in statement["Resource"]
        assert everything == (statement["Action"] == ["ecs:CreateInstance"])


@pytest.mark.parametrize("name", DEPLOYMENT.names)
def test_each_function_has_its_own_role(name: str) -> None:
    """A function takes the role made for it, and only Function Compute may take that role."""
    properties = RESOURCES[f"{name.title()}Function"]["Properties"]
    assert properties["Role"] == {"Fn::GetAtt": [ROLES[name], "Arn"]}
    trust = RESOURCES[ROLES[name]]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Principal"] for statement in trust] == [{"Service": ["fc.aliyuncs.com"]}]


def test_budget_of_calls_starts_alike() -> None:
    """The template's default budget of calls is the setting's own, so that a deployment behaves as measured."""
    environment = DEPLOYMENT.function("provision").environment
    without = {name: value for name, value in environment.items() if name != "PROVISIONER_CALLS_PER_SECOND"}
    assert len(without) < len(environment)
    assert Settings.from_environment(environment) == Settings.from_environment(without)


def test_times_fit_each_other() -> None:
    """Time limits, windows and the worker's own times leave room for one another."""
    provision, poll = DEPLOYMENT.function("provision"), DEPLOYMENT.function("poll")
    settings = Settings.from_environment(provision.environment)
    trigger = DEPLOYMENT.queue_trigger()
    visibility = RESOURCES["RequestQueue"]["Properties"]["VisibilityTimeout"]
    assert provision.timeout <= QUEUE_TRIGGER_LIMIT
    assert provision.timeout + trigger.window_seconds <= visibility
    assert 2 * settings.call_seconds < 0.9 * provision.timeout, "room for a call and its repetition"
    assert settings.poll_seconds <= MINUTE, "one run ends before the next begins, or nearly"
    assert settings.poll_seconds + settings.call_seconds <= 0.9 * poll.timeout, "the last round can end"
    assert settings.skew_seconds <= settings.settle_seconds
    assert trigger.batch_size <= settings.workers
    for function in (provision, poll):
        assert function.initializer_timeout <= QUEUE_TRIGGER_LIMIT


def test_timer_runs_are_not_repeated() -> None:
    """The timer fires every minute; a failed or late run is left to the next one."""
    timer = RESOURCES["PollTimer"]["Properties"]["TriggerConfig"]
    asynchronous = RESOURCES["PollAsync"]["Properties"]
    assert timer["cronExpression"] == "@every 1m"
    assert asynchronous["MaxAsyncRetryAttempts"] == 0
    assert asynchronous["MaxAsyncEventAgeInSeconds"] <= MINUTE
    assert RESOURCES["PollConcurrency"]["Properties"]["ReservedConcurrency"] >= 1


def test_queue_trigger_is_the_one_the_worker_needs() -> None:
    """Synchronous streaming from the request queue, retries said outright, dead letters kept."""
    properties = RESOURCES["QueueTrigger"]["Properties"]["TriggerConfig"]
    trigger = DEPLOYMENT.queue_trigger()
    assert properties["asyncInvocationType"] is False
    assert properties["runOptions"]["mode"] == "event-streaming"
    assert properties["runOptions"]["errorsTolerance"] == "ALL"
    assert (trigger.queue, trigger.dead_letters) == (defaults.QUEUE, defaults.DEAD_LETTERS)
    assert trigger.base64 is True
    assert trigger.strategy == "EXPONENTIAL_DECAY_RETRY"


def test_names_are_the_local_ones() -> None:
    """With its defaults the template makes what the provisioned local cloud has, under the same names."""
    state = Cloud(provisioned=True).state()
    names = {key: RESOLVER.value(item["Properties"]) for key, item in RESOURCES.items()}
    queues = {value["QueueName"] for key, value in names.items() if RESOURCES[key]["Type"] == "ALIYUN::MNS::Queue"}
    assert queues == set(state["mns"]["queues"])
    assert names["RequestQueue"]["VisibilityTimeout"] == QUEUES[defaults.QUEUE]["VisibilityTimeout"]
    assert {names["OutcomeTopic"]["TopicName"]} == set(state["mns"]["topics"])
    assert names["InboxSubscription"]["NotifyContentFormat"] == "SIMPLIFIED"
    assert names["InboxSubscription"]["Endpoint"].endswith(f":queues/{defaults.INBOX}")


def logged_fields() -> set[str]:
    """Return the names of the fields that the worker logs."""
    fields = set()
    for path in (ROOT / "shared").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("info", "warning", "error"):
                fields |= {keyword.arg for keyword in node.keywords if keyword.arg}
    return fields | {"event"}


def test_alarms_ask_for_what_is_logged() -> None:
    """Every field that an alarm or the index names is written by the worker; every field of an alarm is indexed."""
    (lines,) = [key for key in RESOURCES["LogIndex"]["Properties"]["KeyIndices"] if key["Name"] == "message"]
    indexed = {key["Name"] for key in lines["JsonKeyIndices"]}
    assert indexed <= logged_fields()
    alarms = [item for item in RESOURCES.values() if item["Type"] == "ALIYUN::SLS::Alert"]
    assert len(alarms) == 4
    queries = [
        RESOLVER.value(alarm)["Properties"]["Detail"]["Configuration"]["QueryList"][0]["Query"] for alarm in alarms
    ]
    asked = {name for query in queries for name in re.findall(r"message\.(\w+)", query)}
    assert {"event", "category", "oldest_seconds"} == asked
    assert asked <= indexed


def test_no_key_is_in_the_template() -> None:
    """Nothing in the template looks like an access key."""
    assert not re.search(r"LTAI[0-9A-Za-z]{12,}", TEMPLATE.read_text(encoding="utf-8"))
