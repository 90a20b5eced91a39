"""Commands that go wrong, or need no cloud."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.cli import COMMANDS, main
from local.project import EVENTS, ROOT
from local.runtime.access import ACCOUNT_VARIABLES
from tests.support.processes import free_port, inside

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "http://127.0.0.1:9"
PLAIN = str(EVENTS / "messages/plain.json")
MALFORMED = str(EVENTS / "messages/malformed.txt")
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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-command"], ["No such command 'no-such-command'"]),
        (["enqueue", "gone.json", "--endpoint", NOWHERE], ["gone.json cannot be read", "events/messages"]),
        (["invoke", "poll", "--event", "gone", "--endpoint", NOWHERE], ["gone cannot be read", "events/triggers"]),
        (["invoke", "nobody", "--event", STREAMING, "--endpoint", NOWHERE], ["no function nobody", "provision, poll"]),
        (["enqueue", PLAIN, "--endpoint", NOWHERE], [NOWHERE, "cannot be reached"]),
        (["listen", "--count", "1", "--endpoint", NOWHERE], [NOWHERE, "cannot be reached"]),
        (["run", "--endpoint", NOWHERE], [NOWHERE, "cannot be reached", "provisioner cloud"]),
        (["run", "--data", "/proc/nowhere"], ["/proc/nowhere", "cannot be written", "--data"]),
        (["up", "--data", "/proc/nowhere"], ["/proc/nowhere", "cannot be written", "--data"]),
        (["up", "--store", "paper"], ["paper", "sqlite"]),
        (["cloud", "--port", "none"], ["none", "integer"]),
        (
            ["enqueue", PLAIN],
            [*ACCOUNT_VARIABLES, "--endpoint"],
        ),
        (["invoke", "poll"], ["--event FILE", "--message FILE"]),
        (["invoke", "provision", "--event", STREAMING, "--message", PLAIN], ["either --event FILE"]),
        (["invoke", "poll", "--message", PLAIN], ["only provision takes messages", "timer.json"]),
        (["new", "--spot", "--prepaid"], ["--spot or --prepaid"]),
        (["new", "--tag", "team"], ["KEY=VALUE"]),
        (["enqueue", MALFORMED, "--count", "2", "--endpoint", NOWHERE], ["no requestId to number"]),
        (["enqueue", PLAIN, "--wait", "--endpoint", NOWHERE], ["cannot be reached", "--endpoint"]),
    ],
)  # fmt: skip
def test_wrong_use_says_what_to_do(arguments: list[str], words: list[str]) -> None:
    """Exit code 2, nothing on stdout, no traceback, and the next step on stderr."""
    done = inside(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert isinstance(done.exception, SystemExit)
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("name", ["cloud", "up"])
def test_port_in_use(name: str, tmp_path: Path) -> None:
    """A taken port is named, with the option that chooses another one."""
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        more = ["--data", str(tmp_path)] if name == "up" else []
        done = inside(name, "--port", str(port), *more)
    assert done.exit_code == 2
    assert str(port) in done.stderr
    assert "--port" in done.stderr


def test_status_of_nothing(tmp_path: Path) -> None:
    """An unknown request is the answer no, and no file is made by asking."""
    done = inside("status", "nobody", "--data", str(tmp_path / "data"))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no record of nobody" in done.stderr
    assert not (tmp_path / "data").exists()


def test_broken_settings_are_named_at_once(tmp_path: Path) -> None:
    """A function that cannot start for its settings fails with all of them."""
    done = inside(
        "invoke", "provision", "--event", STREAMING, "--endpoint", NOWHERE, "--data", str(tmp_path),
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
