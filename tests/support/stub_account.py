"""An account whose services answer from plain data: what the official clients send is checked, nothing is emulated.

Every request has to be one that the SDK's own request model knows, with everything that the model's source calls
required; every answer has to be one that the SDK's response model reads without losing a name. What a healthy
deployment answers is made from template.yml; a test changes the data.
"""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import re
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import responses
from alibabacloud_oss_v2.crc import Crc64

from local import defaults
from local.deployment.checks.roles import SERVICE_ROLES
from local.deployment.permissions import policy
from local.deployment.wanted import Wanted
from local.project import TEMPLATE
from local.runtime.deployable import deployable
from local.runtime.template import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

Answer = tuple[int, dict[str, str], bytes]
Data = dict[str, Any]

STACK, STACK_ID = "provisioner", "01234567-89ab-4000-8000-000000000001"
PACKAGES = {
    "ros": "alibabacloud_ros20190910", "ram": "alibabacloud_ram20150501", "fcv3": "alibabacloud_fc20230330",
    "eventbridge-console": "alibabacloud_eventbridge20200401", "metrics": "alibabacloud_cms20190101",
    "tablestore": "alibabacloud_tablestore20201209", "log": "alibabacloud_sls20201230",
}  # fmt: skip
"""The first label of a host, and whose models its requests are checked with. Log stores have the project before it."""
TYPES = json.loads((Path(__file__).parents[1] / "unit/template/resource_types.json").read_text(encoding="utf-8"))
REQUIRED = re.compile(r"This parameter is required\.\n\s+self\.(\w+) = ")
BUCKET = f"provisioner-code-{defaults.ACCOUNT_ID}-{defaults.REGION}"


class Unfaithful(BaseException):
    """A request or an answer is none of the API's. The SDKs would make a lost answer of any other exception."""


@dataclass
class StubAccount:
    """The data of each service, under the APIs' names; `refusals` are codes by action, `calls` what was asked."""

    stack: Data | None = None
    statuses: list[str] = field(default_factory=list)
    """What the stack's status is at each look, once an operation began; the last one stays."""
    events: list[Data] = field(default_factory=list)
    template: str = ""
    policy: Data = field(default_factory=policy)
    roles: dict[str, Data] = field(default_factory=dict)
    statements: dict[str, list[Data]] = field(default_factory=dict)
    functions: dict[str, Data] = field(default_factory=dict)
    triggers: dict[tuple[str, str], Data] = field(default_factory=dict)
    reserved: dict[str, int] = field(default_factory=dict)
    asynchronous: dict[str, Data] = field(default_factory=dict)
    streams: list[Data] = field(default_factory=list)
    rules: list[Data] = field(default_factory=list)
    instance: Data | None = None
    alerts: dict[str, Data] = field(default_factory=dict)
    dashboards: dict[str, Data] = field(default_factory=dict)
    lines: list[Data] = field(default_factory=list)
    buckets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    bucket_region: str = defaults.REGION
    seconds_off: float = 0.0
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    made: list[Data] = field(default_factory=list)
    """What stacks were created or updated with."""

    @contextmanager
    def answering(self, *passed: str) -> Iterator[StubAccount]:
        """Answer every host but this machine for as long as the context lasts."""
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
            for url in passed:
                mock.add_passthru(url)
            for method in ("GET", "HEAD", "POST", "PUT"):
                mock.add_callback(method, re.compile(".*"), self._answer)
            yield self

    def _answer(self, request: requests.PreparedRequest) -> Answer:
        try:
            return self._answered(request)
        except Exception as error:
            raise Unfaithful(f"{request.method} {request.url}: {error!r}") from error

    def _answered(self, request: requests.PreparedRequest) -> Answer:
        url = urlsplit(str(request.url))
        if url.scheme != "https" or not url.netloc.endswith(".aliyuncs.com"):
            raise Unfaithful(f"a call to {request.url}")
        if not any(name.lower() == "authorization" and value for name, value in request.headers.items()):
            raise Unfaithful(f"a call without a signature to {url.netloc}")
        if ".oss-" in url.netloc:
            return self._oss(request, url.netloc.partition(".")[0], unquote(url.path[1:]))
        labels = url.netloc.split(".")
        service = "log" if "log" in labels else labels[0]
        action, given = _read(request, service)
        self.calls[action] += 1
        if action in self.refusals:
            status, code = self.refusals[action]
            names = ("errorCode", "errorMessage") if service == "log" else ("Code", "Message")
            return self._json(status, dict(zip(names, (code, "told by the test"), strict=True)) | {"RequestId": "r"})
        if service == "sts":
            return self._json(200, {"AccountId": defaults.ACCOUNT_ID, "RequestId": "r"})
        _check_request(PACKAGES[service], action, given)
        handler: Callable[[Data], Any] = getattr(self, f"_{service.partition('-')[0]}_{action}")
        body = handler(given)
        if isinstance(body, tuple):
            status, code = body
            names = ("errorCode", "errorMessage") if service == "log" else ("Code", "Message")
            return self._json(status, dict(zip(names, (code, "no such thing"), strict=True)) | {"RequestId": "r"})
        _check_answer(PACKAGES[service], action, body)
        return self._json(200, body)

    def _json(self, status: int, body: Any) -> Answer:
        headers = {"date": formatdate(time.time() + self.seconds_off, usegmt=True), "content-type": "application/json",
                   "x-log-requestid": "r"}  # fmt: skip
        return status, headers, json.dumps(body).encode()

    # Resource Orchestration Service

    def _ros_ListStacks(self, given: Data) -> Data:  # noqa: N802 - named as the action
        assert given["RegionId"] == defaults.REGION
        assert len(given["StackName"]) == 1
        there = self.stack is not None and self.stack["StackName"] in given["StackName"]
        named = ("StackId", "StackName", "Status")
        return {"Stacks": [{name: self.stack[name] for name in named}] if there and self.stack else []}

    def _ros_GetStack(self, given: Data) -> Any:  # noqa: N802 - the same
        if self.stack is None or given["StackId"] != self.stack["StackId"]:
            return 404, "StackNotFound"
        if self.statuses:
            self.stack["Status"] = self.statuses[0] if len(self.statuses) == 1 else self.statuses.pop(0)
        return self.stack

    def _ros_GetTemplate(self, _: Data) -> Data:  # noqa: N802 - the same
        return {"TemplateBody": self.template}

    def _ros_ListStackEvents(self, _: Data) -> Data:  # noqa: N802 - the same
        return {"Events": self.events}

    def _ros_GenerateTemplatePolicy(self, given: Data) -> Data:  # noqa: N802 - the same
        _check_template(given["TemplateBody"])
        return {"Policy": self.policy}

    def _ros_CreateStack(self, given: Data) -> Data:  # noqa: N802 - the same
        assert self.stack is None
        self._take(given)
        self.stack = {"StackId": STACK_ID, "StackName": given["StackName"], "Status": "CREATE_IN_PROGRESS",
                      "Parameters": given["Parameters"]}  # fmt: skip
        return {"StackId": STACK_ID}

    def _ros_UpdateStack(self, given: Data) -> Any:  # noqa: N802 - the same
        assert self.stack is not None
        assert given["StackId"] == self.stack["StackId"]
        self._take(given)
        self.stack |= {"Status": "UPDATE_IN_PROGRESS", "Parameters": given["Parameters"]}
        return {"StackId": STACK_ID}

    def _take(self, given: Data) -> None:
        """Read the template from the bucket, hold it and the parameters against the registry of types."""
        url = re.fullmatch(r"oss://([a-z0-9-]+)/([^?]+)\?RegionId=" + defaults.REGION, given["TemplateURL"])
        assert url is not None, given["TemplateURL"]
        text = self.buckets[url[1]][url[2]].decode()
        template = _check_template(text)
        parameters = {one["ParameterKey"]: one["ParameterValue"] for one in given["Parameters"]}
        assert set(parameters) <= set(template["Parameters"])
        lacking = {name for name, rule in template["Parameters"].items() if "Default" not in rule} - set(parameters)
        assert not lacking
        assert parameters["CodeObject"] in self.buckets[parameters["CodeBucket"]]
        self.template = text
        self.made.append(parameters)

    # Resource Access Management and EventBridge

    def _ram_GetRole(self, given: Data) -> Any:  # noqa: N802 - the same
        role = self.roles.get(given["RoleName"])
        return {"Role": role} if role is not None else (404, "EntityNotExist.Role")

    def _ram_ListPoliciesForRole(self, given: Data) -> Data:  # noqa: N802 - the same
        found = [{"PolicyName": given["RoleName"], "PolicyType": "Custom"}] if given["RoleName"] in self.statements else []
        return {"Policies": {"Policy": [*found, {"PolicyName": "AliyunOther", "PolicyType": "System"}]}}

    def _ram_GetPolicy(self, given: Data) -> Data:  # noqa: N802 - the same
        document = {"Version": "1", "Statement": self.statements[given["PolicyName"]]}
        return {"DefaultPolicyVersion": {"PolicyDocument": json.dumps(document)}}

    def _eventbridge_CreateServiceLinkedRoleForProduct(self, given: Data) -> Data:  # noqa: N802 - the same
        self.roles[given["ProductName"]] = {"RoleName": given["ProductName"]}
        return {"Code": "Success"}

    def _eventbridge_ListEventStreamings(self, _: Data) -> Data:  # noqa: N802 - the same
        return {"Data": {"EventStreamings": self.streams, "Total": len(self.streams)}}

    # Function Compute

    def _fcv3_GetFunction(self, given: Data) -> Any:  # noqa: N802 - the same
        return self.functions.get(given[""][0]) or (404, "FunctionNotFound")

    def _fcv3_GetTrigger(self, given: Data) -> Any:  # noqa: N802 - the same
        return self.triggers.get(tuple(given[""])) or (404, "TriggerNotFound")

    def _fcv3_GetConcurrencyConfig(self, given: Data) -> Any:  # noqa: N802 - the same
        found = self.reserved.get(given[""][0])
        return {"reservedConcurrency": found} if found is not None else (404, "ConcurrencyConfigNotFound")

    def _fcv3_GetAsyncInvokeConfig(self, given: Data) -> Any:  # noqa: N802 - the same
        return self.asynchronous.get(given[""][0]) or (404, "AsyncConfigNotExists")

    # CloudMonitor, Tablestore's control, Simple Log Service

    def _metrics_DescribeMetricRuleList(self, given: Data) -> Data:  # noqa: N802 - the same
        found = [one for one in self.rules if given["RuleName"] in one["RuleName"]]
        return {"Success": True, "Alarms": {"Alarm": found}, "Total": str(len(found))}

    def _tablestore_GetInstance(self, _: Data) -> Any:  # noqa: N802 - the same
        return self.instance if self.instance is not None else (404, "InstanceNotFound")

    def _log_GetAlert(self, given: Data) -> Any:  # noqa: N802 - the same
        return self.alerts.get(given[""][0]) or (404, "AlertNotExist")

    def _log_GetDashboard(self, given: Data) -> Any:  # noqa: N802 - the same
        return self.dashboards.get(given[""][0]) or (404, "DashboardNotExist")

    def _log_GetLogs(self, given: Data) -> Data:  # noqa: N802 - the same
        """Return the lines that a search of the subset finds, newest first."""
        assert given["reverse"] is True
        wanted = [line for line in self.lines if given["from"] <= float(line["__time__"]) < given["to"]]
        wanted = [line for line in wanted if _matches(line, given["query"])]
        begin = given.get("offset", 0)
        newest = sorted(wanted, key=lambda line: -float(line["__time__"]))
        return {"meta": {"progress": "Complete"}, "data": newest[begin : begin + given["line"]]}

    # Object Storage Service

    def _oss(self, request: requests.PreparedRequest, bucket: str, key: str) -> Answer:
        action = {("GET", ""): "GetBucketInfo", ("PUT", ""): "PutBucket"}.get((str(request.method), key))
        action = action or {"HEAD": "HeadObject", "PUT": "PutObject"}[str(request.method)]
        self.calls[action] += 1
        headers = {"Date": formatdate(usegmt=True), "Content-Type": "application/xml", "x-oss-request-id": "r"}
        if action in self.refusals:
            status, code = self.refusals[action]
            return status, headers, f"<Error><Code>{code}</Code><Message>told</Message></Error>".encode()
        objects = self.buckets.get(bucket)
        if action == "PutBucket":
            assert objects is None
            assert request.headers["x-oss-acl"] == "private"
            self.buckets[bucket] = {}
            return 200, headers, b""
        if objects is None:
            return 404, headers, b"<Error><Code>NoSuchBucket</Code><Message>none</Message></Error>"
        if action == "GetBucketInfo":
            text = f"<BucketInfo><Bucket><Location>oss-{self.bucket_region}</Location></Bucket></BucketInfo>"
            return 200, headers, text.encode()
        if action == "HeadObject":
            content = objects.get(key)
            return (404, headers, b"") if content is None else (200, headers | {"Content-Length": str(len(content))}, b"")
        body = request.body
        content = body if isinstance(body, bytes) else b"".join(body)  # type: ignore[arg-type]
        objects[key] = content
        crc = Crc64(0)
        crc.update(content)
        return 200, headers | {"x-oss-hash-crc64ecma": str(crc.sum64())}, b""


def healthy(parameters: dict[str, str] | None = None, now: float | None = None) -> StubAccount:
    """Return the account of a deployment in which everything is as template.yml says."""
    given = {"CodeBucket": BUCKET, "CodeObject": "provisioner-0.zip", "ActionPolicy": "told", "ContactGroup": "ops",
             **(parameters or {})}  # fmt: skip
    now = time.time() if now is None else now
    wanted = Wanted(load(TEMPLATE), given, region=defaults.REGION, account=defaults.ACCOUNT_ID, stack_id=STACK_ID)
    functions = {name: wanted[name] for name in ("ProvisionFunction", "PollFunction")}
    queue_trigger = wanted["QueueTrigger"]
    options = queue_trigger["TriggerConfig"]["runOptions"]
    store = wanted["Store"]
    account = StubAccount(
        stack={"StackId": STACK_ID, "StackName": STACK, "Status": "CREATE_COMPLETE",
               "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()]},
        template=deployable(),
        roles={name: {"RoleName": name} for name in SERVICE_ROLES},
        reserved={wanted[name]["FunctionName"]: wanted[name]["ReservedConcurrency"]
                  for name in ("ProvisionConcurrency", "PollConcurrency")},
        streams=[{
            "EventStreamingName": "fc-stream", "Status": "RUNNING",
            "Source": {"SourceMNSParameters": {"QueueName": defaults.QUEUE, "RegionId": defaults.REGION}},
            "Sink": {"SinkFcParameters": {"InvocationType": {"Form": "CONSTANT", "Value": "Async"}}},
            "RunOptions": {
                "ErrorsTolerance": options["errorsTolerance"], "RetryStrategy": options["retryStrategy"],
                "DeadLetterQueue": options["deadLetterQueue"], "BatchWindow": options["batchWindow"],
            },
        }],
        instance={"InstanceName": store["InstanceName"], "NetworkTypeACL": list(store["NetworkTypeACL"])},
        buckets={BUCKET: {}},
    )  # fmt: skip
    for name in ("ProvisionRole", "PollRole"):
        role = wanted[name]
        account.roles[role["RoleName"]] = {
            "RoleName": role["RoleName"], "AssumeRolePolicyDocument": json.dumps(role["AssumeRolePolicyDocument"]),
        }  # fmt: skip
        account.statements[role["RoleName"]] = [
            one for policy_ in role["Policies"] for one in policy_["PolicyDocument"]["Statement"]
        ]
    for name, role in (("ProvisionFunction", "ProvisionRole"), ("PollFunction", "PollRole")):
        account.functions[functions[name]["FunctionName"]] = _function(functions[name], wanted[role]["RoleName"])
    for name in ("QueueTrigger", "PollTimer"):
        one = wanted[name]
        account.triggers[one["FunctionName"], one["TriggerName"]] = {
            "triggerName": one["TriggerName"], "triggerType": one["TriggerType"], "qualifier": one["Qualifier"],
            "triggerConfig": json.dumps(one["TriggerConfig"]),
        }  # fmt: skip
    for name in ("ProvisionAsync", "PollAsync"):
        one = wanted[name]
        found = {"maxAsyncRetryAttempts": one["MaxAsyncRetryAttempts"],
                 "maxAsyncEventAgeInSeconds": one["MaxAsyncEventAgeInSeconds"]}  # fmt: skip
        if "DestinationConfig" in one:
            destination = one["DestinationConfig"]["OnFailure"]["Destination"]
            found["destinationConfig"] = {"onFailure": {"destination": destination}}
        account.asynchronous[one["FunctionName"]] = found
    for one in wanted.of_type("ALIYUN::SLS::Alert"):
        account.alerts[one["Detail"]["Name"]] = _alert(one["Detail"])
    account.rules = [
        {"RuleName": one["RuleName"], "EnableState": True, "Namespace": one["Namespace"],
         "MetricName": one["MetricName"], "Escalations": one["Escalations"]}
        for one in wanted.of_type("ALIYUN::CMS::ResourceMetricRule")
    ]  # fmt: skip
    dashboard = wanted["Dashboard"]
    account.dashboards[dashboard["DashboardName"]] = {
        "dashboardName": dashboard["DashboardName"], "displayName": dashboard["DisplayName"],
        "charts": [_chart(one) for one in dashboard["Charts"]],
    }  # fmt: skip
    for minute in range(8):
        account.lines += _minute(functions["PollFunction"]["FunctionName"], now - 60 * (minute + 1))
    return account


def _function(given: Data, role: str) -> Data:
    """Return a function as GetFunction tells it; written out, so that a wrong name is seen."""
    hook, log = given["InstanceLifecycleConfig"]["Initializer"], given["LogConfig"]
    found = {
        "functionName": given["FunctionName"], "description": given["Description"], "runtime": given["Runtime"],
        "handler": given["Handler"], "timeout": given["Timeout"], "memorySize": given["MemorySize"],
        "cpu": given["Cpu"], "diskSize": given["DiskSize"], "instanceConcurrency": given["InstanceConcurrency"],
        "internetAccess": given["InternetAccess"], "environmentVariables": dict(given["EnvironmentVariables"]),
        "role": f"acs:ram::{defaults.ACCOUNT_ID}:role/{role}", "state": "Active", "lastUpdateStatus": "Successful",
        "instanceLifecycleConfig": {"initializer": {"handler": hook["Handler"], "timeout": hook["Timeout"]}},
        "logConfig": {
            "project": log["Project"], "logstore": log["Logstore"], "logBeginRule": log["LogBeginRule"],
            "enableRequestMetrics": True, "enableInstanceMetrics": True,
        },
    }  # fmt: skip
    if vpc := given.get("VpcConfig"):
        found["vpcConfig"] = {"vpcId": vpc["VpcId"], "vSwitchIds": vpc["VSwitchIds"],
                              "securityGroupId": vpc["SecurityGroupId"]}  # fmt: skip
    return found


def _alert(detail: Data) -> Data:
    configuration = detail["Configuration"]
    (query,), (severity,) = configuration["QueryList"], configuration["SeverityConfigurations"]
    return {
        "name": detail["Name"], "displayName": detail["DisplayName"], "status": "ENABLED",
        "schedule": {"type": "FixedRate", "interval": detail["Schedule"]["Interval"]},
        "configuration": {
            "queryList": [{"query": query["Query"], "start": query["Start"], "end": query["End"]}],
            "severityConfigurations": [{"severity": severity["Severity"], "evalCondition": {
                "condition": severity["EvalCondition"]["Condition"], "countCondition": ""}}],
            "policyConfiguration": {"actionPolicyId": configuration["PolicyConfiguration"]["ActionPolicyId"]},
        },
    }  # fmt: skip


def _chart(given: Data) -> Data:
    return {"title": given["title"], "type": given["type"], "action": {}, "search": {}, "display": {}}


def _minute(function: str, at: float) -> list[Data]:
    """Return what one run of the timer leaves in the log store: the worker's line, and the platform's."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    when = str(int(at) + 2)
    return [
        {"__time__": when, "functionName": function,
         "message": json.dumps({"event": "run", "reason": "idle", "time": stamp})},
        {"__time__": when, "functionName": function, "hasFunctionError": "false", "invocationType": "Async"},
    ]  # fmt: skip


def _read(request: requests.PreparedRequest, service: str) -> tuple[str, Data]:
    """Return the action of a request, and its parameters as the API names them; those of a path stand under ''."""
    url, body = urlsplit(str(request.url)), request.body or b""
    text = body.decode() if isinstance(body, bytes) else str(body)
    if service == "log":
        names = [unquote(part) for part in url.path.split("/") if part]
        action = {"alerts": "GetAlert", "dashboards": "GetDashboard", "logstores": "GetLogs"}[names[0]]
        return action, {**(json.loads(text) if text else {}), "": names[1:]}
    action = request.headers["x-acs-action"]
    if isinstance(action, bytes):
        action = action.decode()
    flat = dict(parse_qsl(url.query, keep_blank_values=True)) | dict(parse_qsl(text, keep_blank_values=True))
    given = _nested(flat)
    if service == "fcv3":
        parts = [unquote(part) for part in url.path.split("/") if part]
        given[""] = [part for part in parts[2::2]]
    return action, given


def _nested(flat: dict[str, str]) -> Data:
    """Return `Parameters.1.ParameterKey` and the like as lists of objects."""
    found: Data = {}
    for name, value in flat.items():
        head, _, rest = name.partition(".")
        if not rest:
            found[name] = value
            continue
        number, _, key = rest.partition(".")
        items = found.setdefault(head, [])
        while len(items) < int(number):
            items.append({})
        if key:
            items[int(number) - 1][key] = value
        else:
            items[int(number) - 1] = value
    return found


def _check_request(package: str, action: str, given: Data) -> None:
    """Raise Unfaithful for a parameter that the request's model does not have, or one that it requires and lacks."""
    models = importlib.import_module(f"{package}.models")
    model = getattr(models, f"{action}Request", None)
    named = {name: value for name, value in given.items() if name}
    if model is None:
        if named:
            raise Unfaithful(f"{action} takes no parameters: {named}")
        return
    known = model().from_map({name: _plain(value) for name, value in named.items()}).to_map()
    if unknown := named.keys() - known.keys():
        raise Unfaithful(f"{action} has no parameter {sorted(unknown)}")
    attributes = REQUIRED.findall(inspect.getsource(model))
    filled = model().from_map({name: _plain(value) for name, value in named.items()})
    if missing := [name for name in attributes if getattr(filled, name) is None]:
        raise Unfaithful(f"{action} requires {missing}")


def _plain(value: Any) -> Any:
    return value


def _check_answer(package: str, action: str, body: Any) -> None:
    """Raise Unfaithful when the response's model would lose a name of the answer."""
    models = importlib.import_module(f"{package}.models")
    read = getattr(models, f"{action}Response")().from_map({"headers": {}, "statusCode": 200, "body": body})
    kept = read.body.to_map() if hasattr(read.body, "to_map") else read.body
    if lost := _lost(body, kept):
        raise Unfaithful(f"the answer to {action} has names that the API has not: {lost}")


def _lost(body: Any, kept: Any, path: str = "") -> list[str]:
    """Return what of an answer its model did not keep."""
    if isinstance(body, dict):
        there = kept if isinstance(kept, dict) else {}
        return [one for key, value in body.items() for one in _lost(value, there.get(key), f"{path}.{key}")]
    if isinstance(body, list) and isinstance(kept, list) and len(body) == len(kept):
        return [one for number, value in enumerate(body) for one in _lost(value, kept[number], f"{path}.{number}")]
    return [] if body == kept else [path]


def _check_template(text: str) -> Data:
    """Hold a template against the registry of resource types; return its data."""
    import yaml

    template: Data = yaml.safe_load(text)
    for name, resource in template["Resources"].items():
        kind, given = TYPES[resource["Type"]], set(resource["Properties"])
        assert set(kind["required"]) <= given <= {*kind["required"], *kind["optional"]}, name
    return template


def _matches(line: Data, query: str) -> bool:
    """Tell whether a line has what a search asks for: `field: value` joined with `and` or with `or`."""
    joined, combine = (" or ", any) if " or " in query else (" and ", all)
    message = json.loads(line["message"]) if "message" in line else {}
    flat = {**line, **{f"message.{name}": value for name, value in message.items()}}
    terms = (term.partition(": ") for term in query.split(joined))
    return combine(
        name in flat and (value == "*" or str(flat[name]).lower() == value.strip('"').lower()) for name, _, value in terms
    )


def encoded(text: str) -> str:
    """Return base64, which is how the Python SDK sends bodies."""
    return base64.b64encode(text.encode()).decode()
