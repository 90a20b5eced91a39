"""template.yml fits the platform, the code and itself."""

from __future__ import annotations

import ast
import base64
import importlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.mns.models import QUEUES
from local.project import ROOT, TEMPLATE
from local.runtime.access import Access
from local.runtime.cloud_events import batch_event, envelope
from local.runtime.deployable import deployable
from local.runtime.mns import Message
from local.runtime.specification import Deployment
from local.runtime.template import Resolver, load
from shared.settings import Settings, SettingsError
from tests.support.alarm_queries import Alarm
from tests.unit.template.calls import actions_of

TYPES = json.loads(Path(__file__).with_name("resource_types.json").read_text())
"""Of the resource types in use: required and optional properties, names below them, attributes.

Where the ROS pages and `ros-cdk` say more than a registry made of either: `NetworkTypeACL` of ALIYUN::OTS::InstanceV2
and ALIYUN::CMS::ResourceMetricRule.
"""
DATA = load(TEMPLATE)
RESOURCES: dict[str, dict[str, Any]] = DATA["Resources"]
DEPLOYMENT = Deployment(TEMPLATE)
RESOLVER = Resolver(DATA)
LOCAL_ONLY = {"PROVISIONER_SQLITE_PATH"}
"""Settings that a deployment has no use for: the deployed store is Tablestore."""
NOT_OURS = {"SSL_CERT_FILE"}
"""Variables that Python itself reads."""
PLATFORM_ACTIONS = {"log:PostLogStoreLogs"}
"""What the platform does in a function's name: it writes the log that LogConfig names."""
NETWORK_ACTIONS = {
    "vpc:DescribeVSwitchAttributes", "ecs:CreateNetworkInterface", "ecs:DeleteNetworkInterface",
    "ecs:DescribeNetworkInterfaces", "ecs:CreateNetworkInterfacePermission", "ecs:DescribeNetworkInterfacePermissions",
    "ecs:DeleteNetworkInterfacePermission",
}  # fmt: skip
"""The same, for a function in a VPC: what the system policy AliyunECSNetworkInterfaceManagementAccess grants of it."""
CONDITIONAL_ACTIONS = {
    "provision": {"PassesRole": {"ram:PassRole"}, "InVpc": NETWORK_ACTIONS},
    "poll": {"InVpc": NETWORK_ACTIONS},
}
"""What is granted under a condition of the template only. ECS itself checks PassRole when a message names a role."""
ROLES = {"provision": "ProvisionRole", "poll": "PollRole"}
QUEUE_TRIGGER_LIMIT = 300
ASYNCHRONOUS_LIMIT = 128 * 1024
"""Bytes that an asynchronous invocation takes."""
LONGEST_MESSAGE = 48 * 1024
"""Bytes of a message that the contract takes; in base64 they fill the queue's limit."""
MINUTE, DAY = 60, 86_400
HANDLERS = "functions"
"""Where a checkout has what a package has at its top."""
STORE_FORBIDDEN = ("ali", "ay", "ots", "taobao", "admin")


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
            assert set(_either(value)) <= set(names)


def _either(value: dict[str, Any]) -> dict[str, Any]:
    """Return a value as it is where its condition holds."""
    return value["Fn::If"][1] if "Fn::If" in value else value


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
    assert used | {item["Condition"] for item in RESOURCES.values() if "Condition" in item} == set(DATA["Conditions"])


@pytest.mark.parametrize("name", DEPLOYMENT.names)
def test_handlers_can_be_imported(name: str) -> None:
    """Handler and initializer are `file.function`, callables with the platform's number of arguments."""
    function = DEPLOYMENT.function(name)
    for string, arguments in ((function.handler, 2), (function.initializer, 1)):
        assert string is not None
        file, attribute = string.split(".")
        module = importlib.import_module(f"{HANDLERS}.{file}")
        assert getattr(module, attribute).__code__.co_argcount == arguments


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
    assert set(function.environment) - NOT_OURS == recorder.asked - LOCAL_ONLY - {"FC_REGION"}  # the platform's own


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


def statements(name: str, condition: str | None = None) -> list[dict[str, Any]]:
    """Return the policy statements of a function's role: the unconditional ones, or those of a condition."""
    properties = RESOURCES[ROLES[name]]["Properties"]
    found = [item for policy in properties["Policies"] for item in policy["PolicyDocument"]["Statement"]]
    if condition is None:
        return [item for item in found if "Fn::If" not in item]
    return [item["Fn::If"][1] for item in found if "Fn::If" in item and item["Fn::If"][0] == condition]


def actions(found: list[dict[str, Any]]) -> set[str]:
    """Return every action of some statements."""
    return {action for statement in found for action in statement["Action"]}


@pytest.mark.parametrize("name", DEPLOYMENT.names)
def test_policy_is_what_the_code_calls(name: str) -> None:
    """Every call the function's code can make is allowed, and nothing else."""
    assert actions(statements(name)) == actions_of(name) | PLATFORM_ACTIONS
    under = {condition: actions(statements(name, condition)) for condition in DATA["Conditions"]}
    assert {condition: allowed for condition, allowed in under.items() if allowed} == CONDITIONAL_ACTIONS[name]


@pytest.mark.parametrize("name", DEPLOYMENT.names)
def test_policy_has_no_wildcard(name: str) -> None:
    """No action is a pattern, and only CreateInstance is allowed on everything (its API page leaves no choice).

    In a VPC the platform's calls for network interfaces are, too: they have no ids beforehand.
    """
    assert not any("*" in action for action in actions(statements(name, "InVpc") + statements(name, "PassesRole")))
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
    largest_batch = DATA["Parameters"]["BatchSize"]["MaxValue"]
    assert provision.timeout <= QUEUE_TRIGGER_LIMIT
    assert provision.timeout + trigger.window_seconds <= visibility
    assert 2 * settings.call_seconds < 0.9 * provision.timeout, "room for a call and its repetition"
    assert settings.poll_seconds <= MINUTE, "one run ends before the next begins, or nearly"
    assert settings.poll_seconds + settings.call_seconds <= 0.9 * poll.timeout, "the last round can end"
    assert settings.skew_seconds <= settings.settle_seconds
    assert trigger.batch_size <= largest_batch <= settings.workers
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
    """Streaming from the request queue, retries said outright, dead letters kept, bodies as they were sent."""
    properties = RESOURCES["QueueTrigger"]["Properties"]["TriggerConfig"]
    trigger = DEPLOYMENT.queue_trigger()
    assert properties["runOptions"]["mode"] == "event-streaming"
    assert properties["runOptions"]["errorsTolerance"] == "ALL"
    assert (trigger.queue, trigger.dead_letters) == (defaults.QUEUE, defaults.DEAD_LETTERS)
    assert trigger.base64 is False
    assert trigger.strategy == "EXPONENTIAL_DECAY_RETRY"


def test_an_asynchronous_trigger_would_lose_nothing() -> None:
    """Called asynchronously the platform tries as often and as long as it can, then keeps the batch, within bounds."""
    configuration = RESOLVER.value(RESOURCES["ProvisionAsync"])["Properties"]
    assert configuration["FunctionName"] == DEPLOYMENT.function("provision").name
    assert (configuration["MaxAsyncRetryAttempts"], configuration["MaxAsyncEventAgeInSeconds"]) == (8, DAY)
    destination = configuration["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination.endswith(f":/queues/{defaults.DEAD_LETTERS}/messages")
    may_send = [item for item in statements("provision") if "mns:SendMessage" in item["Action"]]
    assert destination in RESOLVER.value(may_send[0]["Resource"])
    assert 1 <= RESOURCES["ProvisionConcurrency"]["Properties"]["ReservedConcurrency"] <= 20
    assert "Qualifier" not in configuration
    for trigger in ("QueueTrigger", "PollTimer"):
        assert RESOURCES[trigger]["Properties"]["Qualifier"] == "LATEST", "what the configurations above are for"


def test_a_batch_fits_an_asynchronous_call() -> None:
    """The batch of the template, of the largest messages there are, in their envelopes, is no more than 128 KB."""
    body = base64.b64encode(b"x" * LONGEST_MESSAGE).decode()
    assert len(body) <= RESOURCES["RequestQueue"]["Properties"]["MaximumMessageSize"]
    access = Access.local("http://127.0.0.1:1")
    message = Message("M" * 64, body, "handle", 1_795_000_000.0, 0.0)
    one = envelope(message, access, "q" * 120, base64=DEPLOYMENT.queue_trigger().base64)
    size = len(batch_event([one] * DEPLOYMENT.queue_trigger().batch_size))
    assert LONGEST_MESSAGE < size <= ASYNCHRONOUS_LIMIT
    assert len(batch_event([one] * (DEPLOYMENT.queue_trigger().batch_size + 1))) > ASYNCHRONOUS_LIMIT, "no larger one"


def test_what_has_no_copy_is_kept() -> None:
    """Deleting the stack deletes neither records nor dead letters."""
    kept = {name for name, item in RESOURCES.items() if item.get("DeletionPolicy") == "Retain"}
    assert kept >= {"Store", "RequestsTable", "OpenTable", "DeadLetterQueue"}


def test_the_store_has_a_name_and_a_network_of_its_own() -> None:
    """The name comes from the stack's id: 3-16 characters, none of the forbidden words; who may reach it is said."""
    store = RESOURCES["Store"]["Properties"]
    names = {
        Resolver(DATA, {"ALIYUN::StackId": f"{left}-{right}-4000-8000-000000000001"}).value(store["InstanceName"])
        for left, right in (("01234567", "89ab"), ("cdefcdef", "cdef"), ("aaaaaaaa", "aaaa"))
    }
    assert names == {"pv0123456789ab", "pvcdefcdefcdef", "pvaaaaaaaaaaaa"}
    letters = set("pv0123456789abcdef")
    assert not any(set(word) <= letters for word in STORE_FORBIDDEN)
    for parameters, networks, host in (
        ({}, ["VPC", "INTERNET"], "ots.aliyuncs.com"),
        ({"VpcId": "vpc-1", "VSwitchId": "vsw-1", "SecurityGroupId": "sg-1"}, ["VPC"], "vpc.tablestore.aliyuncs.com"),
    ):
        resolver = Resolver(DATA, parameters)
        assert resolver.value(store["NetworkTypeACL"]) == networks
        function = Deployment(TEMPLATE, parameters).function("poll")
        endpoint = function.environment["PROVISIONER_TABLESTORE_ENDPOINT"]
        assert endpoint.removeprefix("https://").split(".", 1)[1] == f"{defaults.REGION}.{host}"
        inside = resolver.value(RESOURCES["PollFunction"]["Properties"]["VpcConfig"])
        assert (inside == {"VpcId": "vpc-1", "VSwitchIds": ["vsw-1"], "SecurityGroupId": "sg-1"}) is bool(parameters)


def test_a_second_region_can_be_deployed() -> None:
    """Names that an account or everybody has only once contain the region."""
    here, there = Resolver(DATA), Resolver(DATA, {"ALIYUN::Region": "ap-southeast-1"})
    names = [("ProvisionRole", "RoleName"), ("PollRole", "RoleName"), ("LogProject", "Name"),
             ("BacklogAlarm", "RuleName"), ("DeadLetterLengthAlarm", "RuleName")]  # fmt: skip
    nodes = [RESOURCES[resource]["Properties"][name] for resource, name in names]
    nodes += [policy["PolicyName"] for role in ROLES.values() for policy in RESOURCES[role]["Properties"]["Policies"]]
    for node in nodes:
        assert here.value(node) != there.value(node)
        assert len(there.value(node)) <= 63


def test_what_is_deployed_is_plain() -> None:
    """The deployed text says the same without anchors, merges and tags; variables are text, whatever ROS does."""
    text = deployable()
    assert yaml.safe_load(text) == DATA
    assert not re.search(r"(^|[\s\[,])[&*][A-Za-z]|<<:|![A-Z]", re.sub(r"'[^']*'", "", text))
    for name in DEPLOYMENT.names:
        for variable in RESOURCES[f"{name.title()}Function"]["Properties"]["EnvironmentVariables"].values():
            number = isinstance(variable, dict) and "Ref" in variable and _is_number(variable["Ref"])
            assert isinstance(variable, (str, dict)), variable
            assert not number, variable


def _is_number(parameter: str) -> bool:
    return bool(DATA["Parameters"][parameter]["Type"] == "Number")


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


def log_calls() -> list[ast.Call]:
    """Return every call of a logger in the deployed code."""
    files = (path for folder in (HANDLERS, "shared") for path in (ROOT / folder).rglob("*.py"))
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_text())))
    return [
        node
        for node in nodes
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("info", "warning", "error")
    ]


def logged_fields() -> set[str]:
    """Return the names of the fields that the worker logs."""
    return {"event"} | {keyword.arg for call in log_calls() for keyword in call.keywords if keyword.arg}


def test_alarms_ask_for_what_is_logged() -> None:
    """Every field that an alarm or the index names is written by the worker; every field of an alarm is indexed."""
    (lines,) = [key for key in RESOURCES["LogIndex"]["Properties"]["KeyIndices"] if key["Name"] == "message"]
    indexed = {key["Name"] for key in lines["JsonKeyIndices"]}
    assert indexed <= logged_fields()
    alarms = [RESOLVER.value(item) for item in RESOURCES.values() if item["Type"] == "ALIYUN::SLS::Alert"]
    assert all(alarm["DependsOn"] == "LogIndex" for alarm in alarms), "an alert needs an index"
    asked = {field for alarm in alarms for field in Alarm.of(alarm["Properties"]).query.fields}
    charts = RESOURCES["Dashboard"]["Properties"]["Charts"]
    asked |= {field for chart in charts for field in re.findall(r"message\.\w+", chart["search"]["query"])}
    assert {"message.event", "functionName", "message.gap"} <= asked
    top = {key["Name"] for key in RESOURCES["LogIndex"]["Properties"]["KeyIndices"]}
    assert asked <= {f"message.{name}" for name in indexed} | top


def logged_events() -> set[str]:
    """Return the names of the events that the worker logs."""
    return {item.value for call in log_calls() for item in call.args[:1] if isinstance(item, ast.Constant)}


def test_alarms_wait_for_events_that_are_logged() -> None:
    """No alarm waits for a line that nobody writes."""
    alarms = [RESOLVER.value(item) for item in RESOURCES.values() if item["Type"] == "ALIYUN::SLS::Alert"]
    conditions = [pair for alarm in alarms for pair in Alarm.of(alarm["Properties"]).query.conditions]
    awaited = {value for name, value in conditions if name == "message.event"}
    assert awaited <= logged_events()


def test_queue_lengths_are_watched_from_outside() -> None:
    """CloudMonitor tells of dead letters at once and of a queue that is not emptied, once it knows whom to tell."""
    rules = [item for item in RESOURCES.values() if item["Type"] == "ALIYUN::CMS::ResourceMetricRule"]
    watched = {}
    for rule in map(RESOLVER.value, rules):
        given = rule["Properties"]
        (resource,) = given["Resources"]
        watched[resource["queue"]] = (given["MetricName"], *given["Escalations"]["Critical"].values())
        assert rule["Condition"] == "TellsContacts"
    assert watched == {
        defaults.QUEUE: ("ActiveMessages", "Minimum", "GreaterThanOrEqualToThreshold", "1", 3),
        defaults.DEAD_LETTERS: ("ActiveMessages", "Maximum", "GreaterThanOrEqualToThreshold", "1", 1),
    }


def test_the_guide_knows_every_alarm_and_parameter_it_names() -> None:
    """docs/operate.md explains every alarm; what docs/deploy.md and the Terraform example call a parameter is one."""
    guide = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    for item in map(RESOLVER.value, RESOURCES.values()):
        if item["Type"] == "ALIYUN::SLS::Alert":
            assert f"| `{item['Properties']['Detail']['Name']}` |" in guide
        if item["Type"] == "ALIYUN::CMS::ResourceMetricRule":
            name = item["Properties"]["RuleName"].removeprefix("provision").removesuffix(defaults.REGION)
            assert f"CloudMonitor `…{name}…`" in guide
    given = set(re.findall(r"(\w+) = var", (ROOT / "examples/terraform/main.tf").read_text().partition("merge(")[2]))
    assert {"CodeBucket", "CodeObject"} == given <= set(DATA["Parameters"])
    table = (
        (ROOT / "docs/deploy.md").read_text(encoding="utf-8").partition("| parameter | why |")[2].partition("\n\n")[0]
    )
    rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert {"BatchSize", "ActionPolicy"} <= named <= set(DATA["Parameters"])


def test_no_key_is_in_the_template() -> None:
    """Nothing in the template looks like an access key."""
    assert not re.search(r"LTAI[0-9A-Za-z]{12,}", TEMPLATE.read_text(encoding="utf-8"))
