"""The answers of an account in which a deployment is exactly what template.yml says: written out, name by name."""

from __future__ import annotations

import json
import time
from typing import Any

from local import defaults
from local.deployment.checks.roles import SERVICE_ROLES
from local.deployment.wanted import Wanted
from local.project import TEMPLATE
from local.runtime.deployable import deployable
from local.runtime.template import load
from tests.support.stub_account import BUCKET, STACK, STACK_ID, StubAccount

Data = dict[str, Any]

DATA, TEXT = load(TEMPLATE), deployable()


def healthy(parameters: dict[str, str] | None = None, now: float | None = None) -> StubAccount:
    """Return the account of a deployment in which everything is as template.yml says."""
    given = {"CodeBucket": BUCKET, "CodeObject": "provisioner-0.zip", "ActionPolicy": "told", "ContactGroup": "ops",
             **(parameters or {})}  # fmt: skip
    now = time.time() if now is None else now
    wanted = Wanted(DATA, given, region=defaults.REGION, account=defaults.ACCOUNT_ID, stack_id=STACK_ID)
    functions = {name: wanted[name] for name in ("ProvisionFunction", "PollFunction")}
    queue_trigger = wanted["QueueTrigger"]
    options = queue_trigger["TriggerConfig"]["runOptions"]
    store = wanted["Store"]
    account = StubAccount(
        stack={"StackId": STACK_ID, "StackName": STACK, "Status": "CREATE_COMPLETE",
               "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()]},
        template=TEXT,
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
