from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WRITTEN = [
    path.relative_to(ROOT).as_posix()
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")])
    if "node_modules" not in path.parts
]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
NAMED = re.compile(r"`((?:shared|local|functions|tests|events|docs|examples)/[\w./-]*|[\w-]+\.(?:yml|toml))`")


def missing(page: str, text: str) -> list[str]:
    """Return the files and folders that a page names or links and that are not there."""
    folder = (ROOT / page).parent
    linked = {name: folder / name for name in LINK.findall(text)}
    named = {name: ROOT / name for name in NAMED.findall(text)}
    return [name for name, path in {**linked, **named}.items() if not path.exists()]


@pytest.mark.parametrize("page", WRITTEN)
def test_what_a_page_names_is_there(page: str) -> None:
    """Recipes, maps and links stay true: every file that a page names in the repository exists."""
    assert missing(page, (ROOT / page).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("named", ["shared/domain/message", "shared/ports.py", "local/cloud/ecs/actions.py"])
def test_the_recipes_name_files(named: str) -> None:
    """A control: a recipe whose file has moved is found."""
    assert missing("CONTRIBUTING.md", f"see `{named}` and `{named}.gone`") == [f"{named}.gone"]
    assert missing("docs/architecture.md", f"[here](../{named}) and [there](../{named}-gone)") == [f"../{named}-gone"]


def test_every_row_of_the_threat_model_is_a_test() -> None:
    """What somebody cannot do is said with the test that would notice."""
    page = (ROOT / "docs/guarantees.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|.*\| (.*) \|$", page.partition("## Who can do what")[2].partition("\n## ")[0], re.MULTILINE)
    tests = set(re.findall(r"def (test_\w+)", "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))))
    assert len(rows) > 15
    assert [row for row in rows[2:] if not tests.issuperset(re.findall(r"`(\w+)`", row)) or "`" not in row] == []
    named = set(re.findall(r"`(test_\w+)`", page))
    assert sorted(named - tests) == []
