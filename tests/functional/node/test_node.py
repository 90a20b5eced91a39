"""The local cloud under the official Node.js SDKs: nothing in it was made to fit our own Python clients."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import defaults
from local.cloud.cloud import Cloud
from local.cloud.config import Config
from local.cloud.server import running
from local.runtime.access import Access
from local.runtime.worker import WorkerConfig, working
from tests.support.fresh_clouds import fresh_clouds
from tests.support.script_player import ScriptPlayer

HERE = Path(__file__).parent
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NODE is None, reason="Node.js is not here"),
    pytest.mark.skipif(
        not (HERE / "node_modules").is_dir(), reason=f"the Node.js SDKs are not here: npm ci --prefix {HERE}"
    ),
]


def node(script: str, *arguments: str) -> Any:
    """Run a script and return what it prints."""
    command = [str(NODE), str(HERE / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_call() -> None:
    """All calls of both Node.js clients that the local cloud knows give what the SDK expects."""
    with running(Cloud(config=Config(speed=10))) as url:
        assert node("exercise.js", url) == {
            "queues": {
                "created": 201,
                "visibility": "60",
                "sameMessage": True,
                "bodies": ["a", "b", "c"],
                "stale": "MNSMessageNotExistError",
                "deleted": 204,
                "empty": "MNSMessageNotExistError",
                "listed": 1,
            },
            "topics": {"size": "2048", "published": 201, "tooLong": "MNSInvalidArgumentError"},
            "instances": {
                "once": True,
                "mismatch": "IdempotentParameterMismatch",
                "malformed": "InvalidPassword.Malformed",
                "seen": [["Pending"], ["Running"], []],
                "address": True,
                "wrong": "SignatureDoesNotMatch",
            },
            "wrongSecret": "MNSSignatureDoesNotMatchError",
        }


def test_a_message_from_node_becomes_an_instance(tmp_path: Path) -> None:
    """Enqueued with the one client, as plain text, a request is seen as an instance through the other."""
    body = {
        "requestId": "from-node",
        "parameters": {
            "RegionId": "cn-hangzhou",
            "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
            "InstanceType": "ecs.g6.large",
            "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
            "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
        },
    }
    with running(Cloud(config=Config(speed=10), provisioned=True)) as url, (tmp_path / "log").open("w") as log:
        config = WorkerConfig(access=Access.local(url), store="sqlite", data=tmp_path, log=log, environ={})
        with working(config):
            node("order.js", url, "send", json.dumps(body))
            (instance,) = node("order.js", url, "watch", "from-node")
            outcome = node("order.js", url, "take", defaults.INBOX)
    assert instance["status"] == "Running"
    assert outcome["type"] == "provisioning.instance.completed"
    assert outcome["data"]["instance"]["instanceId"] == instance["instanceId"]


def test_one_script_gives_the_same_through_both_languages() -> None:
    """A script of calls to all three services, refusals among them, gives the same through the Node.js and Python SDKs.

    Ids, handles and times are compared, too: both clouds begin at the same time and number alike.
    """
    script = json.loads((HERE / "script.json").read_text())
    with fresh_clouds() as clouds:
        clouds.begin(run="0000000a")
        python = ScriptPlayer(clouds).play(script)
        clouds.begin(run="0000000a")
        through_node = node("play.js", clouds.url)
    assert len(python) == len(through_node) == len(script)
    for step, ours, theirs in zip(script, python, through_node, strict=True):
        assert ours == theirs, step
