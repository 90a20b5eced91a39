"""`provisioner demo --compare`, as a reader runs it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from local.compare.table import LOSSES
from local.project import ROOT
from tests.support.processes import CLEAN, COMMAND, inside

README = (ROOT / "README.md").read_text(encoding="utf-8")
FIELDS = ("duplicates", "orphans", "unanswered", "wrong")
SECONDS = 240


@pytest.mark.slow
def test_the_first_table_is_what_is_counted() -> None:
    """Played again with its seed, every side loses what the README says, to the one; the worker loses nothing."""
    done = subprocess.run(
        [*COMMAND, "demo", "--compare", "--json"], cwd=ROOT, env=CLEAN, capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [counts(result) for result in results if result["scenario"] == "no faults"] == [[0, 0, 0, 0]] * 3
    obvious, better, worker = (result for result in results if result["scenario"] != "no faults")
    assert counts(worker) == [0, 0, 0, 0]
    assert counts(obvious)[0] > 0
    assert counts(better)[3] > 0
    assert [counts(result) for result in results] == told(README)
    # One status call answers for fifty instances: what the worker asks does not depend on how many there are.
    assert worker["statusCalls"] < better["statusCalls"]


def counts(result: dict[str, Any]) -> list[int]:
    """Return the losses in the table's order."""
    return [result[field] for field in FIELDS]


def told(page: str) -> list[list[int]]:
    """Return the losses of a page's table, a list for each side and scenario in the order they are played."""
    table = page.partition("<!-- compared -->")[2].partition("<!-- /compared -->")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n") if line.startswith("|")]
    numbers = {label: [row[1:] for row in rows if row[0] == label] for label in LOSSES}
    scenarios = range(len(numbers["duplicates"]))
    return [[int(numbers[label][one][side]) for label in LOSSES] for one in scenarios for side in range(3)]


def test_both_languages_show_the_same_table() -> None:
    """The Chinese README has the English one's figures."""
    chinese = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    tables = [page.partition("<!-- compared -->")[2].partition("<!-- /compared -->")[0] for page in (README, chinese)]
    figures = [[cell.strip() for cell in table.split("|") if cell.strip().isdigit()] for table in tables]
    assert figures[0] == figures[1]
    assert len(figures[0]) == 36


def test_a_seed_alone_is_wrong_use() -> None:
    """What only the comparison understands is not silently ignored."""
    done = inside("demo", "--seed", "3")
    assert done.exit_code == 2
    assert "--compare" in done.output
