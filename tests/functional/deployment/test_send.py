"""`doctor --send`: a dry run goes through a whole deployment, and its outcome says what of it works."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.cloud.cloud import Cloud
from local.cloud.server import running
from local.commands.doctor import _own_message, sent, tell
from local.deployment.check import Answer, Result, no, unknown, yes
from local.deployment.sdk.account import open_account
from local.deployment.send import message, outcome_of, verdict
from local.policy import read_file
from local.project import EVENTS
from local.terminal.output import WrongUse
from shared.domain.create_instance.view import CheckOptions
from shared.domain.message.parse import parse
from shared.domain.policy.document import parse_policy
from tests.functional.deployment.keys import KEYS
from tests.functional.deployment.test_doctor import site
from tests.support.healthy_account import healthy
from tests.support.place import Place
from tests.support.processes import inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(name="place")
def fixture_place(tmp_path: Path) -> Iterator[Place]:
    """Run a local cloud for a worker."""
    cloud = Cloud(provisioned=True)
    with running(cloud) as url:
        yield Place(cloud, url, tmp_path)


def send(place: Place, own: dict[str, Any] | None = None, timeout: float = 20.0) -> tuple[Answer, str]:
    """Send a dry run to the deployment at a place; return the answer and what is said."""
    result = sent(site(open_account(place.access), healthy()), place.access, own, timeout)
    assert result.check == "send"
    return result.verdict.answer, f"{result.verdict.says} {result.verdict.next}"


@pytest.mark.slow
def test_a_dry_run_goes_through(place: Place) -> None:
    """The functions take it, ECS judges it, the outcome is heard; nothing is bought and no queue is left behind."""
    before = set(place.cloud.state()["mns"]["queues"])
    own = json.loads((EVENTS / "messages/plain.json").read_text(encoding="utf-8"))
    with place.worker():
        assert send(place)[0] is Answer.YES
        answer, says = send(place, own)
        assert answer is Answer.YES
        assert "the dry run passed" in says
        refusal = {"status": 404, "code": "InvalidImageId.NotFound", "message": "no such image"}
        place.cloud.faults.add({"service": "ecs", "action": "CreateInstance", "error": refusal})
        answer, says = send(place)
        assert answer is Answer.YES
        assert "refused what no account has (InvalidImageId.NotFound)" in says
        refusal = {"status": 403, "code": "Forbidden.RAM", "message": "not authorized"}
        place.cloud.faults.add({"service": "ecs", "action": "CreateInstance", "error": refusal})
        answer, says = send(place)
        assert answer is Answer.NO
        assert "see roles" in says
    assert place.cloud.state()["ecs"]["instances"] == []
    assert set(place.cloud.state()["mns"]["queues"]) == before


@pytest.mark.slow
def test_nobody_takes_it(place: Place) -> None:
    """Without a worker there is no outcome, and it is said where to look."""
    answer, says = send(place, timeout=0.5)
    assert answer is Answer.NO
    assert "stream" in says


def test_it_cannot_be_sent(place: Place) -> None:
    """A queue that is not there, or may not be used, is no verdict on the functions."""
    place.cloud.faults.add({"service": "mns", "action": "CreateQueue",
                            "error": {"status": 403, "code": "AccessDenied", "message": "no"}})  # fmt: skip
    assert send(place)[0] is Answer.UNKNOWN


def test_what_is_sent_is_valid_and_buys_nothing() -> None:
    """The contract takes it, its own ids aside; a message of one's own loses its secrets and its id."""
    mine = message(None, "cn-hangzhou", "doctor-1")
    assert mine["parameters"]["DryRun"] is True
    parsed = parse(json.dumps(mine), CheckOptions())
    assert getattr(parsed, "violations", ()) == ()
    own = {"requestId": "order-1", "parameters": {"Password": "Sample-Passw0rd", "UserData": "eA==", "DryRun": False}}
    assert message(own, "cn-hangzhou", "doctor-2") == {"requestId": "doctor-2", "parameters": {"DryRun": True}}


def test_a_profile_is_a_message_of_one_s_own(tmp_path: Path) -> None:
    """A message that only names a profile is taken, and no profile stands against its being a dry run."""
    assert _own_message(str(EVENTS / "messages/profile.json"))["profile"] == "web-small"
    policy = parse_policy(read_file(EVENTS / "policy.yaml"))
    mine = message({"requestId": "r", "profile": "web-small"}, "cn-hangzhou", "doctor-3")
    assert parse(json.dumps(mine), CheckOptions(), policy).dry_run  # type: ignore[union-attr] # a refusal has none
    (tmp_path / "m.json").write_text('{"requestId": "r"}', encoding="utf-8")
    with pytest.raises(WrongUse, match="profile"):
        _own_message(str(tmp_path / "m.json"))


def failure(code: str, stage: str = "create", category: str = "not_found", **more: Any) -> dict[str, Any]:
    """Return a failed outcome."""
    error = {"code": code, "httpStatus": 400, "category": category, "remedy": "do so", "message": "m",
             "apiRequestId": "r", **more}  # fmt: skip
    return {"type": "provisioning.instance.failed", "data": {"stage": stage, "error": error}}


@pytest.mark.parametrize(
    ("outcome", "own", "answer", "words"),
    [
        (None, False, Answer.NO, "provisioner logs"),
        (failure("InvalidVSwitchId.NotFound"), False, Answer.YES, "--message FILE"),
        (failure("InvalidVSwitchId.NotFound"), True, Answer.NO, "do so"),
        (failure("MissingParameter"), False, Answer.NO, "EcsParameters=query"),
        (failure("UnsupportedMediaType", httpStatus=415), False, Answer.NO, "EcsParameters=query"),
        (failure("InvalidParameter", "message"), False, Answer.NO, "do so"),
        (failure("PolicyForbids", "message", "policy"), False, Answer.UNKNOWN, "the policy allows"),
        (failure("PolicyForbids", "message", "policy"), True, Answer.NO, "do so"),
        (failure("PolicyPaused", "create", "policy"), False, Answer.UNKNOWN, "do so"),
        (failure("PolicyLimit", "create", "policy"), True, Answer.UNKNOWN, "do so"),
        (failure("MissingParameter", "message"), True, Answer.NO, "do so"),
        (failure("Forbidden.RAM", category="permission"), False, Answer.NO, "see roles"),
        (failure("InvalidAccessKeyId.NotFound", category="authentication"), False, Answer.NO, "see roles"),
        (failure("NoAnswer", category="internal", apiRequestId=None), False, Answer.UNKNOWN, "send again"),
    ],
)
def test_what_an_outcome_says(outcome: dict[str, Any] | None, own: bool, answer: Answer, words: str) -> None:  # noqa: FBT001 - a table
    """Each end of a dry run has its meaning: ECS's own refusal of made-up ids is a yes, a missing right is none."""
    found = verdict(outcome, own=own, seconds=3.0)
    assert found.answer is answer
    assert words in f"{found.says} {found.next}"


def test_results_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON line a check, or a line and its next step; 1 as soon as one says no, unknown alone is none."""
    results = [Result("stack", yes("it is")), Result("calls", unknown("who knows", "look")),
               Result("timer", no("it is not", "mend"))]  # fmt: skip
    assert tell(results[:2], for_program=True) == 0
    assert tell(results, for_program=False) == 1
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[1]) == {"check": "calls", "answer": "unknown", "says": "who knows", "next": "look"}
    assert lines[-2].split() == ["no", "timer", "it", "is", "not"]
    assert lines[-1].split() == ["next:", "mend"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--stack", "gone"), "there is no stack gone in cn-hangzhou"),
        (("--endpoint", "http://127.0.0.1:4566"), "a local cloud has none of it"),
        ((), "PROVISIONER_STACK"),
        (("--stack", "provisioner", "--message", "events/messages/malformed.txt"), "provisioner new"),
        (("--stack", "provisioner", "--message", "no-such-file"), "no-such-file"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], words: str) -> None:
    """A stack that is not there, no stack at all, a local cloud, a file that is no message: exit code 2."""
    account = healthy()
    with account.answering():
        done = inside("doctor", *arguments, environ=KEYS)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in " ".join(done.stderr.split())


def test_keys_without_any_right() -> None:
    """When not even the stack may be read, that is one sentence with the action, not a list of unknowns."""
    account = healthy()
    account.refusals["ListStacks"] = (403, "NoPermission")
    with account.answering():
        done = inside("doctor", "--stack", "provisioner", environ=KEYS)
    assert done.exit_code == 2
    assert "give these keys ros:ListStacks" in " ".join(done.stderr.split())


def test_what_others_publish_is_passed_over() -> None:
    """Whoever may publish to the topic may publish anything: the outcome that is waited for is found behind it."""
    mine = {"subject": "doctor-1", "type": "x"}
    assert outcome_of(["hello", "[]", "7", "", json.dumps({"subject": "other"}), json.dumps(mine)], "doctor-1") == mine
    assert outcome_of(["null"], "doctor-1") is None


def test_a_dry_run_uses_up_no_token() -> None:
    """The token of a message that is yet to be sent in earnest is not used for other parameters before."""
    own = {"requestId": "order-1", "parameters": {"ClientToken": "abc", "RegionId": "cn-hangzhou"}}
    assert "ClientToken" not in message(own, "cn-hangzhou", "doctor-2")["parameters"]
