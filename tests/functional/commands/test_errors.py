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
from shared.domain.errors.catalogue import load
from shared.domain.errors.listing import entries, special
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
    assert {entry["sentBy"][0] for entry in found["entries"][3:]} >= {"StartInstance", "DeleteInstance"}
    (there,) = [entry for entry in found["entries"] if entry["successFor"]]
    assert (there["successFor"], there["words"]) == (["AllocatePublicIpAddress"], "already has a public ip")
    assert all(entry["sources"] for entry in found["entries"])


@pytest.mark.parametrize("typed", ["operationdenied.nostock", "OPERATIONDENIED.NOSTOCK", "OperationDenied.NoStock"])
def test_explain_any_case(typed: str) -> None:
    """Letter case does not matter to whoever asks."""
    result = run("explain", typed)
    found = json.loads(result.stdout)
    assert (result.exit_code, found["code"], found["closest"]) == (0, "OperationDenied.NoStock", [])
    assert {(tuple(entry["sentBy"]), entry["retry"]) for entry in found["entries"]} == {
        (("CreateInstance",), "alternative"),
        (("StartInstance",), "later"),
    }


def test_explain_what_is_not_listed() -> None:
    """For a code nobody has listed it is said what would happen, by status, and by call where that differs."""
    result = run("explain", "Zone.Purple")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["known"], found["entries"]) == (1, False, [])
    rows = [row for row in found["unlisted"] if 403 in row["httpStatuses"]]
    assert [(row["sentBy"][0], row["retry"], row["thenAlternative"], row["tries"]) for row in rows] == [
        ("CreateInstance", "alternative", True, 1),
        ("StartInstance", "later", True, 5),
    ]
    said = {status for row in found["unlisted"] for status in row["httpStatuses"]}
    assert said >= {400, 401, 403, 404, 409, 429, 500, 503, "no answer"}


@pytest.mark.parametrize("code", ["NoAnswer", "noanswer", "SDK.ServerUnreachable", "sdk.httperror"])
def test_explain_no_answer(code: str) -> None:
    """What client libraries call an answer that never came is explained, too."""
    result = run("explain", code)
    (entry,) = json.loads(result.stdout)["entries"]
    assert (result.exit_code, entry["retry"], entry["effectUnknown"]) == (0, "later", True)


@pytest.mark.parametrize("typed", ["OperationDenied.NoStok", "OperatonDenied.NoStock"])
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


def test_errors_tells_what_differs() -> None:
    """`errors --json` has what is different by call and by words, and where each line is known from."""
    rows = {(row["httpStatus"], row["code"]): row for row in json.loads(run("errors", "--json").stdout)}
    denied = rows[403, "OperationDenied"]
    assert {line["words"]: line["retry"] for line in denied["messages"]}["out of usage"] == "alternative"
    assert denied["calls"]["AllocatePublicIpAddress"]["also"][0]["successFor"] == ["AllocatePublicIpAddress"]
    assert rows[404, "InvalidInstanceId.NotFound"]["calls"]["DeleteInstance"]["successFor"] == ["DeleteInstance"]
    assert all(row["sources"] for row in rows.values())


def test_page_holds_everything() -> None:
    """The page names every code with its remedy, for each call and each message, every source, family and policy."""
    page = errors_page()
    for entry in (*entries(), *(line for code in load()["codes"] for line in special(code))):
        assert f"`{entry.code}`" in page
        assert entry.verdict.remedy in page
        assert entry.words in page
    for name in (*load()["families"], *POLICIES, *load()["sources"].values()):
        assert name in page
