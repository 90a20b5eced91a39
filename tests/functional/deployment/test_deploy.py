"""`provisioner deploy` over the services' wires: what is shown, sent and said, however far an earlier run came."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from local import defaults
from local.deployment.deploy import Ending, follow
from local.deployment.ports import Refused
from local.deployment.sdk.account import open_account
from local.project import ROOT
from local.runtime.access import Access
from tests.functional.deployment.keys import KEYS
from tests.support.healthy_account import TEXT
from tests.support.processes import command, inside
from tests.support.stub_account import BUCKET, STACK, STACK_ID, StubAccount

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

QUOTA = "ALIYUN::FC3::Function: CodeStorageExceeded, quota"


@pytest.fixture(name="package")
def fixture_package(tmp_path: Path) -> Path:
    """Make a package as far as deploy looks at it."""
    path = tmp_path / "provisioner.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("provision.py", "")
        archive.writestr("aiohttp/_parser.cpython-312-x86_64-linux-gnu.so", "")
    return path


def deploy(account: StubAccount, package: Path | None, *more: str, environ: dict[str, str] | None = None) -> Result:
    """Run the command against an account."""
    named = ("--package", str(package)) if package else ()
    with account.answering():
        done = inside("deploy", "--stack", STACK, *named, *more, environ={**KEYS, **(environ or {})})
    assert "Sample-Passw0rd" not in done.output
    assert "Traceback" not in done.output
    return done


def whole() -> StubAccount:
    """Return an account in which a stack is created, or updated, at once."""
    return StubAccount(statuses=["CREATE_COMPLETE"])


def test_the_first_deployment(package: Path) -> None:
    """Bucket, package, template, roles, stack: shown first, then done; the template is plain, the objects named."""
    account = whole()
    done = deploy(account, package, "--yes", "--parameter", "BatchSize=20")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"stack": STACK, "status": "CREATE_COMPLETE"}
    objects = account.buckets[BUCKET]
    (code,) = [name for name in objects if name.endswith(".zip")]
    (template,) = [name for name in objects if name.endswith(".yml")]
    assert objects[code] == package.read_bytes()
    assert objects[template].decode() == TEXT
    assert account.made == [{"CodeBucket": BUCKET, "CodeObject": code, "BatchSize": "20"}]
    assert len(account.roles) == 4
    shown = done.stderr.partition("is made")[0]
    for word in (f"make bucket {BUCKET}", f"upload {code}", "make the service-linked role", "create stack provisioner",
                 "+ 3 (ALIYUN::MNS::Queue)", "BatchSize = 20"):  # fmt: skip
        assert word in shown
    assert "ResourceMetricRule" not in shown, "only with ContactGroup"
    assert "doctor --stack provisioner --send" in done.stderr


def test_nothing_is_done_without_yes(package: Path) -> None:
    """Nobody there to ask is wrong use, --plan only shows: nothing is made in either case."""
    for option, code in (((), 2), (("--plan",), 0)):
        account = whole()
        done = deploy(account, package, *option)
        assert done.exit_code == code
        assert "create stack" in done.stderr
        assert not account.buckets
        assert not account.roles
        assert account.stack is None


def test_a_second_run_has_nothing_to_do(package: Path) -> None:
    """The same package, template and parameters: nothing is uploaded or asked of ROS, and that is said."""
    account = whole()
    deploy(account, package, "--yes")
    account.calls.clear()
    done = deploy(account, package, "--yes")
    assert done.exit_code == 0
    assert "nothing to do" in done.stderr
    assert not {"PutObject", "PutBucket", "CreateStack", "UpdateStack"} & account.calls.keys()


def test_an_update_names_what_changes(package: Path) -> None:
    """Changed resources and parameters are listed; parameters that are not named keep their values."""
    account = whole()
    deploy(account, package, "--yes", "--parameter", "BatchSize=20", "--parameter", "Deployment=blue")
    account.template = TEXT.replace("TimeToLive: 2592000", "TimeToLive: 86400").replace("Dashboard:\n", "Old:\n", 1)
    account.statuses = ["UPDATE_COMPLETE"]
    done = deploy(account, package, "--yes", "--parameter", "Deployment=green")
    assert done.exit_code == 0, done.output
    for word in ("update stack", "~ RequestsTable", "Deployment = green (was blue)", "careful: Deployment"):
        assert word in done.stderr
    assert account.made[-1]["BatchSize"] == "20"
    assert account.made[-1]["Deployment"] == "green"
    assert account.calls["PutObject"] == 2, "both objects were there already"


def test_an_interrupted_run_is_gone_on_with(package: Path) -> None:
    """What is there is not made again: bucket, package and half of the roles."""
    account = whole()
    first = deploy(account, package, "--yes")
    assert first.exit_code == 0
    account.stack, account.template = None, ""
    for name in list(account.roles)[:2]:
        del account.roles[name]
    account.calls.clear()
    done = deploy(account, package, "--yes")
    assert done.exit_code == 0, done.output
    assert account.calls["CreateServiceLinkedRoleForProduct"] == 2
    assert not {"PutBucket", "PutObject"} & account.calls.keys()


def failed(status: str) -> StubAccount:
    """Return an account in which a function of the stack fails."""
    events = [
        {"EventId": "3", "LogicalResourceId": STACK, "ResourceType": "ALIYUN::ROS::Stack", "Status": "CREATE_FAILED",
         "StatusReason": "see PollFunction"},
        {"EventId": "2", "LogicalResourceId": "PollFunction", "ResourceType": "ALIYUN::FC3::Function",
         "Status": "CREATE_FAILED", "StatusReason": QUOTA},
        {"EventId": "1", "LogicalResourceId": "RequestQueue", "ResourceType": "ALIYUN::MNS::Queue",
         "Status": "CREATE_COMPLETE", "StatusReason": ""},
    ]  # fmt: skip
    return StubAccount(statuses=[status], events=events)


def test_a_failed_creation_says_what_failed(package: Path) -> None:
    """The resource, ROS's reason and what to do; then the stack has to be deleted, which is said, not done."""
    account = failed("CREATE_ROLLBACK_COMPLETE")
    done = deploy(account, package, "--yes")
    assert done.exit_code == 1
    assert f"PollFunction (ALIYUN::FC3::Function): {QUOTA}. raise that limit in the quota center" in done.stderr
    again = deploy(account, package, "--yes")
    assert again.exit_code == 2
    assert f"DeleteStack --RegionId {defaults.REGION} --StackId {STACK_ID}" in " ".join(again.stderr.split())


def test_a_failed_update_can_be_tried_again(package: Path) -> None:
    """After a rollback the same deployment is no `nothing to do`: it is sent once more."""
    account = whole()
    deploy(account, package, "--yes")
    account.statuses = ["ROLLBACK_COMPLETE"]
    account.events = failed("").events
    done = deploy(account, package, "--yes", "--parameter", "BatchSize=5")
    assert done.exit_code == 1
    assert "mend the cause" in done.stderr
    before = len(account.made)
    account.events = []
    assert account.stack is not None
    account.stack["Status"] = "ROLLBACK_COMPLETE"
    account.statuses = []
    account.refusals["UpdateStack"] = (400, "Throttling.User")
    assert deploy(account, package, "--yes", "--parameter", "BatchSize=5").exit_code == 2
    del account.refusals["UpdateStack"]
    account.statuses = ["ROLLBACK_COMPLETE", "UPDATE_COMPLETE"]
    assert deploy(account, package, "--yes", "--parameter", "BatchSize=5").exit_code == 0
    assert len(account.made) == before + 1


def test_events_of_before_are_not_told(package: Path) -> None:
    """What failed in an earlier operation is no failure of this one."""
    account = whole()
    deploy(account, package, "--yes")
    account.events = failed("").events
    account.statuses = ["UPDATE_COMPLETE"]
    done = deploy(account, package, "--yes", "--parameter", "BatchSize=5")
    assert done.exit_code == 0
    assert "CREATE_FAILED" not in done.stderr


@dataclass
class DrivenClock:
    """A clock that sleeping drives, so many times as far as was asked for."""

    pace: float = 60.0
    now: float = field(default=0.0, init=False)

    def here(self) -> float:
        return self.now

    def there(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += self.pace * seconds


@pytest.mark.parametrize(
    ("statuses", "status", "failures"),
    [
        (["CREATE_IN_PROGRESS"] * 5 + ["CREATE_COMPLETE"], "CREATE_COMPLETE", 0),
        (["UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"], "ROLLBACK_COMPLETE", 1),
        (["CREATE_IN_PROGRESS"], "CREATE_IN_PROGRESS", 1),
        (["DELETE_IN_PROGRESS", "DELETE_COMPLETE"], "DELETE_COMPLETE", 1),
    ],
)
def test_an_operation_is_followed_to_its_end(statuses: list[str], status: str, failures: int) -> None:
    """It is waited for, each resource told once; after 40 minutes the command ends and says how to go on."""
    account = failed("")
    account.statuses = list(statuses)
    account.stack = {"StackId": STACK_ID, "StackName": STACK, "Status": statuses[0]}
    told: list[str] = []
    with account.answering():
        services = replace(open_account(Access("id", "s", defaults.REGION, "1")), clock=DrivenClock())
        ending = follow(STACK, services, told.append)
    assert ending.status == status
    assert len(ending.failures) == failures
    assert told[0] == "RequestQueue: CREATE_COMPLETE"
    assert len(told) == len(set(told))


def following(account: StubAccount, *, lost: int, code: str = "Throttling.User") -> tuple[Ending, float]:
    """Follow a creation of which the first looks at the events fail; return its end and how long that took."""
    account.stack = {"StackId": STACK_ID, "StackName": STACK, "Status": "CREATE_IN_PROGRESS"}
    clock = CountingClock(account=account, lost=lost, pace=1.0)
    account.refusals["ListStackEvents"] = (400, code)
    with account.answering():
        services = replace(open_account(Access("id", "s", defaults.REGION, "1")), clock=clock)
        return follow(STACK, services, lambda _: None), clock.now


@dataclass(kw_only=True)
class CountingClock(DrivenClock):
    """ROS answers again after so many sleeps."""

    account: StubAccount
    lost: int

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.lost -= 1
        if self.lost <= 0:
            self.account.refusals.clear()


def test_a_look_that_fails_ends_no_waiting() -> None:
    """ROS busy for minutes, or away, is looked at again; for longer than five minutes, or a refusal, is an end."""
    ending, took = following(whole(), lost=30)
    assert ending.status == "CREATE_COMPLETE"
    assert took == 150
    with pytest.raises(Refused, match="Throttling"):
        following(whole(), lost=100)
    with pytest.raises(Refused, match="NoPermission"):
        following(whole(), lost=1, code="NoPermission")


def test_what_failed_long_ago_is_not_told_again(package: Path) -> None:
    """An operation that is under way when the command begins is told from its own beginning on."""
    account = failed("ROLLBACK_COMPLETE")
    account.statuses = ["UPDATE_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    account.stack = {"StackId": STACK_ID, "StackName": STACK, "Status": "UPDATE_IN_PROGRESS", "Parameters": []}
    account.template = TEXT
    now = [
        {"EventId": "6", "LogicalResourceId": STACK, "Status": "ROLLBACK_IN_PROGRESS"},
        {"EventId": "5", "LogicalResourceId": "Store", "ResourceType": "ALIYUN::OTS::InstanceV2",
         "Status": "UPDATE_FAILED", "StatusReason": "of today"},
        {"EventId": "4", "LogicalResourceId": STACK, "Status": "UPDATE_IN_PROGRESS"},
    ]  # fmt: skip
    account.events = [*now, *account.events]
    done = deploy(account, package, "--plan")
    assert "of today" in done.stderr
    assert QUOTA not in done.stderr


def test_a_stack_that_only_reviews_is_not_waited_for(package: Path) -> None:
    """A stack that a change set made has nothing under way: it has to be deleted, and that is said at once."""
    account = StubAccount(stack={"StackId": STACK_ID, "StackName": STACK, "Status": "REVIEW_IN_PROGRESS"})
    done = deploy(account, package, "--yes")
    assert done.exit_code == 2
    assert "DeleteStack" in done.stderr


def test_names_that_another_deployment_has(package: Path) -> None:
    """A second stack with the first one's names is refused before anything is made, a changed prefix likewise."""
    account = whole()
    account.roles["provision-create-cn-hangzhou"] = {"RoleName": "provision-create-cn-hangzhou"}
    done = deploy(account, package, "--yes")
    assert done.exit_code == 2
    assert "--parameter NamePrefix=NAME" in " ".join(done.stderr.split())
    assert not account.buckets
    assert deploy(account, package, "--yes", "--parameter", "NamePrefix=second").exit_code == 0
    account.roles["second-poll-cn-hangzhou"] = {"RoleName": "second-poll-cn-hangzhou"}
    assert deploy(account, package, "--yes", "--parameter", "BatchSize=5").exit_code == 0, "its own"
    done = deploy(account, package, "--yes", "--parameter", "NamePrefix=provision")
    assert (done.exit_code, len(account.made)) == (2, 2)


def test_json_says_all(package: Path) -> None:
    """What is planned and what failed are part of what a program reads, and each line of it is JSON."""
    planned = json.loads(deploy(whole(), package, "--plan", "--json").stdout)
    assert (planned["stack"], planned["status"]) == (STACK, None)
    assert "create stack provisioner in cn-hangzhou, and wait" in planned["todo"]
    ended = json.loads(deploy(failed("CREATE_ROLLBACK_COMPLETE"), package, "--yes", "--json").stdout)
    assert ended["status"] == "CREATE_ROLLBACK_COMPLETE"
    assert QUOTA in ended["failures"][0]
    account = whole()
    deploy(account, package, "--yes")
    assert json.loads(deploy(account, package, "--plan", "--json").stdout)["todo"] == []


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        ("ListStacks", "NoPermission", "give these keys ros:ListStacks"),
        ("GetRole", "NoPermission", "give these keys ram:GetRole"),
        ("GetBucketInfo", "AccessDenied", "another account's"),
        ("PutObject", "AccessDenied", "give these keys oss:PutObject"),
        ("CreateServiceLinkedRoleForProduct", "NoPermission",
         "give these keys eventbridge:CreateServiceLinkedRoleForProduct"),
        ("CreateStack", "NoPermission", "give these keys ros:CreateStack"),
        ("GetCallerIdentity", "InvalidAccessKeyId.NotFound", "aliyun configure"),
    ],
)  # fmt: skip
def test_a_missing_right_is_named(package: Path, action: str, code: str, words: str) -> None:
    """Whatever these keys may not do ends as one sentence with the action to allow, exit code 2."""
    account = whole()
    account.refusals[action] = (403, code)
    done = deploy(account, package, "--yes")
    assert done.exit_code == 2
    said = " ".join(done.stderr.split())
    assert words in said
    assert "doctor --policy" in said or code.startswith("Invalid")


def test_a_bucket_elsewhere(package: Path) -> None:
    """A bucket of another region is no use to ROS and Function Compute."""
    account = whole()
    account.buckets[BUCKET] = {}
    account.bucket_region = "cn-beijing"
    done = deploy(account, package, "--yes")
    assert done.exit_code == 2
    assert "is in cn-beijing" in done.stderr


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--parameter", "BatchSiz=2"), "is it BatchSize?"),
        (("--parameter", "BatchSize=99"), "at most 20"),
        (("--parameter", "BatchSize=two"), "whole number"),
        (("--parameter", "BatchSize=\u0663"), "whole number"),
        (("--parameter", "EcsEndpoint=ecs.aliyuncs.com"), "has the form"),
        (("--parameter", "Site=moon"), "international, mainland"),
        (("--parameter", "Deployment=A B"), "has the form"),
        (("--parameter", "VpcId"), "NAME=VALUE"),
        (("--parameter", "VpcId=vpc-1"), "without VSwitchId, SecurityGroupId"),
        (("--parameter", "CodeObject=x.zip"), "--package"),
        (("--parameter", "Runtime=python3.10"), "is for python3.12"),
        (("--bucket", "My_Bucket"), "small letters"),
        (("--region", "mars_1"), "cn-hangzhou"),
        (("--endpoint", "http://127.0.0.1:4566"), "give one"),
        (("--stack", "-x"), "stack's name"),
    ],
)
def test_wrong_use(package: Path, more: tuple[str, ...], words: str) -> None:
    """What cannot be meant is said before anything is made, with what would be right."""
    account = whole()
    done = deploy(account, package, *more, "--yes")
    assert done.exit_code == 2
    assert words in " ".join(done.stderr.split())
    assert not {"PutBucket", "PutObject", "CreateStack"} & account.calls.keys()


def test_another_zip_is_no_package(tmp_path: Path) -> None:
    """A file that is no package of this project is not uploaded."""
    path = tmp_path / "other.zip"
    path.write_bytes(b"PK")
    done = deploy(whole(), path, "--yes")
    assert done.exit_code == 2
    assert "no package of this project" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deploy", "doctor", "logs"])
def test_no_keys(name: str, tmp_path: Path) -> None:
    """Without keys nothing is called, and it is said how to have some; a process of its own, as keys are read once."""
    alone = {"HOME": str(tmp_path), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
    more = ("order-1",) if name == "logs" else ()
    done = command(name, *more, "--stack", STACK, "--region", defaults.REGION, environ=alone)
    assert (done.returncode, done.stdout) == (2, "")
    assert "aliyun configure" in done.stderr
    assert "Traceback" not in done.stderr


def test_events_are_put_in_order(package: Path) -> None:
    """Whatever order ROS lists them in, and however many there are, the failure is found and told with its reason."""
    account = failed("CREATE_FAILED")
    many = [
        {"EventId": f"e-{number}", "LogicalResourceId": f"R{number}", "ResourceType": "ALIYUN::MNS::Queue",
         "Status": "CREATE_COMPLETE", "CreateTime": f"2026-11-24T10:{number // 60:02}:{number % 60:02}"}
        for number in range(120)
    ]  # fmt: skip
    account.events = [*many, *({**event, "CreateTime": "2026-11-24T11:00:00"} for event in account.events)]
    done = deploy(account, package, "--yes")
    assert done.exit_code == 1
    assert QUOTA in done.stderr
    assert done.stderr.index("R0:") < done.stderr.index("R119:")


@pytest.mark.parametrize("name", ["deploy", "doctor", "logs"])
def test_an_sdk_that_is_not_installed(package: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Without the extra these commands say how to install it; `doctor --policy` needs none."""
    monkeypatch.setitem(sys.modules, "alibabacloud_ros20190910.client", None)
    more = {"deploy": ("--package", str(package)), "logs": ("order-1",)}.get(name, ())
    with whole().answering():
        done = inside(name, *more, "--stack", STACK, environ=KEYS)
    assert done.exit_code == 2
    assert "pip install 'ecs-provisioning-worker[deploy]'" in " ".join(done.stderr.split())
    assert inside("doctor", "--policy").exit_code == 0


def test_the_extra_is_what_is_loaded() -> None:
    """Each client of the extra is loaded in one place, none is deployed, and none is loaded that the extra lacks."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extra = set(re.findall(r'"([\w-]+)>=', project.partition("\ndeploy = [")[2].partition("]")[0]))
    texts = {path: path.read_text(encoding="utf-8") for path in ROOT.glob("local/**/*.py")}
    client = r'"(alibabacloud_[a-z]+\d+|alibabacloud_oss_v2)"'
    loaded = {path: set(re.findall(client, text)) for path, text in texts.items()}
    assert {name.replace("_", "-") for names in loaded.values() for name in names} == extra
    assert {path.parent.name for path, names in loaded.items() if names} == {"sdk"}
    deployed = (ROOT / "requirements/runtime.txt").read_text(encoding="utf-8")
    assert not [name for name in extra if name in deployed]


def test_a_stack_of_something_else_is_left_alone(package: Path) -> None:
    """A name that is taken by another stack of the account is not updated into this one."""
    account = whole()
    account.stack = {"StackId": STACK_ID, "StackName": STACK, "Status": "CREATE_COMPLETE", "Parameters": []}
    for template in ("Resources: {Web: {Type: 'ALIYUN::ECS::Instance'}}", "resource aws {}", ""):
        account.template = template
        done = deploy(account, package, "--yes")
        assert done.exit_code == 2
        assert "something else" in done.stderr
    assert not account.made
    assert not account.buckets


def test_words_that_quote_the_keys_are_cleaned(package: Path) -> None:
    """Services answer a wrong signature with what was signed, security token included: nothing of it is shown."""
    account = whole()
    account.quoting = "server string to sign is: Sample-Passw0rd sample-id"
    for action in ("ListStacks", "GetBucketInfo", "CreateStack"):
        account.refusals = {action: (400, "SignatureDoesNotMatch")}
        done = deploy(account, package, "--yes")
        assert done.exit_code == 2
        assert "server string to sign is: ***" in " ".join(done.stderr.split())
        assert "sample-id" not in done.output
