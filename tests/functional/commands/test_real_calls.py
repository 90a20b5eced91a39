"""Calls of CreateInstance from public code, judged by the API's page before they were run.

A judgement that misread the page was corrected, and says so. Passwords and user data are replaced by others of the same
kind, and what a call took from variables by plausible values (`substituted`).
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from local.commands.validate import validate
from local.project import ROOT

CALLS: list[dict[str, Any]] = json.loads((ROOT / "tests/unit/data/real_calls.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """Return what `provisioner validate` says of each call, by its id."""
    lines = [json.dumps({"requestId": call["id"], "parameters": call["parameters"]}) for call in CALLS]
    result = CliRunner().invoke(validate, ["-"], input="\n".join(lines))
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return {call["id"]: answer for call, answer in zip(CALLS, found, strict=True)}


def test_there_are_enough_calls() -> None:
    """At least sixty different calls, each with its source, its judgement and the reason."""
    assert len({call["id"] for call in CALLS}) == len(CALLS) >= 60
    assert all(call["source"] and call["why"] and call["valid"] is not bool(call["expected"]) for call in CALLS)


def test_real_calls_are_judged_as_the_page_does(answers: dict[str, Any]) -> None:
    """`validate` takes what the page takes and refuses what it forbids, in at least 99 of 100 calls as written."""
    wrong = [call["id"] for call in CALLS if answers[call["id"]]["valid"] is not call["valid"]]
    assert len(wrong) <= len(CALLS) // 100, wrong


def test_real_calls_are_refused_where_the_page_does(answers: dict[str, Any]) -> None:
    """Each violation is told, with its field and code, and no other.

    Which code a malformed region has is no question of the page: it only lists InvalidRegionId.NotFound.
    """
    for call in CALLS:
        expected = {(each["field"], each["code"]) for each in call["expected"]}
        found = {(each["field"], each["code"]) for each in answers[call["id"]]["violations"]}
        differing = expected ^ found
        assert {each for each in differing if each[0] != "parameters.RegionId"} == set(), call["id"]
