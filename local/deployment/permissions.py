"""What the keys of a person need: for each command, and for what ROS makes in their name. Data, and a policy of it.

The functions' own rights are not here: they are the roles of template.yml.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local import defaults

EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Need:
    """Actions, what they are needed on in words, and as resources of a policy; `when` says when, if not always."""

    actions: tuple[str, ...]
    on: str
    resources: tuple[str, ...]
    when: str = ""


def _queue(name: str) -> str:
    return f"acs:mns:*:*:/queues/{name}"


def _messages(name: str) -> str:
    return f"{_queue(name)}/messages"


def _table(name: str) -> str:
    return f"acs:ots:*:*:instance/*/table/{name}"


_TOPIC = f"acs:mns:*:*:/topics/{defaults.TOPIC}"
_WAITING = "provision-wait-*"
_LOG_STORE = "acs:log:*:*:project/*/logstore/functions"
_SEND = Need(("mns:SendMessage",), "the request queue", (_messages(defaults.QUEUE),))
_RECORD = Need(("ots:GetRow",), f"table `{defaults.REQUESTS_TABLE}`", (_table(defaults.REQUESTS_TABLE),))
_STEERING = Need(("ots:GetRow",), f"table `{defaults.OPEN_TABLE}`", (_table(defaults.OPEN_TABLE),))
_STEER = Need(("ots:GetRow", "ots:PutRow"), f"table `{defaults.OPEN_TABLE}`", (_table(defaults.OPEN_TABLE),))
_TAKE_DEAD = Need(
    ("mns:ReceiveMessage", "mns:ChangeMessageVisibility"), "the dead letters", (_messages(defaults.DEAD_LETTERS),)
)
_HEAR = (
    Need(("mns:CreateQueue", "mns:DeleteQueue"), f"queues `{_WAITING}`", (_queue(_WAITING),)),
    Need(("mns:ReceiveMessage", "mns:DeleteMessage"), f"queues `{_WAITING}`", (_messages(_WAITING),)),
    Need(("mns:Subscribe", "mns:Unsubscribe"), "the outcome topic", (f"{_TOPIC}/subscriptions/{_WAITING}",)),
)
_STACK = (
    Need(("ros:ListStacks",), "stacks of the region: a stack is found by its name", (EVERYTHING,)),
    Need(("ros:GetStack",), "the deployment's stack", ("acs:ros:*:*:stack/*",)),
)
_ROLES = ("acs:ram:*:*:role/*",)
_OWN_ROLES = ("acs:ram:*:*:role/provision-*", "acs:ram:*:*:policy/provision-*")

EVERY = (*_STACK, Need(("sts:GetCallerIdentity",), "nothing: every key may ask who it is", (EVERYTHING,)))
"""What each command with `--stack` needs on top of its own."""


def _when(condition: str, needs: tuple[Need, ...]) -> tuple[Need, ...]:
    return tuple(Need(need.actions, need.on, need.resources, condition) for need in needs)


NEEDS: dict[str, tuple[Need, ...]] = {
    "enqueue": (_SEND, *_when("with `--wait`", _HEAR)),
    "listen": (Need(("mns:ReceiveMessage", "mns:DeleteMessage"), "the inbox queue", (_messages(defaults.INBOX),)),),
    "status": (_RECORD, *_when("while nothing is bought yet", (_STEERING,))),
    "audit": (
        Need(("ots:GetRange", "ots:GetRow"), f"table `{defaults.OPEN_TABLE}`", (_table(defaults.OPEN_TABLE),)),
        _RECORD,
        Need(("ecs:DescribeInstances",), "every instance of the regions that are looked at",
             ("acs:ecs:*:*:instance/*",)),
    ),
    "policy show": (_STEERING,),
    "policy set": (_STEER,),
    "policy check": (_STEERING,),
    "cancel": (
        Need(("ots:GetRow", "ots:PutRow"), f"table `{defaults.REQUESTS_TABLE}`", (_table(defaults.REQUESTS_TABLE),)),
        Need(("ots:PutRow",), f"table `{defaults.OPEN_TABLE}`", (_table(defaults.OPEN_TABLE),)),
    ),
    "pause": (_STEER,),
    "resume": (_STEER,),
    "dlq list": (_TAKE_DEAD, _RECORD),
    "dlq show": (_TAKE_DEAD, _RECORD),
    "dlq replay": (
        _TAKE_DEAD, *_when("with `--new-id`", (_RECORD,)),
        Need(("mns:DeleteMessage",), "the dead letters", (_messages(defaults.DEAD_LETTERS),)), _SEND,
    ),
    "invoke": (),
    "logs": (Need(("log:GetLogStoreLogs",), "the log store", (_LOG_STORE,)),),
    "deploy": (
        Need(("ros:GetTemplate", "ros:CreateStack", "ros:UpdateStack", "ros:ListStackEvents"), "the deployment's stack",
             ("acs:ros:*:*:stack/*",)),
        Need(("oss:GetBucketInfo", "oss:PutBucket"), "the bucket of packages", ("acs:oss:*:*:provisioner-code-*",)),
        Need(("oss:GetObject", "oss:PutObject"), "what is in it", ("acs:oss:*:*:provisioner-code-*/*",)),
        Need(("ram:GetRole",), "the service-linked roles and the functions'", _ROLES),
        Need(("eventbridge:CreateServiceLinkedRoleForProduct", "ram:CreateServiceLinkedRole"), "service-linked roles",
             (EVERYTHING,)),
    ),
    "doctor": (
        Need(("ros:GetTemplate",), "the deployment's stack", ("acs:ros:*:*:stack/*",)),
        Need(("ros:GenerateTemplatePolicy",), "nothing", (EVERYTHING,)),
        Need(("ram:GetRole", "ram:ListPoliciesForRole"), "roles", _ROLES),
        Need(("ram:GetPolicy",), "the functions' policies", ("acs:ram:*:*:policy/*",)),
        Need(("fc:GetFunction", "fc:GetTrigger", "fc:GetConcurrencyConfig", "fc:GetAsyncInvokeConfig"),
             "both functions", ("acs:fc:*:*:functions/*",)),
        Need(("eventbridge:ListEventStreamings",), "event streams", (EVERYTHING,)),
        Need(("mns:GetQueueAttributes",), "the queues", (_queue("*"),)),
        Need(("mns:PeekMessage",), "the dead letters", (_messages(defaults.DEAD_LETTERS),)),
        Need(("mns:GetTopicAttributes",), "the outcome topic", (_TOPIC,)),
        Need(("mns:GetSubscriptionAttributes",), "its subscription", (f"{_TOPIC}/subscriptions/*",)),
        Need(("ots:GetInstance",), "the store", ("acs:ots:*:*:instance/*",)),
        Need(("ots:DescribeTable",), "its tables", (_table("*"),)),
        _RECORD,
        _STEERING,
        Need(("log:GetLogStoreLogs",), "the log store", (_LOG_STORE,)),
        Need(("log:GetAlert", "log:GetDashboard"), "alarms and dashboard", (EVERYTHING,)),
        Need(("cms:DescribeMetricRuleList",), "alarms of CloudMonitor", (EVERYTHING,)),
        *_when("with `--send`", (_SEND, *_HEAR)),
    ),
}  # fmt: skip
"""Each command that works in the account, and what it needs beside `EVERY`; `invoke` what the function's role has."""


def _verbs(service: str, thing: str, *verbs: str) -> tuple[str, ...]:
    return tuple(f"{service}:{verb}{thing}" for verb in (verbs or ("Create", "Get", "Update", "Delete")))


MADE: dict[str, tuple[str, ...]] = {
    "ALIYUN::CMS::ResourceMetricRule": (
        "cms:PutResourceMetricRule", "cms:DescribeMetricRuleList", "cms:DeleteMetricRules",
    ),
    "ALIYUN::FC3::AsyncInvokeConfig": _verbs("fc", "AsyncInvokeConfig", "Put", "Get", "Delete"),
    "ALIYUN::FC3::ConcurrencyConfig": _verbs("fc", "ConcurrencyConfig", "Put", "Get", "Delete"),
    "ALIYUN::FC3::Function": (*_verbs("fc", "Function"), "ram:PassRole", "oss:GetObject"),
    "ALIYUN::FC3::Trigger": _verbs("fc", "Trigger"),
    "ALIYUN::MNS::Queue": (
        "mns:CreateQueue", "mns:GetQueueAttributes", "mns:SetQueueAttributes", "mns:DeleteQueue",
    ),
    "ALIYUN::MNS::Subscription": (
        "mns:Subscribe", "mns:GetSubscriptionAttributes", "mns:SetSubscriptionAttributes", "mns:Unsubscribe",
    ),
    "ALIYUN::MNS::Topic": (
        "mns:CreateTopic", "mns:GetTopicAttributes", "mns:SetTopicAttributes", "mns:DeleteTopic",
    ),
    "ALIYUN::OTS::InstanceV2": _verbs("ots", "Instance"),
    "ALIYUN::OTS::Table": _verbs("ots", "Table", "Create", "Describe", "Update", "Delete"),
    "ALIYUN::RAM::Role": (
        *_verbs("ram", "Role"), *_verbs("ram", "Policy", "Create", "Get", "Delete"),
        *_verbs("ram", "PolicyVersion", "Create", "Delete"), "ram:ListPolicyVersions", "ram:ListPoliciesForRole",
        "ram:AttachPolicyToRole", "ram:DetachPolicyFromRole",
    ),
    "ALIYUN::SLS::Alert": _verbs("log", "Alert"),
    "ALIYUN::SLS::Dashboard": _verbs("log", "Dashboard"),
    "ALIYUN::SLS::Index": _verbs("log", "Index"),
    "ALIYUN::SLS::Logstore": _verbs("log", "LogStore"),
    "ALIYUN::SLS::Project": _verbs("log", "Project"),
}  # fmt: skip
"""What ROS does in the name of whoever creates, updates or removes the stack, for each type of template.yml.

Put together from the types' own pages and the services' lists of actions. They are allowed on everything but roles and
policies, which are those with the template's prefix. `doctor` asks ROS for its own list and says what is missing here.
"""
REMOVE = "ros:DeleteStack"
"""What the guide's last step needs: no command of ours removes a stack."""


def allowed_actions() -> frozenset[str]:
    """Return every action that the policy of an operator allows."""
    return frozenset(action for one in policy()["Statement"] for action in one["Action"])


def policy() -> dict[str, Any]:
    """Return a RAM policy that allows every command, a deployment with default names, and its update and removal."""
    by_resources: dict[tuple[str, ...], set[str]] = {}
    for need in (*EVERY, *(need for needs in NEEDS.values() for need in needs)):
        by_resources.setdefault(need.resources, set()).update(need.actions)
    for action in (*(action for actions in MADE.values() for action in actions), REMOVE):
        by_resources.setdefault(_OWN_ROLES if action.startswith("ram:") else (EVERYTHING,), set()).add(action)
    everywhere = by_resources[EVERYTHING,]
    statements = [
        {"Effect": "Allow", "Action": sorted(actions - everywhere if resources != (EVERYTHING,) else actions),
         "Resource": list(resources)}
        for resources, actions in sorted(by_resources.items())
    ]  # fmt: skip
    return {"Version": "1", "Statement": [one for one in statements if one["Action"]]}
