"""The local cloud's ROS and STS, through the official SDK's core, and what commands make of a stack."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import responses

from local import defaults
from local.cloud.account.models import STACK, own_stack
from local.cloud.cloud import Cloud
from local.cloud.in_process import in_process
from local.docs.access_page import NEEDS
from local.project import ROOT, TEMPLATE
from local.runtime.account import NEEDED, AccountError, account_id, find_keys, find_region, read_stack
from local.runtime.template import load
from local.terminal.place import place_of
from local.terminal.records import worker_settings
from shared.settings import Credentials
from tests.support.processes import CLEAN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)


@pytest.fixture(name="account")
def fixture_account() -> Iterator[Cloud]:
    """Answer the account's own hosts from a cloud in this process."""
    cloud = Cloud(provisioned=True)
    with in_process(cloud):
        yield cloud


def test_a_stack_is_read_by_its_name(account: Cloud) -> None:
    """Everything a command needs comes from the stack: names, tables, deployment, region, account."""
    stack = next(iter(account.ros.stacks.values()))
    stack.outputs |= {"QueueName": "other-requests", "InboxQueueName": "other-inbox", "Deployment": "blue"}
    stack.parameters["InlineSecrets"] = "refuse"
    place = place_of(read_stack(STACK, defaults.REGION, KEYS), {"PROVISIONER_QUEUE": "exported", "HOME": "/h"})
    assert (place.queue, place.inbox, place.dead_letters) == ("other-requests", "other-inbox", defaults.DEAD_LETTERS)
    settings, keys = worker_settings(place)
    assert keys == KEYS
    assert (settings.deployment, settings.queue, settings.store) == ("blue", "other-requests", "tablestore")
    assert settings.inline_secrets == "refuse"
    assert settings.mns_endpoint == "https://1000000000000001.mns.cn-hangzhou.aliyuncs.com"
    assert settings.tablestore_endpoint == "https://provisioner.cn-hangzhou.ots.aliyuncs.com"
    assert account.calls == {"ros.ListStacks": 1, "ros.GetStack": 1, "sts.GetCallerIdentity": 1}


def test_names_are_exact_and_deleted_stacks_are_gone(account: Cloud) -> None:
    """A stack of another name or region, a deleted one, or a pattern is not the one that was named."""
    for name, region in (("gone", defaults.REGION), (STACK, "ap-southeast-1"), ("provision*", defaults.REGION)):
        with pytest.raises(AccountError, match="there is no stack"):
            read_stack(name, region, KEYS)
    next(iter(account.ros.stacks.values())).status = "DELETE_COMPLETE"
    with pytest.raises(AccountError, match="there is no stack"):
        read_stack(STACK, defaults.REGION, KEYS)


def test_a_stack_of_something_else_is_told(account: Cloud) -> None:
    """A stack without the worker's outputs is named as such, with what is missing."""
    del next(iter(account.ros.stacks.values())).outputs["OpenTable"]
    with pytest.raises(AccountError, match="no output OpenTable"):
        read_stack(STACK, defaults.REGION, KEYS)


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (Credentials(defaults.ACCESS_KEY_ID, "wrong-secret"), "SignatureDoesNotMatch"),
        (Credentials("nobody", "wrong-secret"), "InvalidAccessKeyId.NotFound"),
        (Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET, "wrong-token"), "InvalidSecurityToken"),
    ],
)
@pytest.mark.usefixtures("account")
def test_wrong_keys_are_refused(keys: Credentials, code: str) -> None:
    """Signatures are checked as for ECS; the error says what to do and holds no key."""
    with pytest.raises(AccountError, match=code) as refused:
        read_stack(STACK, defaults.REGION, keys)
    assert "aliyun configure" in str(refused.value)
    assert "wrong-" not in str(refused.value)


def test_a_refused_permission_names_it(account: Cloud) -> None:
    """Keys that may not ask are told the action to allow; a lost answer names the host."""
    refusal = {"status": 403, "code": "NoPermission", "message": "no"}
    account.faults.add({"service": "ros", "action": "GetStack", "error": refusal})
    with pytest.raises(AccountError, match="ros:GetStack"):
        read_stack(STACK, defaults.REGION, KEYS)
    account.faults.add({"service": "sts", "action": "GetCallerIdentity", "effect": "lose-response"})
    with pytest.raises(AccountError, match=r"sts\.aliyuncs\.com"):
        read_stack(STACK, defaults.REGION, KEYS)


@pytest.mark.parametrize("body", ["{}", '{"AccountId": "1.example.com/"}', '{"AccountId": 7.5}', "[]"])
def test_an_answer_that_names_no_account(body: str) -> None:
    """The account's number is part of host names: what is none is refused, whoever answers in the service's stead."""
    with responses.RequestsMock() as mock:
        mock.add("POST", "https://sts.aliyuncs.com/", body=body, content_type="application/json")
        with pytest.raises(AccountError, match="HTTPS_PROXY"):
            account_id(KEYS)


def test_the_library_of_keys_is_silent() -> None:
    """Its timer outlives a command, and would end it with a traceback; what goes wrong is told by this module alone."""
    with pytest.raises(AccountError):
        find_keys("nobody-has-this-profile")
    assert not logging.getLogger("apscheduler.schedulers.default").isEnabledFor(logging.CRITICAL)


def test_the_local_stack_is_the_templates() -> None:
    """What commands read are outputs of template.yml, and the local cloud's stack has them all."""
    outputs = load(TEMPLATE)["Outputs"].keys()
    assert set(NEEDED) <= outputs
    assert set(NEEDED) == own_stack("id").outputs.keys()


def write_profiles(home: Path) -> None:
    """Write the aliyun CLI's configuration."""
    profiles = [
        {"name": "default", "mode": "AK", "access_key_id": "id-1", "access_key_secret": "s-1",
         "region_id": "cn-beijing"},
        {"name": "work", "mode": "StsToken", "access_key_id": "id-2", "access_key_secret": "s-2", "sts_token": "t-2",
         "region_id": "ap-southeast-1"},
    ]  # fmt: skip
    (home / ".aliyun").mkdir()
    text = json.dumps({"current": "default", "profiles": profiles})
    (home / ".aliyun" / "config.json").write_text(text, encoding="utf-8")


def test_the_region_is_the_nearest_that_is_said(tmp_path: Path) -> None:
    """Option, named profile, environment, current profile: the first that says one."""
    write_profiles(tmp_path)
    exported = {"ALIBABA_CLOUD_REGION_ID": "us-west-1"}
    assert find_region("eu-central-1", "work", exported, tmp_path) == "eu-central-1"
    assert find_region(None, "work", exported, tmp_path) == "ap-southeast-1"
    assert find_region(None, None, exported, tmp_path) == "us-west-1"
    assert find_region(None, None, {}, tmp_path) == "cn-beijing"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "environ", "expected"),
    [
        ("work", {}, "id-2 s-2 t-2"),
        (None, {}, "id-1 s-1"),
        (None, {"ALIBABA_CLOUD_ACCESS_KEY_ID": "id-3", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s-3"}, "id-3 s-3"),
        ("gone", {}, "aliyun configure list"),
    ],
)
def test_keys_come_from_cli_and_environment(
    profile: str | None, environ: dict[str, str], expected: str, tmp_path: Path
) -> None:
    """The official library finds the keys; it reads the environment once, so each case is a process."""
    write_profiles(tmp_path)
    code = """
import sys
from local.runtime.account import AccountError, find_keys
try:
    keys = find_keys(sys.argv[1] or None)
    print(keys.access_key_id, keys.access_key_secret, keys.security_token)
except AccountError as error:
    print(error)
"""
    environment = CLEAN | {"HOME": str(tmp_path), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"} | environ
    done = subprocess.run(
        [sys.executable, "-c", code, profile or ""], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert expected in done.stdout
    assert done.stderr == ""


def test_every_command_of_the_account_has_its_needs() -> None:
    """Each command that takes --stack is in the table of permissions, and no other."""
    from local.cli import COMMANDS, main

    taking = set()
    for name in COMMANDS:
        command = main.get_command(None, name)  # type: ignore[arg-type]  # it needs no context
        parts = getattr(command, "commands", {"": command})
        taking |= {
            f"{name} {part}".strip() for part, one in parts.items() if "stack" in {item.name for item in one.params}
        }
    assert taking == NEEDS.keys()
