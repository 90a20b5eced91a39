from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from local.commands.validate import validate
from tests.support.processes import CLEAN, COMMAND, command, json_lines

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "requestId": "order-1",
    "parameters": {"RegionId": "cn-hangzhou", "ImageId": "i", "InstanceType": "ecs.g6.large"},
}
BAD: dict[str, Any] = {
    "requestId": "order-2",
    "parameters": {"RegionId": "cn-hangzhou", "ImageId": "i", "Password": "x"},
}
HEAVY = ("alibabacloud_ecs20140526", "alibabacloud_tea_openapi", "Tea", "mns", "tablestore", "requests", "rich")


def _run(*arguments: str, stdin: str | bytes = "") -> tuple[int, list[dict[str, Any]], str]:
    result = CliRunner().invoke(validate, arguments, input=stdin)
    return result.exit_code, json_lines(result.stdout), result.stderr


def _file(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def test_one_line_a_message(tmp_path: Path) -> None:
    """Each message is answered by one JSON line with file, verdict, request id and every violation; exit 1."""
    good = _file(tmp_path, "good.json", json.dumps(GOOD, indent=2))
    bad = _file(tmp_path, "bad.json", json.dumps(BAD))
    code, lines, _ = _run(good, bad)
    assert code == 1
    assert lines[0] == {"file": good, "valid": True, "requestId": "order-1", "violations": []}
    assert (lines[1]["file"], lines[1]["valid"], lines[1]["requestId"]) == (bad, False, "order-2")
    fields = {each["field"]: each["code"] for each in lines[1]["violations"]}
    assert fields == {"parameters.Password": "InvalidPassword.Malformed", "parameters.InstanceType": "MissingParameter"}
    assert all(set(each) == {"field", "code", "message"} for each in lines[1]["violations"])


def test_exit_codes(tmp_path: Path) -> None:
    """0: all valid; 1: some are not, malformed JSON too; 2: a file cannot be read, and the others are still checked."""
    good, broken = _file(tmp_path, "good.json", json.dumps(GOOD)), _file(tmp_path, "broken.json", '{\n "requestId": ')
    assert _run(good)[0] == 0
    assert _run(good, broken)[0] == 1
    code, lines, errors = _run(str(tmp_path / "nowhere.json"), good, str(tmp_path))
    assert (code, [line["valid"] for line in lines]) == (2, [True])
    assert errors.count("cannot be read") == 2
    assert _run()[0] == 2


def test_a_stream_has_one_message_a_line() -> None:
    """Standard input is read line by line; lines are numbered, empty ones too."""
    code, lines, _ = _run("-", stdin=f"{json.dumps(GOOD)}\n\n{json.dumps(BAD)}\nnonsense\n")
    assert code == 1
    assert [(line["file"], line["valid"]) for line in lines] == [("-:1", True), ("-:3", False), ("-:4", False)]
    assert lines[2]["violations"][0]["code"] == "MalformedMessage"
    assert _run("-", stdin="")[0] == 0


def test_a_stream_can_hold_one_message() -> None:
    """A message over several lines, as `new` prints it, is one; lines that are no JSON together stay lines."""
    code, lines, _ = _run("-", stdin=json.dumps(GOOD, indent=2))
    assert (code, [(line["file"], line["valid"]) for line in lines]) == (0, [("-", True)])
    code, lines, _ = _run("-", stdin=f"nonsense\n{json.dumps(GOOD)}\n")
    assert (code, [(line["file"], line["valid"]) for line in lines]) == (1, [("-:1", False), ("-:2", True)])


@pytest.mark.parametrize("content", [json.dumps(GOOD, indent=2), f"{json.dumps(GOOD)}\n{json.dumps(GOOD)}\n"])
def test_a_byte_order_mark_is_no_mistake(tmp_path: Path, content: str) -> None:
    """The mark that some editors put in front of UTF-8 is taken off, as `enqueue` does."""
    code, lines, _ = _run(_file(tmp_path, "marked", b"\xef\xbb\xbf" + content.encode()))
    assert (code, {line["valid"] for line in lines}) == (0, {True})


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_named_as_the_mistake(tmp_path: Path, encoding: str) -> None:
    """A file in another encoding is told so, not that half of a character is missing somewhere."""
    text = json.dumps(GOOD | {"requestId": "order-\u00e9"}, ensure_ascii=False)
    (line,) = _run(_file(tmp_path, "other", text.encode(encoding)))[1]
    assert "no UTF-8" in line["violations"][0]["message"]


@pytest.mark.parametrize("name", ["requests.jsonl", "requests.ndjson", "requests.txt"])
def test_a_file_can_hold_one_message_a_line(tmp_path: Path, name: str) -> None:
    """JSON lines are told by the suffix or by a first line that is JSON by itself."""
    path = _file(tmp_path, name, f"{json.dumps(GOOD)}\n{json.dumps(BAD)}\n")
    code, lines, _ = _run(path)
    assert (code, [line["file"] for line in lines]) == (1, [f"{path}:1", f"{path}:2"])


@pytest.mark.parametrize("content", [b"\xff\xfe", b'{"requestId": "\xe9"}', b"", b"\x00", b"[" * 50000])
def test_bytes_that_are_no_message(tmp_path: Path, content: bytes) -> None:
    """Whatever a file holds, it is one message that is not valid."""
    code, lines, _ = _run(_file(tmp_path, "any", content))
    assert (code, len(lines), lines[0]["valid"]) == (1, 1, False)


def test_the_contract_is_chosen(tmp_path: Path) -> None:
    """--site and --unlisted are the worker's settings; warnings are told, and do not count."""
    weeks = GOOD["parameters"] | {"InstanceChargeType": "PrePaid", "Period": 1, "PeriodUnit": "Week"}
    path = _file(tmp_path, "weeks.json", json.dumps(GOOD | {"parameters": weeks}))
    assert _run(path)[0] == 1
    assert _run(path, "--site", "mainland")[0] == 0
    newer = _file(
        tmp_path, "newer.json", json.dumps(GOOD | {"parameters": weeks | {"PeriodUnit": "Month", "HttpTokens": "new"}})
    )
    assert _run(newer)[0] == 1
    code, lines, _ = _run(newer, "--unlisted", "warn")
    assert (code, [each["field"] for each in lines[0]["warnings"]]) == (0, ["parameters.HttpTokens"])


def test_people_get_a_table(tmp_path: Path) -> None:
    """On a terminal every message is a row, and so is each thing that is wrong with it, code included."""
    path = _file(tmp_path, "both.jsonl", f"{json.dumps(GOOD)}\n{json.dumps(BAD)}\n")
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [*COMMAND, "validate", path], stdout=theirs, stderr=subprocess.PIPE, env=CLEAN | {"COLUMNS": "200"}, check=False
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 1
    assert f"{path}:2" in shown
    assert "InvalidPassword.Malformed" in shown


def test_no_sdk_is_imported() -> None:
    """Validation starts at once: no SDK, no HTTP client, no table drawing."""
    probe = f"import sys, local.cli, local.commands.validate; print([n for n in {HEAVY!r} if n in sys.modules])"
    found = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True).stdout
    assert found.strip() == "[]"


def test_the_command_by_its_name() -> None:
    """`provisioner validate` is found and reads the samples."""
    result = command("validate", "events/messages/plain.json", "events/messages/invalid.json")
    assert (result.returncode, [line["valid"] for line in json_lines(result.stdout)]) == (1, [True, False])
