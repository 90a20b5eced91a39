"""The policy of an operator: every action in it is used by the code, and what the code calls is in it."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from mns.queue import Message

from local import defaults
from local.deployment.check import run
from local.deployment.checks import CHECKS
from local.deployment.permissions import EVERY, MADE, NEEDS, REMOVE, allowed_actions, policy
from local.deployment.sdk.account import open_account
from local.deployment.sdk.oss import ACTIONS as OSS_ACTIONS
from local.deployment.sdk.tablestore import TablestoreRecords
from local.project import EVENTS, ROOT, TEMPLATE
from local.runtime.access import Access
from local.runtime.template import load
from shared.adapters.tablestore.store import TablestoreStore
from shared.bootstrap import open_store
from shared.domain.lifecycle.record import Generation, Record, State
from shared.domain.policy.control import Pause
from shared.settings import Credentials, Settings
from tests.functional.deployment.test_doctor import ONE_WAY, deployed, site
from tests.support.healthy_account import healthy
from tests.support.processes import inside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clients import Clients

SDK = ROOT / "local/deployment/sdk"
PREFIX = {"fcv3": "fc", "metrics": "cms", "tablestore": "ots", "eventbridge-console": "eventbridge"}
COVERED = {
    "mns:BatchReceiveMessage": "mns:ReceiveMessage", "mns:BatchDeleteMessage": "mns:DeleteMessage",
    "log:GetLogs": "log:GetLogStoreLogs",
}  # fmt: skip
"""Calls that policies know under another name: for the batch calls that is not documented, see docs/access.md."""
POLICY_CHARACTERS = 6144
"""How long the document of a custom policy may be."""
BEHIND = {"ram:CreateServiceLinkedRole"}
"""What EventBridge does in the caller's name when it makes a service-linked role."""


def actions(name: str, when: str = "") -> set[str]:
    """Return what a command is said to need, always or on a condition."""
    return {action for need in NEEDS[name] if need.when == when for action in need.actions}


def called_in(path: Path) -> set[str]:
    """Return the actions that a module of the adapters calls, as policies name them."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    services = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Name) and called.id == "Service":
                services[ast.unparse(node.targets[0])] = ast.literal_eval(node.value.args[1])
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value} if re.fullmatch(r"(mns|ots|sts):[A-Z]\w+", node.value) else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "call":
            found.add(f"{services[ast.unparse(node.func.value)]}:{ast.literal_eval(node.args[0])}")
    return found


def adapters() -> set[str]:
    """Return every action that deploy, doctor and logs can call."""
    found = {action for path in SDK.glob("*.py") if path.name not in ("client.py", "oss.py")
             for action in called_in(path)}  # fmt: skip
    return {COVERED.get(action, action) for action in found | set(OSS_ACTIONS.values())}


def test_what_the_adapters_call_is_allowed() -> None:
    """Every call of deploy, doctor and logs is in their rows, and every action of the rows is called."""
    always = {action for need in EVERY for action in need.actions}
    rows = actions("deploy") | actions("doctor") | actions("logs") | always
    assert rows - BEHIND == adapters()
    methods = set(re.findall(r'_call\(\s*"(\w+)"', (SDK / "oss.py").read_text(encoding="utf-8")))
    assert methods == OSS_ACTIONS.keys()


def test_sending_needs_what_waiting_needs() -> None:
    """`doctor --send` sends and hears as `enqueue --wait` does."""
    assert actions("doctor", "with `--send`") == actions("enqueue") | actions("enqueue", "with `--wait`")


def test_what_ros_makes_is_the_templates() -> None:
    """Each type of the template has its actions, of its own service, and no other type has."""
    kinds = {resource["Type"] for resource in load(TEMPLATE)["Resources"].values()}
    assert kinds == MADE.keys()
    services = {"SLS": "log", "FC3": "fc"}
    for kind, made in MADE.items():
        service = kind.split("::")[1]
        own = [action for action in made if action.startswith(services.get(service, service.lower()) + ":")]
        assert len(own) >= 3, kind
        others = set(made) - set(own)
        assert others == ({"ram:PassRole", "oss:GetObject"} if kind == "ALIYUN::FC3::Function" else set())


def test_the_policy_is_the_rows() -> None:
    """What is printed allows every row, what ROS makes, the removal, and nothing else; no action is a pattern."""
    document = policy()
    rows = {action for needs in (EVERY, *NEEDS.values()) for need in needs for action in need.actions}
    made = {action for actions_ in MADE.values() for action in actions_}
    assert allowed_actions() == rows | made | {REMOVE}
    assert not any("*" in action for action in allowed_actions())
    everywhere = {action for one in document["Statement"] if "*" in one["Resource"] for action in one["Action"]}
    assert {action for action in everywhere if action.startswith("ram:")} == {"ram:CreateServiceLinkedRole"}


def test_it_is_printed_without_keys() -> None:
    """`doctor --policy` needs neither keys nor a stack; as it is printed it can be made a policy."""
    done = inside("doctor", "--policy")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == policy()
    assert len(done.stdout) <= POLICY_CHARACTERS


def asked_of(cloud: Clients) -> set[str]:
    """Return what the local cloud was asked, as policies name it."""
    names = {call.replace(".", ":", 1) for call in cloud.cloud.calls}
    return {COVERED.get(name, name) for name in names}


@ONE_WAY
def test_doctor_calls_what_its_row_says(cloud: Clients) -> None:
    """On the wire, too: of queues and tables it asks no more."""
    deployed(cloud)
    cloud.cloud.calls.clear()
    access = Access.local(cloud.url)
    account = healthy()
    with account.answering(cloud.url):
        services = replace(
            open_account(access), records=lambda _: TablestoreRecords(access, defaults.TABLESTORE_INSTANCE)
        )
        assert list(run(CHECKS, site(services, account)))
    named = {action for action in actions("doctor") if action.startswith(("mns:", "ots:"))}
    assert asked_of(cloud) == named - {"ots:GetInstance"}


COMMANDS = {
    "enqueue": f"enqueue {EVENTS / 'messages/plain.json'}",
    "listen": "listen --count 1",
    "status": "status order-1 --store tablestore",
    "audit": "audit --store tablestore",
    "dlq list": "dlq list --store tablestore",
    "dlq show": "dlq show order-1 --store tablestore",
    "dlq replay": "dlq replay order-1 --store tablestore",
    "policy show": "policy show --store tablestore",
    "policy set": f"policy set {EVENTS / 'policy.yaml'} --store tablestore",
    "policy check": f"policy check {EVENTS / 'messages/plain.json'} --store tablestore",
    "cancel": "cancel order-1 --store tablestore",
    "pause": "pause --reason x --by ann --store tablestore",
    "resume": "resume --store tablestore",
}


NOW = 1_795_000_000.0
WAITING = Record(
    request_id="order-1", version=1, state=State.WAITING, message_id="m", accepted_at=NOW, due_at=NOW,
    deadline=NOW + 1e9, region_id=defaults.REGION, generations=(Generation(1, 0, "t"),), held="PolicyPaused",
)  # fmt: skip


def test_every_row_is_held_against_the_wire() -> None:
    """Each row is of a command that is run here, of one with tests above, or empty."""
    assert set(COMMANDS) | {"deploy", "doctor", "logs", "invoke"} == NEEDS.keys()


@ONE_WAY
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_calls_what_its_row_says(cloud: Clients, name: str) -> None:
    """Run against the local cloud, each command makes the calls of its row, and no other."""
    cloud.cloud.provision_defaults()
    letter = json.dumps({"requestId": "order-1", "parameters": {"RegionId": defaults.REGION}})
    cloud.mns().get_queue(defaults.DEAD_LETTERS).send_message(Message(letter))
    cloud.mns().get_queue(defaults.INBOX).send_message(Message("{}"))
    # A store has its identity from the first request on.
    keys = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)
    settings = {"STORE": "tablestore", "TABLESTORE_ENDPOINT": cloud.url, "MNS_ENDPOINT": cloud.url,
                "DEPLOYMENT": "test", "TABLESTORE_INSTANCE": defaults.TABLESTORE_INSTANCE}  # fmt: skip
    read = Settings.from_environment({f"PROVISIONER_{key}": value for key, value in settings.items()})
    store = open_store(read, keys)
    store.identity()
    if name == "cancel":
        store.claim(WAITING)
    if name == "resume":
        store.put_pause(Pause(active=True, by="ann", reason="x", at=NOW), None)
    store.close()
    cloud.cloud.calls.clear()
    done = inside(*COMMANDS[name].split(), "--endpoint", cloud.url)
    assert done.exit_code in (0, 1), done.output
    assert asked_of(cloud) == actions(name)


@ONE_WAY
def test_status_of_what_waits_asks_for_the_pause(cloud: Clients) -> None:
    """Only while nothing is bought yet."""
    cloud.cloud.provision_defaults()
    keys = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)
    store = TablestoreStore(cloud.url, defaults.TABLESTORE_INSTANCE, keys)
    store.claim(WAITING)
    store.close()
    cloud.cloud.calls.clear()
    assert inside(*COMMANDS["status"].split(), "--endpoint", cloud.url).exit_code == 0
    assert asked_of(cloud) == actions("status") | actions("status", "while nothing is bought yet")


@ONE_WAY
def test_a_replay_under_a_new_id_looks_at_the_record(cloud: Clients) -> None:
    """Only then is the store asked."""
    cloud.cloud.provision_defaults()
    letter = json.dumps({"requestId": "order-1", "parameters": {"RegionId": defaults.REGION}})
    cloud.mns().get_queue(defaults.DEAD_LETTERS).send_message(Message(letter))
    cloud.cloud.calls.clear()
    inside(*COMMANDS["dlq replay"].split(), "--new-id", "--endpoint", cloud.url)
    assert asked_of(cloud) == actions("dlq replay") | actions("dlq replay", "with `--new-id`")


@ONE_WAY
def test_waiting_calls_what_its_row_says(cloud: Clients) -> None:
    """The same for `--wait`; nobody answers here, so there is no outcome to delete."""
    cloud.cloud.provision_defaults()
    cloud.cloud.calls.clear()
    inside(*COMMANDS["enqueue"].split(), "--wait", "--timeout", "0.2", "--endpoint", cloud.url)
    assert asked_of(cloud) | {"mns:DeleteMessage"} == actions("enqueue") | actions("enqueue", "with `--wait`")
