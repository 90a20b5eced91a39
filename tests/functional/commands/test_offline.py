"""Commands that go wrong, or need no cloud."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.cli import COMMANDS, main
from local.cloud.cloud import Cloud
from local.cloud.server import running
from local.project import EVENTS, ROOT
from tests.support.processes import inside

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = str(EVENTS / "messages/plain.json")
STREAMING = str(EVENTS / "triggers/streaming.json")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    """--help of every command says what it does and shows an example."""
    found = main.get_command(None, name)  # type: ignore[arg-type]  # it needs no context
    assert found is not None
    assert found.help
    assert "provisioner " in (found.epilog or "") + found.help


def test_help_lists_the_commands() -> None:
    """The command without arguments lists all commands, in the order of a first use."""
    done = inside("--help")
    assert done.exit_code == 0
    places = [done.stdout.index(f"  {name} ") for name in COMMANDS]
    assert places == sorted(places)


def test_status_of_nothing(tmp_path: Path) -> None:
    """An unknown request is the answer no, and no file is made by asking."""
    done = inside("status", "nobody", "--data", str(tmp_path / "data"))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no record of nobody" in done.stderr
    assert not (tmp_path / "data").exists()


def test_status_without_a_store_says_so(tmp_path: Path) -> None:
    """A directory without records is named: the request may well be recorded elsewhere."""
    said = inside("status", "nobody", "--data", str(tmp_path)).stderr
    assert str(tmp_path) in said
    assert "--data" in said


@pytest.mark.parametrize("command", ["validate", "enqueue"])
def test_names_of_files_are_completed(command: str) -> None:
    """The shell is told to complete a file where one is taken."""
    found = main.get_command(None, command)  # type: ignore[arg-type]  # it needs no context
    assert found is not None
    (files,) = [each for each in found.params if each.name == "files"]
    (item,) = files.shell_complete(found.make_context(command, ["x"]), "ev")
    assert (item.type, item.value) == ("file", "ev")


def test_broken_settings_are_named_at_once(tmp_path: Path) -> None:
    """A function that cannot start for its settings fails with all of them."""
    with running(Cloud(provisioned=True)) as url:
        done = inside(
            "invoke", "provision", "--event", STREAMING, "--endpoint", url, "--data", str(tmp_path),
            environ={"PROVISIONER_WORKERS": "many", "PROVISIONER_SITE": "moon"},
        )  # fmt: skip
    assert done.exit_code == 1
    assert "PROVISIONER_WORKERS" in done.stdout
    assert "PROVISIONER_SITE" in done.stdout


PROBE = """
import sys
from click.testing import CliRunner
from local.cli import main
result = CliRunner().invoke(main, sys.argv[1:])
assert result.exit_code == 0, result.output
heavy = {"alibabacloud_ecs20140526", "mns", "tablestore", "uvicorn", "starlette", "responses", "rich", "requests"}
sys.exit(", ".join(sorted(heavy & sys.modules.keys())) or 0)
"""


@pytest.mark.parametrize(
    "arguments", [["validate", PLAIN], ["errors", "--json"], ["explain", "QuotaExceed.ElasticQuota"]]
)
def test_quick_commands_load_no_sdk(arguments: list[str]) -> None:
    """`validate`, `errors` and `explain` start without SDKs, servers and tables."""
    command = [sys.executable, "-c", PROBE, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
