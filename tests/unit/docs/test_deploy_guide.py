"""The guide and the checks of `doctor` know each other."""

from __future__ import annotations

import re

from local.deployment.checks import CHECKS
from local.project import ROOT

GUIDE = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
LINES_OF_A_PAGE = 70
NAMES = {check.name for check in CHECKS} | {"send"}


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table after a heading."""
    lines = text.partition(heading)[2].splitlines()
    end = next((number for number, line in enumerate(lines) if number > 1 and line.startswith("## ")), len(lines))
    table = [line for line in lines[:end] if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:]]


def test_what_is_unverified_has_a_check() -> None:
    """Each row of the sources names the checks that ask the account, or says that none does; no other place is left."""
    sources = rows(GUIDE, "## Sources")
    assert len(sources) > 20
    for cells in sources:
        assert len(cells) == 3, cells
        named = set(re.findall(r"`([\w-]+)`", cells[2]))
        assert named & NAMES or cells[2].startswith(("none: ", "`deploy`")), cells
        assert "unverified" not in "".join(cells[:2]) or named & NAMES
    outside = GUIDE.partition("## Sources")[0]
    assert "unverified" not in outside


def test_every_check_is_explained() -> None:
    """The table of docs/operate.md has every check, and no other."""
    operate = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    explained = [
        name for cells in rows(operate, "## What doctor checks") for name in re.findall(r"`([\w-]+)`", cells[0])
    ]
    options = {"--send", "--message"}
    assert sorted(set(explained) - options) == sorted(NAMES)


def test_the_guide_is_a_page() -> None:
    """What a first deployment needs is a page of text; secrets and sources come after it."""
    assert len(GUIDE.partition("## Secrets")[0].splitlines()) <= LINES_OF_A_PAGE
    assert "aliyun ros CreateStack" not in GUIDE
