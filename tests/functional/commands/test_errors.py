"""The catalogue as people and programs read it: two commands and a page."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from local.cli import main
from local.docs.error_page import errors_page
from shared.domain.errors.catalogue import entries, load
from shared.domain.errors.retry import POLICIES


def run(*arguments: str) -> Result:
    """Run the command line; its standard output is no terminal."""
    return CliRunner().invoke(main, arguments)


def test_errors_lists_every_pair() -> None:
    """`errors --json` is one list with one entry per status and code, under the outcome's names."""
    result = run("errors", "--json")
    rows = json.loads(result.stdout)
    assert result.exit_code == 0
    assert len({(row["httpStatus"], row["code"]) for row in rows}) == len(rows) == len(entries()) >= 300
    assert all({"category", "retry", "parameter", "remedy"} <= row.keys() for row in rows)
    (mismatch,) = [row for row in rows if (row["httpStatus"], row["code"]) == (400, "IdempotentParameterMismatch")]
    assert (mismatch["retry"], mismatch["calls"]["CreateInstance"]["token"]) == ("never", "settle")


def test_errors_of_a_category() -> None:
    """A category can be asked for; one that does not exist is wrong use."""
    rows = json.loads(run("errors", "--category", "capacity").stdout)
    assert {row["category"] for row in rows} == {"capacity"}
    assert run("errors", "--category", "weather").exit_code == 2


def test_explain_known() -> None:
    """A known code is explained at every status, and for calls from which it means something else."""
    result = run("explain", "OperationDenied", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["known"], found["closest"]) == (0, True, [])
    assert [entry["httpStatus"] for entry in found["entries"][:3]] == [400, 403, 404]
    assert {entry["sources"][0] for entry in found["entries"][3:]} >= {"StartInstance", "DeleteInstance"}


@pytest.mark.parametrize("typed", ["operationdenied.nostock", "OperationDenied.NoStok", "OperatonDenied.NoStock"])
def test_explain_typing_error(typed: str) -> None:
    """A typing error is answered with the closest codes first and exit code 1."""
    result = run("explain", typed)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["closest"][0] == "OperationDenied.NoStock"
    assert "OperationDenied.NoStock" in result.stderr


def test_explain_nonsense() -> None:
    """What resembles nothing says where to look."""
    result = run("explain", "???")
    assert (result.exit_code, json.loads(result.stdout)["closest"]) == (1, [])
    assert "provisioner errors" in result.stderr


@pytest.mark.parametrize("arguments", [("errors", "--category", "vanished"), ("explain", "InstanceVanished")])
def test_people_get_text(arguments: tuple[str, ...]) -> None:
    """On a terminal both commands speak to people."""
    ours, theirs = pty.openpty()
    done = subprocess.run([sys.executable, "-m", "local.cli", *arguments], stdout=theirs, check=True, timeout=30)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "InstanceVanished" in shown
    assert "{" not in shown


@pytest.mark.parametrize("command", ["errors", "explain"])
def test_help_shows_examples(command: str) -> None:
    """Both commands explain themselves with examples."""
    assert "Examples:" in run(command, "--help").stdout


def test_page_holds_everything() -> None:
    """The page names every code with its remedy, every family and every policy."""
    page = errors_page()
    for entry in entries():
        assert f"`{entry.code}`" in page
        assert entry.verdict.remedy in page
    for name in (*load()["families"], *POLICIES):
        assert name in page
