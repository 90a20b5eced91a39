"""`policy`, and what `validate` and `new` know of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.cloud.clock import DrivenClock
from local.cloud.cloud import Cloud
from local.cloud.server import running
from local.commands.policy import verdict
from local.policy import MAX_FILE_BYTES, read_file
from local.project import EVENTS
from shared.domain.create_instance.view import CheckOptions
from shared.domain.policy.document import InvalidPolicy, parse_policy
from shared.ports import InForce
from tests.support.processes import inside, json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAMPLE = str(EVENTS / "policy.yaml")
PROFILE = str(EVENTS / "messages/profile.json")
FORBIDDEN = str(EVENTS / "messages/forbidden.json")
PLAIN = str(EVENTS / "messages/plain.json")


@pytest.fixture(params=["sqlite", "tablestore"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """Run a local cloud; return the options that name it, and one store."""
    with running(Cloud(DrivenClock(), provisioned=True)) as url:
        yield ("--endpoint", url, "--store", request.param, "--data", str(tmp_path))


def file(folder: Path, text: str) -> str:
    """Write a policy file."""
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.slow
def test_show_set_show(where: tuple[str, ...], tmp_path: Path) -> None:
    """What is set is shown as it was written; the difference is told before; each set is a version of its own."""
    none = inside("policy", "show", *where)
    assert (none.exit_code, none.stdout) == (1, "")
    assert "policy set" in none.stderr
    first = inside("policy", "set", SAMPLE, *where)
    assert first.exit_code == 0, first.output
    assert json_lines(first.stdout)[0] | {"setAt": ""} == {"version": 1, "setAt": "", "changed": True}
    assert "+  DataDisk.N.Size: 2000" in first.stderr
    again = inside("policy", "set", SAMPLE, *where)
    assert (json_lines(again.stdout)[0]["version"], json_lines(again.stdout)[0]["changed"]) == (1, False)
    second = inside("policy", "set", file(tmp_path, "max: {DataDisk.N.Size: 100}"), *where)
    assert json_lines(second.stdout)[0]["version"] == 2
    assert "-  DataDisk.N.Size: 2000" in second.stderr
    assert "+  DataDisk.N.Size: 100" in second.stderr
    (shown,) = json_lines(inside("policy", "show", *where).stdout)
    assert (shown["version"], shown["policy"]) == (2, {"max": {"DataDisk.N.Size": 100}})
    (before,) = json_lines(inside("policy", "show", "--version", "1", *where).stdout)
    assert before["policy"]["profiles"]["web-small"]["override"] == ["InstanceName", "UserData"]
    assert inside("policy", "show", "--version", "3", *where).exit_code == 1


def test_another_operator_was_first(tmp_path: Path) -> None:
    """Who did not see what is in force by now changes nothing, and is told to look."""
    cloud = Cloud(DrivenClock(), provisioned=True)
    cloud.faults.add({"service": "ots", "action": "PutRow", "error": {"status": 403, "code": "OTSConditionCheckFail"}})
    with running(cloud) as url:
        place = ("--endpoint", url, "--store", "tablestore", "--data", str(tmp_path))
        done = inside("policy", "set", SAMPLE, *place)
        assert (done.exit_code, done.stdout) == (1, "")
        assert "policy show" in done.stderr
        assert inside("policy", "show", *place).exit_code == 1


def test_a_policy_with_mistakes_is_not_set(where: tuple[str, ...], tmp_path: Path) -> None:
    """Every mistake is told, profiles against the contract and the rules among them, and nothing changes."""
    wrong = """
profiles:
  good: {parameters: {RegionId: cn-hangzhou, ImageId: i, InstanceType: ecs.g6.large}}
  bad: {parameters: {RegionId: cn-hangzhou, ImageId: i, InstanceType: ecs.x.large, InstanceName: x}}
allow: {InstanceType: [ecs.g6.*], InstanceTpye: [x]}
limits: {perhour: 3}
"""
    done = inside("policy", "set", file(tmp_path, wrong), *where)
    assert done.exit_code == 1
    (told,) = json_lines(done.stdout)
    assert not told["valid"]
    assert {each["field"] for each in told["violations"]} == {
        "profiles.bad.parameters.InstanceType", "profiles.bad.parameters.InstanceName", "allow.InstanceTpye",
        "limits.perhour",
    }  # fmt: skip
    assert inside("policy", "show", *where).exit_code == 1


def test_check_against_a_place(where: tuple[str, ...]) -> None:
    """What would happen, and why, by the policy that is in force there."""
    inside("policy", "set", SAMPLE, *where)
    done = inside("policy", "check", PROFILE, FORBIDDEN, *where)
    assert done.exit_code == 1
    accepted, refused = json_lines(done.stdout)
    assert (accepted["accepted"], accepted["policyVersion"], accepted["releaseAfterSeconds"]) == (True, 1, 28800)
    assert accepted["parameters"]["InstanceType"] == "ecs.g7.large"
    assert [each["code"] for each in refused["violations"]] == ["PolicyForbids"] * 2


def test_check_offline() -> None:
    """The same by a file, with no place at all; without either it is wrong use."""
    done = inside("policy", "check", PROFILE, PLAIN, "--policy", SAMPLE)
    assert done.exit_code == 0, done.output
    assert [line["requestId"] for line in json_lines(done.stdout)] == ["sample-profile", "sample-plain"]
    assert inside("policy", "check", PROFILE).exit_code == 2
    assert inside("policy", "check", PROFILE, "--policy", SAMPLE, "--endpoint", "http://127.0.0.1:9").exit_code == 2


def test_a_verdict_shows_no_secret() -> None:
    """A password is named and not shown; a forbidden alternative is told as skipped."""
    policy = parse_policy({"allow": {"InstanceType": ["ecs.g6.*"]}})
    body = {
        "requestId": "r", "alternatives": [{"InstanceType": "ecs.g7.large"}, {"ZoneId": "z"}],
        "parameters": {"RegionId": "cn-hangzhou", "ImageId": "i", "InstanceType": "ecs.g6.large",
                       "Password": "Sekret!42"},
    }  # fmt: skip
    found = verdict(json.dumps(body), CheckOptions(), InForce(4, policy))
    assert "Sekret" not in json.dumps(found)
    assert found["parameters"]["Password"] == "(secret)"
    assert [each["skipped"] for each in found["alternatives"]] == [True, False]


def test_validate_under_a_policy() -> None:
    """With --policy profiles are resolved and rules hold; without it a profile is a remark."""
    assert inside("validate", PROFILE, PLAIN, "--policy", SAMPLE).exit_code == 0
    assert inside("validate", FORBIDDEN, "--policy", SAMPLE).exit_code == 1
    assert inside("validate", FORBIDDEN).exit_code == 0
    (line,) = json_lines(inside("validate", PROFILE).stdout)
    assert line["valid"]
    assert [each["field"] for each in line["warnings"]] == ["profile"]
    assert inside("validate", PROFILE, "--policy", "nowhere.yaml").exit_code == 2


@pytest.mark.parametrize("chosen", [[], ["--tag", "team=web"], ["--type", "ecs.g6.large", "--region", "cn-beijing"]])
def test_new_with_a_profile(chosen: list[str]) -> None:
    """The message says the profile, and of parameters only what was chosen."""
    body: dict[str, Any] = json.loads(inside("new", "--profile", "web-small", *chosen).stdout)
    assert body["profile"] == "web-small"
    wanted: dict[str, Any] = {}
    if chosen[:1] == ["--tag"]:
        wanted = {"parameters": {"Tag": [{"Key": "team", "Value": "web"}]}}
    elif chosen:
        wanted = {"parameters": {"RegionId": "cn-beijing", "InstanceType": "ecs.g6.large"}}
    assert body == {"requestId": body["requestId"], "profile": "web-small", **wanted}


BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
TEXTS = {
    BOMB: "alias",
    "a: &a [*a]": "alias",
    "allow: {RegionId: [a], RegionId: [b]}": "twice",
    "allow: {}\nallow: {}": "twice",
    "max: {<<: {DataDisk.N.Size: 1}}": "no such parameter",
    "a: [": "no YAML",
    "\tallow: {}": "no YAML",
    "a: !!python/object/apply:os.system [ls]": "no YAML",
    "--- {}\n--- {}": "no YAML",
    "[" * 600: "deep",
    "": "an object",
    "just words": "an object",
    "allow: {ZoneId: [2026-11-24, yes, 1:30, 0x10, 010, 1_000, .inf]}": "",
    "limits: {open: 1_000}": "an integer",
    "require: {profile: yes}": "true or false",
    "x" * (MAX_FILE_BYTES + 1): "at most",
    "a: \x00": "no YAML",
}


@pytest.mark.parametrize(("text", "words"), TEXTS.items(), ids=[text[:30] for text in TEXTS])
def test_a_file_is_read_strictly(tmp_path: Path, text: str, words: str) -> None:
    """Bombs, names given twice, tags and YAML's second meanings are mistakes with a place, never a crash."""
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    if not words:
        parse_policy(read_file(path))
        return
    with pytest.raises(InvalidPolicy) as caught:
        parse_policy(read_file(path))
    assert words in " ".join(each.message for each in caught.value.violations)
    done = inside("policy", "check", PLAIN, "--policy", str(path))
    assert (done.exit_code, "Traceback" in done.output) == (1, False)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are a mistake; a file that is not there is wrong use."""
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"allow: {ZoneId: [\xff]}")
    assert inside("policy", "check", PLAIN, "--policy", str(path)).exit_code == 1
    assert inside("policy", "check", PLAIN, "--policy", str(tmp_path / "none.yaml")).exit_code == 2
