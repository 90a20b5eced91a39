"""`provisioner doctor`: every check says yes of a healthy deployment, and finds the fault that is planted for it."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest
from mns.queue import Message, QueueMeta
from mns.subscription import SubscriptionMeta
from mns.topic import TopicMeta

from local import defaults
from local.deployment.check import Answer, Site, run
from local.deployment.checks import CHECKS
from local.deployment.permissions import allowed_actions
from local.deployment.sdk.account import open_account
from local.deployment.sdk.tablestore import TablestoreRecords
from local.deployment.wanted import Wanted
from local.runtime.access import Access
from shared.adapters.tablestore.store import TablestoreStore
from shared.domain.policy.control import Pause
from shared.settings import Credentials
from tests.support.healthy_account import DATA, TEXT, healthy
from tests.support.stub_account import STACK_ID, StubAccount

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.deployment.check import Verdict
    from local.deployment.ports import Account
    from tests.support.clients import Clients

ONE_WAY = pytest.mark.parametrize("cloud", ["http"], indirect=True)
CREATE, POLL = "provision-create", "provision-poll"
WEEK = 604_800


def deployed(cloud: Clients) -> None:
    """Give the local cloud's queues and topic the template's attributes."""
    cloud.cloud.provision_defaults()
    account = cloud.mns()
    queues = {defaults.QUEUE: QueueMeta(300, 65_536, WEEK, 0, 30), defaults.DEAD_LETTERS: QueueMeta(30, 65_536, WEEK),
              defaults.INBOX: QueueMeta(30, 65_536, WEEK)}  # fmt: skip
    for name, meta in queues.items():
        account.get_queue(name).set_attributes(meta)
    account.get_topic(defaults.TOPIC).set_attributes(TopicMeta(65_536, logging_enabled=True))
    old = account.get_topic(defaults.TOPIC).get_subscription("inbox")
    endpoint = f"acs:mns:{defaults.REGION}:{defaults.ACCOUNT_ID}:queues/{defaults.INBOX}"
    old.subscribe(SubscriptionMeta(endpoint, "EXPONENTIAL_DECAY_RETRY", "SIMPLIFIED"))


def site(services: Account, account: StubAccount) -> Site:
    """Return the stub's deployment."""
    assert account.stack is not None
    given = {one["ParameterKey"]: one["ParameterValue"] for one in account.stack["Parameters"]}
    wanted = Wanted(DATA, given, region=defaults.REGION, account=defaults.ACCOUNT_ID, stack_id=STACK_ID)
    return Site(services, account.stack, wanted, TEXT)


def asked(account: StubAccount, cloud: Clients) -> dict[str, Verdict]:
    """Return every check's verdict: queues and tables are the local cloud's, all else is the stub's."""
    access = Access.local(cloud.url)
    with account.answering(cloud.url):
        services = replace(
            open_account(access), records=lambda _: TablestoreRecords(access, defaults.TABLESTORE_INSTANCE)
        )
        return {one.check: one.verdict for one in run(CHECKS, site(services, account))}


def answers(verdicts: dict[str, Verdict], answer: Answer) -> set[str]:
    """Return the checks that answer so."""
    return {name for name, verdict in verdicts.items() if verdict.answer is answer}


@ONE_WAY
def test_a_healthy_deployment(cloud: Clients) -> None:
    """Every check answers yes."""
    deployed(cloud)
    verdicts = asked(healthy(), cloud)
    assert {name: one for name, one in verdicts.items() if one.answer is not Answer.YES} == {}


@ONE_WAY
def test_a_healthy_deployment_in_a_vpc(cloud: Clients) -> None:
    """Inside a VPC, too; roles and functions have what that needs, the store is open to VPCs only."""
    deployed(cloud)
    verdicts = asked(healthy({"VpcId": "vpc-1", "VSwitchId": "vsw-1", "SecurityGroupId": "sg-1"}), cloud)
    assert {name: one for name, one in verdicts.items() if one.answer is not Answer.YES} == {}


class Planted(NamedTuple):
    """A fault: what it does to the account, which checks say no, and words of the first of them."""

    fault: Callable[[StubAccount], object]
    checks: tuple[str, ...]
    words: tuple[str, ...]


def _configure(account: StubAccount, path: tuple[str, ...], value: object) -> None:
    """Change one field of the queue trigger's configuration; None removes it."""
    trigger = account.triggers[CREATE, "requests"]
    configuration = json.loads(trigger["triggerConfig"])
    place = configuration
    for name in path[:-1]:
        place = place[name]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    trigger["triggerConfig"] = json.dumps(configuration)


def _late(account: StubAccount, seconds: int) -> None:
    """Let the functions' clock be off: lines are collected so much later than they say."""
    for line in account.lines:
        if "message" in line:
            message = json.loads(line["message"])
            moment = time.gmtime(float(line["__time__"]) - seconds)
            line["message"] = json.dumps(message | {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)})


def _log(account: StubAccount, **fields: object) -> None:
    """Let the worker have written a line."""
    account.lines.append({"__time__": str(int(time.time()) - 30), "message": json.dumps(fields)})


PLANTED = {
    "an update that was rolled back": Planted(
        lambda it: it.stack.update(Status="ROLLBACK_COMPLETE", StatusReason="quota"), ("stack",), ("quota", "deploy")),
    "a stack that was never whole": Planted(
        lambda it: it.stack.update(Status="CREATE_ROLLBACK_COMPLETE"), ("stack",), ("DeleteStack",)),
    "another version's template": Planted(
        lambda it: setattr(it, "template", it.template.replace("TimeToLive: 2592000", "TimeToLive: 86400")),
        ("template",), ("~ RequestsTable", "deploy")),
    "a service-linked role that is missing": Planted(
        lambda it: it.roles.pop("AliyunServiceRoleForEventBridgeSendToMNS"), ("service-roles",), ("SendToMNS",)),
    "a role that somebody else may take": Planted(
        lambda it: it.roles["provision-poll-cn-hangzhou"].update(AssumeRolePolicyDocument=json.dumps(
            {"Statement": [{"Principal": {"Service": ["ecs.aliyuncs.com"]}}]})),
        ("roles",), ("does not trust fc.aliyuncs.com", "trusts ecs.aliyuncs.com, too")),
    "a right that was taken away": Planted(
        lambda it: it.statements["provision-create-cn-hangzhou"].pop(0), ("roles",),
        ("may not ecs:CreateInstance on *",)),
    "a right too many": Planted(
        lambda it: it.statements["provision-poll-cn-hangzhou"].append(
            {"Effect": "Allow", "Action": "*", "Resource": "*"}),
        ("roles",), ("may * on *, too",)),
    "a system policy too many": Planted(
        lambda it: it.system.update(AdministratorAccess=[{"Effect": "Allow", "Action": "*", "Resource": "*"}]),
        ("roles",), ("may * on *, too",)),
    "a right that is denied": Planted(
        lambda it: it.statements["provision-create-cn-hangzhou"].append(
            {"Effect": "Deny", "Action": ["ecs:CreateInstance"], "Resource": "*"}),
        ("roles",), ("no plain right: Deny ecs:CreateInstance on *",)),
    "a right under a condition": Planted(
        lambda it: it.statements["provision-create-cn-hangzhou"][0].update(
            Condition={"IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}}),
        ("roles",), ("may not ecs:CreateInstance on *", "Allow ecs:CreateInstance on * if IpAddress")),
    "a right to all but something": Planted(
        lambda it: it.statements["provision-poll-cn-hangzhou"].append(
            {"Effect": "Allow", "NotAction": "ram:*", "Resource": "*"}),
        ("roles",), ("Allow all but some on *",)),
    "an account that may take the role": Planted(
        lambda it: it.roles["provision-poll-cn-hangzhou"].update(AssumeRolePolicyDocument=json.dumps(
            {"Statement": [{"Effect": "Allow", "Principal": {
                "Service": ["fc.aliyuncs.com"], "RAM": ["acs:ram::1:root"]}}]})),
        ("roles",), ("trusts acs:ram::1:root, too",)),
    "a function that is gone": Planted(
        lambda it: it.functions.pop(POLL), ("function-poll",), ("not there", "deploy")),
    "a function that could not be updated": Planted(
        lambda it: it.functions[CREATE].update(lastUpdateStatus="Failed", lastUpdateStatusReason="no such object"),
        ("function-create",), ("lastUpdateStatus is Failed: no such object",)),
    "a shorter time limit": Planted(
        lambda it: it.functions[CREATE].update(timeout=60), ("function-create",),
        ("timeout is 60, the template says 120",)),
    "a variable that was changed": Planted(
        lambda it: it.functions[POLL]["environmentVariables"].update(PROVISIONER_SETTLE_SECONDS="5"),
        ("function-poll",), ("PROVISIONER_SETTLE_SECONDS is 5, the template says 120",)),
    "reserved instances that are missing": Planted(
        lambda it: it.reserved.pop(POLL), ("reserved-instances",), ("provision-poll", "not set")),
    "asynchronous calls without dead letters": Planted(
        lambda it: it.asynchronous[CREATE].pop("destinationConfig"), ("asynchronous-calls",), ("destination",)),
    "a timer that is off": Planted(
        lambda it: it.triggers[POLL, "every-minute"].update(
            triggerConfig='{"cronExpression": "@every 1m", "enable": false, "payload": ""}'),
        ("timer",), ("enable is false",)),
    "a queue trigger that is gone": Planted(
        lambda it: it.triggers.pop((CREATE, "requests")), ("queue-trigger",), ("no trigger requests",)),
    "a trigger whose field has another name": Planted(
        lambda it: _configure(it, ("runOptions", "batchWindow"), None), ("queue-trigger",),
        ("runOptions.batchWindow.CountBasedWindow is not set", "another name")),
    "a trigger without tries": Planted(
        lambda it: _configure(it, ("runOptions", "retryStrategy", "PushRetryStrategy"), "BACKOFF_RETRY"),
        ("queue-trigger",), ("PushRetryStrategy is BACKOFF_RETRY",)),
    "a stream that never started": Planted(
        lambda it: it.streams.clear(), ("stream",), ("no event stream reads queue provision-requests",)),
    "a stream that was paused": Planted(
        lambda it: it.streams[0].update(Status="PAUSED"), ("stream",), ("fc-stream is PAUSED",)),
    "a second reader of the queue": Planted(
        lambda it: it.streams.append(it.streams[0] | {"EventStreamingName": "other"}), ("stream",),
        ("fc-stream, other",)),
    "a stream without dead letters": Planted(
        lambda it: it.streams[0]["RunOptions"].pop("DeadLetterQueue"), ("stream",),
        ("RunOptions.DeadLetterQueue.Arn",)),
    "a store that is closed to the functions": Planted(
        lambda it: it.instance.update(NetworkTypeACL=["VPC"]), ("store",), ("not open to INTERNET",)),
    "a store that is gone": Planted(lambda it: setattr(it, "instance", None), ("store",), ("no instance pv01234567",)),
    "an alert that is off": Planted(
        lambda it: it.alerts["timer-silent"].update(status="DISABLED"), ("alarms",), ("timer-silent: it is DISABLED",)),
    "an alert that asks something else": Planted(
        lambda it: it.alerts["unexpected"]["configuration"]["queryList"][0].update(query="*"), ("alarms",),
        ("unexpected: query is *",)),
    "a rule of CloudMonitor that is off": Planted(
        lambda it: it.rules[0].update(EnableState=False), ("queue-alarms",), ("EnableState is false",)),
    "a dashboard that is gone": Planted(lambda it: it.dashboards.clear(), ("dashboard",), ("not there",)),
    "a timer that does not run": Planted(
        lambda it: setattr(it, "lines", [line for line in it.lines if "message" not in line]),
        ("timer-runs", "log-lines"), ("0 runs",)),
    "lines that are not in the field message": Planted(
        lambda it: it.lines.__setitem__(slice(None), [
            {("content" if key == "message" else key): value for key, value in line.items()} for line in it.lines]),
        ("timer-runs", "log-lines"), ("0 runs",)),
    "request metrics of another form": Planted(
        lambda it: [line.pop("hasFunctionError", None) for line in it.lines], ("log-lines",), ("hasFunctionError",)),
    "a function's clock that is off": Planted(lambda it: _late(it, 90), ("clocks",), ("90 s", "SKEW_SECONDS")),
    "this machine's clock": Planted(
        lambda it: setattr(it, "seconds_off", 900.0), ("clocks",), ("this machine's clock is", "s off")),
    "a call that was refused": Planted(
        lambda it: _log(it, event="call_failed", action="StartInstance", code="Forbidden.RAM", status=403),
        ("refusals",), ("StartInstance: Forbidden.RAM",)),
    "a store that refuses": Planted(
        lambda it: _log(it, event="store_unavailable", code="OTSNoPermissionAccess", error="Tablestore get_row: no"),
        ("refusals",), ("store_unavailable: OTSNoPermissionAccess",)),
    "a topic that refuses, among calls that were throttled": Planted(
        lambda it: (_log(it, event="publish_failed", code="AccessDenied", refused=True),
                    [_log(it, event="call_failed", action="CreateInstance", code="Throttling") for _ in range(300)]),
        ("refusals",), ("publish_failed: AccessDenied",)),
    "keys that are refused": Planted(
        lambda it: _log(it, event="authentication_failed", action="MNS", code="InvalidAccessKeyId"),
        ("refusals",), ("MNS: InvalidAccessKeyId",)),
}  # fmt: skip


@ONE_WAY
@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_found(cloud: Clients, planted: Planted) -> None:
    """The check that is meant for it says no, with what differs and what to do; no other check does."""
    deployed(cloud)
    account = healthy()
    planted.fault(account)
    verdicts = asked(account, cloud)
    assert answers(verdicts, Answer.NO) == set(planted.checks)
    verdict = verdicts[planted.checks[0]]
    for word in planted.words:
        assert word in f"{verdict.says} {verdict.next}"
    assert all(verdicts[name].next for name in planted.checks)


def _shorten(cloud: Clients) -> None:
    cloud.mns().get_queue(defaults.QUEUE).set_attributes(QueueMeta(20, 65_536, WEEK, 0, 30))


MISPLACED = {
    "queues": (_shorten, "VisibilityTimeout is 20, the template says 300"),
    "dead-letters": (
        lambda cloud: cloud.mns().get_queue(defaults.DEAD_LETTERS).send_message(Message("{}")),
        "provision-requests-dlq"),
    "topic": (lambda cloud: cloud.mns().get_topic(defaults.TOPIC).delete(), "is not there"),
    "subscription": (
        lambda cloud: cloud.mns().get_topic(defaults.TOPIC).get_subscription("inbox").unsubscribe(),
        "outcomes are lost"),
}  # fmt: skip


@ONE_WAY
@pytest.mark.parametrize(("check", "planted"), MISPLACED.items(), ids=MISPLACED)
def test_a_fault_of_messaging_is_found(
    cloud: Clients, check: str, planted: tuple[Callable[[Clients], object], str]
) -> None:
    """The same for queues, topic and subscription, which are the local cloud's, through the real SDK."""
    deployed(cloud)
    planted[0](cloud)
    verdicts = asked(healthy(), cloud)
    assert check in answers(verdicts, Answer.NO)
    assert planted[1] in verdicts[check].says


@ONE_WAY
def test_a_pause_is_told(cloud: Clients) -> None:
    """Buying that an operator paused is told, with who, why and how to end it; one that was ended is not."""
    deployed(cloud)
    keys = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)
    store = TablestoreStore(cloud.url, defaults.TABLESTORE_INSTANCE, keys)
    paused = Pause(active=True, by="ann", reason="the bill", at=1_795_000_000.0)
    store.put_pause(paused, None)
    verdict = asked(healthy(), cloud)["buying"]
    assert verdict.answer is Answer.NO
    assert "by ann: the bill" in verdict.says
    assert "provisioner resume" in verdict.next
    store.put_pause(replace(paused, active=False), paused)
    assert asked(healthy(), cloud)["buying"].answer is Answer.YES
    store.close()


@ONE_WAY
def test_a_table_that_is_gone(cloud: Clients) -> None:
    """A missing table is found through the real SDK."""
    deployed(cloud)
    access = Access.local(cloud.url)
    TablestoreRecords(access, defaults.TABLESTORE_INSTANCE)._client.delete_table(defaults.OPEN_TABLE)  # noqa: SLF001 - the SDK's
    verdicts = asked(healthy(), cloud)
    assert answers(verdicts, Answer.NO) == {"tables"}
    assert "provision_open is not there" in verdicts["tables"].says


ACTIONS = {
    "GetTemplate": "template", "GenerateTemplatePolicy": "operator-policy", "GetRole": "service-roles",
    "GetPolicy": "roles", "GetFunction": "function-create", "GetTrigger": "timer",
    "GetConcurrencyConfig": "reserved-instances", "GetAsyncInvokeConfig": "asynchronous-calls",
    "ListEventStreamings": "stream", "DescribeMetricRuleList": "queue-alarms", "GetInstance": "store",
    "GetAlert": "alarms", "GetDashboard": "dashboard", "GetLogs": "timer-runs",
}  # fmt: skip


@ONE_WAY
@pytest.mark.slow
@pytest.mark.parametrize(("action", "check"), ACTIONS.items())
def test_what_may_not_be_asked_is_unknown(cloud: Clients, action: str, check: str) -> None:
    """Keys without a right get unknown, the right's name, and every other answer."""
    deployed(cloud)
    account = healthy()
    account.refusals[action] = (403, "NoPermission")
    verdicts = asked(account, cloud)
    assert answers(verdicts, Answer.NO) == set()
    assert verdicts[check].answer is Answer.UNKNOWN
    (named,) = re.findall(r"give these keys ([a-z]+:\w+)", verdicts[check].next)
    assert named in allowed_actions()
    assert named.endswith({"GetLogs": ":GetLogStoreLogs"}.get(action, f":{action}"))
    assert answers(verdicts, Answer.YES)


@ONE_WAY
@pytest.mark.parametrize(
    ("batch", "how", "answer", "words"),
    [
        ("1", "Sync", Answer.YES, "BatchSize=20"),
        ("20", "Sync", Answer.YES, "synchronously"),
        ("1", "Async", Answer.YES, "asynchronously"),
        ("20", "Async", Answer.NO, "BatchSize=1"),
        ("1", None, Answer.UNKNOWN, "--send"),
    ],
)
def test_how_the_trigger_calls(cloud: Clients, batch: str, how: str | None, answer: Answer, words: str) -> None:
    """The platform's own lines tell what documents disagree on, else the stream; the batch has to fit it."""
    deployed(cloud)
    for told_by in ("log", "stream"):
        account = healthy({"BatchSize": batch})
        account.streams[0]["Sink"]["SinkFcParameters"] = {}
        if how and told_by == "log":
            line = {"__time__": str(int(time.time()) - 9), "functionName": CREATE, "invocationType": how}
            account.lines.append(line)
        elif how:
            account.streams[0]["Sink"]["SinkFcParameters"] = {"InvocationType": {"Value": how}}
        verdict = asked(account, cloud)["calls"]
        assert verdict.answer is answer, told_by
        assert words in f"{verdict.says} {verdict.next}"


@ONE_WAY
def test_nobody_to_tell_is_unknown(cloud: Clients) -> None:
    """Without an action policy and a contact group only a person knows whether that is meant so."""
    deployed(cloud)
    verdicts = asked(healthy({"ActionPolicy": "", "ContactGroup": ""}), cloud)
    assert answers(verdicts, Answer.NO) == set()
    assert answers(verdicts, Answer.UNKNOWN) == {"alarms-told", "queue-alarms"}


@ONE_WAY
def test_no_key_is_shown(cloud: Clients) -> None:
    """No verdict holds a key, nor does one of a call that failed."""
    deployed(cloud)
    account = healthy()
    account.refusals |= dict.fromkeys(ACTIONS, (500, "InternalError"))
    text = str(asked(account, cloud))
    assert defaults.ACCESS_KEY_SECRET not in text
    assert defaults.ACCESS_KEY_ID not in text
    assert "https://" not in text


@ONE_WAY
def test_a_half_made_stack(cloud: Clients) -> None:
    """Of a stack that failed half-way every check answers: the stack with its reason, what is missing by name."""
    account = StubAccount(
        stack={"StackId": STACK_ID, "StackName": "provisioner", "Status": "CREATE_FAILED", "StatusReason": "no quota",
               "Parameters": [{"ParameterKey": "CodeBucket", "ParameterValue": "b"}]},
        template=TEXT,
    )  # fmt: skip
    account.refusals["GetLogs"] = (404, "ProjectNotExist")
    verdicts = asked(account, cloud)
    assert set(verdicts) == {check.name for check in CHECKS}
    assert "no quota" in verdicts["stack"].says
    missing = {"service-roles", "roles", "function-create", "function-poll", "timer", "queue-trigger", "stream",
               "queues", "topic", "subscription", "store", "tables", "alarms", "dashboard"}  # fmt: skip
    assert missing <= answers(verdicts, Answer.NO)
    assert "not there" in verdicts["alarms"].says
    assert {"timer-runs", "log-lines", "refusals"} <= answers(verdicts, Answer.UNKNOWN)
    assert all(verdict.next for verdict in verdicts.values() if verdict.answer is not Answer.YES)


@ONE_WAY
def test_a_stack_of_something_else(cloud: Clients) -> None:
    """A stack that has nothing to do with this is named as such."""
    account = healthy()
    account.template = "Resources: {Web: {Type: 'ALIYUN::ECS::Instance'}}"
    deployed(cloud)
    assert "something else" in asked(account, cloud)["template"].says


@ONE_WAY
@pytest.mark.parametrize(
    ("code", "answer"), [("SomeThingNotFound", Answer.NO), ("InvalidAction.NotFound", Answer.UNKNOWN)]
)
def test_a_code_that_nobody_documents(cloud: Clients, code: str, answer: Answer) -> None:
    """A 404 says that something is not there under whatever code, unless it is the call that is not there."""
    deployed(cloud)
    account = healthy()
    account.refusals |= dict.fromkeys(("GetAlert", "GetTrigger", "GetConcurrencyConfig"), (404, code))
    verdicts = asked(account, cloud)
    assert {verdicts[name].answer for name in ("alarms", "timer", "reserved-instances")} == {answer}


@ONE_WAY
@pytest.mark.parametrize("body", [None, [], {"Role": "x", "Data": 7, "data": "x", "triggerConfig": 1}])
def test_answers_that_nobody_foresaw(cloud: Clients, body: object) -> None:
    """Whatever comes back in a service's stead, every check answers; what says nothing is no reason for a yes."""
    deployed(cloud)
    account = healthy()
    account.odd = body
    verdicts = asked(account, cloud)
    assert set(verdicts) == {check.name for check in CHECKS}
    asks_nobody = {"stack", "alarms-told"}
    of_the_local_cloud = {"queues", "dead-letters", "topic", "subscription", "tables", "records", "buying"}
    assert answers(verdicts, Answer.YES) == asks_nobody | of_the_local_cloud
    assert all(verdict.next for verdict in verdicts.values() if verdict.answer is not Answer.YES)
