"""An account whose services answer from plain data: what the official clients send is checked, nothing is emulated.

Requests and answers are held against the SDKs' own models (`sdk_models`). `healthy_account` makes the data of a
deployment in which all is well; a test changes it.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import responses
from alibabacloud_oss_v2.crc import Crc64

from local import defaults
from local.deployment.permissions import policy
from local.project import TEMPLATE
from local.runtime.template import load
from tests.support.sdk_models import Data, Unfaithful, check_answer, check_request, check_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

Answer = tuple[int, dict[str, str], bytes]
UNUSED = object()

STACK, STACK_ID = "provisioner", "01234567-89ab-4000-8000-000000000001"
PACKAGES = {
    "ros": "alibabacloud_ros20190910", "ram": "alibabacloud_ram20150501", "fcv3": "alibabacloud_fc20230330",
    "eventbridge-console": "alibabacloud_eventbridge20200401", "metrics": "alibabacloud_cms20190101",
    "tablestore": "alibabacloud_tablestore20201209", "log": "alibabacloud_sls20201230",
}  # fmt: skip
"""The first label of a host, and whose models its requests are checked with. Log stores have the project before it."""
BUCKET = f"provisioner-code-{defaults.ACCOUNT_ID}-{defaults.REGION}"


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
    """Of the custom policies of roles, each named as its role."""
    system: dict[str, list[Data]] = field(default_factory=dict)
    """Of the system policies that every role has, by their names."""
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
    odd: Any = UNUSED
    """What every service answers instead, if anything."""
    quoting: str = "told by the test"
    """What refusals say."""
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
            return self._json(status, dict(zip(names, (code, self.quoting), strict=True)) | {"RequestId": "r"})
        if service == "sts":
            return self._json(200, {"AccountId": defaults.ACCOUNT_ID, "RequestId": "r"})
        check_request(PACKAGES[service], action, given)
        if self.odd is not UNUSED:
            return self._json(200, self.odd)
        handler: Callable[[Data], Any] = getattr(self, f"_{service.partition('-')[0]}_{action}")
        body = handler(given)
        if isinstance(body, tuple):
            status, code = body
            names = ("errorCode", "errorMessage") if service == "log" else ("Code", "Message")
            return self._json(status, dict(zip(names, (code, "no such thing"), strict=True)) | {"RequestId": "r"})
        check_answer(PACKAGES[service], action, body)
        return self._json(200, body)

    def _json(self, status: int, body: Any) -> Answer:
        headers = {"date": formatdate(time.time() + self.seconds_off, usegmt=True), "content-type": "application/json",
                   "x-log-requestid": "r"}  # fmt: skip
        return status, headers, json.dumps(body).encode()

    # Resource Orchestration Service

    def _ros_ListStacks(self, given: Data) -> Data:  # noqa: N802 - named as the action
        assert len(given["StackName"]) == 1
        here = given["RegionId"] == defaults.REGION
        there = here and self.stack is not None and self.stack["StackName"] in given["StackName"]
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

    def _ros_ListStackEvents(self, given: Data) -> Data:  # noqa: N802 - the same
        size, number = int(given["PageSize"]), int(given["PageNumber"])
        return {"Events": self.events[size * (number - 1) : size * number], "TotalCount": len(self.events)}

    def _ros_GenerateTemplatePolicy(self, given: Data) -> Data:  # noqa: N802 - the same
        check_template(given["TemplateBody"])
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
        template = check_template(text)
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
        found = (
            [{"PolicyName": given["RoleName"], "PolicyType": "Custom"}] if given["RoleName"] in self.statements else []
        )
        return {"Policies": {"Policy": [*found, *({"PolicyName": one, "PolicyType": "System"} for one in self.system)]}}

    def _ram_GetPolicy(self, given: Data) -> Data:  # noqa: N802 - the same
        there = {"Custom": self.statements, "System": self.system}[given["PolicyType"]]
        document = {"Version": "1", "Statement": there[given["PolicyName"]]}
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
            return status, headers, f"<Error><Code>{code}</Code><Message>{self.quoting}</Message></Error>".encode()
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
            return (
                (404, headers, b"") if content is None else (200, headers | {"Content-Length": str(len(content))}, b"")
            )
        body = request.body
        content = body if isinstance(body, bytes) else b"".join(body)  # type: ignore[arg-type]
        objects[key] = content
        crc = Crc64(0)
        crc.update(content)
        return 200, headers | {"x-oss-hash-crc64ecma": str(crc.sum64())}, b""


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
        given[""] = parts[2::2]
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


@cache
def _indexed() -> set[str]:
    """Return the fields that template.yml gives the log store an index of."""
    keys = load(TEMPLATE)["Resources"]["LogIndex"]["Properties"]["KeyIndices"]
    return {key["Name"] for key in keys} | {
        f"{key['Name']}.{one['Name']}" for key in keys for one in key.get("JsonKeyIndices", ())
    }


def _matches(line: Data, query: str) -> bool:
    """Tell whether a line has what a search asks for: `field: value` joined with `and` or with `or`."""
    joined, combine = (" or ", any) if " or " in query else (" and ", all)
    message = json.loads(line["message"]) if "message" in line else {}
    flat = {**line, **{f"message.{name}": value for name, value in message.items()}}
    terms = [term.partition(": ") for term in query.split(joined)]
    if strange := {name for name, _, _ in terms} - _indexed():
        raise Unfaithful(f"a search for fields that the log store has no index of: {strange}")
    return combine(
        name in flat and (value == "*" or str(flat[name]).lower() == value.strip('"').lower())
        for name, _, value in terms
    )
