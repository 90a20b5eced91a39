"""`policy`, and what `validate` and `new` know of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.cloud.clock import DrivenClock
from local.cloud.cloud import Cloud
from local.cloud.server import running
from local.commands.policy import verdict
from local.policy import MAX_FILE_BYTES, as_yaml, difference, read_file
from local.project import EVENTS
from shared.adapters.sqlite import SqliteStore
from shared.domain.create_instance.view import CheckOptions
from shared.domain.policy.document import InvalidPolicy, parse_policy
from shared.ports import InForce, StoredPolicy
from tests.support.processes import inside, json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    "limits: {open: !!int abc}": "a tag (!)",
    "? !!timestamp 2026-01-01\n: {}": "a tag (!)",
    '{"limits": {"open": 5, "open": 6}}': "'open' is there twice",
    '{\n\t"limits": {},\n\t"limits": {}\n}': "'limits' is there twice",
    '{"max": {"SpotPriceLimit": NaN}}': "a number",
    '{"allow": {"InstanceType": ["\\ud83d"]}}': "valid Unicode",
    '{\n\t"limits": {\n\t\t"open": 5\n\t}\n}': "",
    '{"allow": {"InstanceName": ["\\ud83d\\ude00*"]}}': "",
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


TEXTS_LIKE_NUMBERS = ["1e5", "12e34", "-1E-5", "0x10", "1_000", "1:30", "yes", "null", "~", "2026-11-24", "007", ""]


@pytest.mark.parametrize("text", TEXTS_LIKE_NUMBERS)
def test_what_is_shown_can_be_set_again(tmp_path: Path, text: str) -> None:
    """A text that looks like a number or a date, such as the digest 12e34, is still a text when it is read again."""
    document = {"profiles": {"p": {"parameters": {"Tag": [{"Key": "build", "Value": text}]}}}, "max": {"Period": 1}}
    assert read_file(Path(file(tmp_path, as_yaml(document)))) == document
    changed = difference(document, {**document, "max": {"Period": 2}})[2:]
    assert [line for line in changed if line[0] in "+-"] == ["-  Period: 1", "+  Period: 2"]


@pytest.mark.parametrize("text", ["no JSON", '{"newer": {}}'])
def test_a_policy_that_cannot_be_read_gives_way(tmp_path: Path, text: str) -> None:
    """Messages wait until another is set, so nothing of it stands in the way of that; it can be looked at."""
    with running(Cloud(DrivenClock(), provisioned=True)) as url:
        place = ("--endpoint", url, "--store", "sqlite", "--data", str(tmp_path))
        store = SqliteStore(str(tmp_path / "provisioner.db"))
        store.put_policy(StoredPolicy(1, text, 1_795_000_000.0))
        store.close()
        (shown,) = json_lines(inside("policy", "show", *place).stdout)
        assert shown["version"] == 1
        assert inside("policy", "check", PLAIN, *place).exit_code == 2
        done = inside("policy", "set", SAMPLE, *place)
        assert (done.exit_code, json_lines(done.stdout)[0]["version"]) == (0, 2)
        assert inside("policy", "check", PROFILE, *place).exit_code == 0


def test_a_version_that_no_store_can_have() -> None:
    """A number beyond every store's is wrong use, said before any is asked."""
    done = inside("policy", "show", "--version", "9" * 20, "--endpoint", "http://127.0.0.1:9")
    assert done.exit_code == 2
    assert "--version" in done.stderr


def test_the_environment_does_not_stand_against_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that only the environment names is left aside when a file is checked against; an option is not."""
    monkeypatch.setenv("PROVISIONER_ENDPOINT", "http://127.0.0.1:9")
    assert inside("policy", "check", PROFILE, "--policy", SAMPLE).exit_code == 0
    assert inside("policy", "check", PROFILE, "--policy", SAMPLE, "--stack", "s").exit_code == 2


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are a mistake; a file that is not there is wrong use."""
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"allow: {ZoneId: [\xff]}")
    assert inside("policy", "check", PLAIN, "--policy", str(path)).exit_code == 1
    assert inside("policy", "check", PLAIN, "--policy", str(tmp_path / "none.yaml")).exit_code == 2
