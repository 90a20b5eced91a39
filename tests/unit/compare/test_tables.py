from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from rich.console import Console
from rich.text import Text

from local.compare.comparison import Result, broken
from local.compare.losses import Losses
from local.compare.scenario import EVERYTHING, NONE
from local.compare.sides import SIDES, WORKER
from local.compare.table import causes, draw, markdown
from local.project import ROOT
from tests.film import film, frame

NOTHING = Losses(0, 0, 0, 0, 9)
SOME = Losses(3, 2, 0, 1, 99)
OBVIOUS = SIDES[0].name


def results(obvious: Losses = SOME, worker: Losses = NOTHING) -> list[Result]:
    """Return two sides in two scenarios."""
    return [
        Result(NONE, OBVIOUS, 60, NOTHING, 9.4, over=True),
        Result(NONE, WORKER, 60, NOTHING, 4.6, over=True),
        Result(EVERYTHING, OBVIOUS, 60, obvious, 30.0, over=True),
        Result(EVERYTHING, WORKER, 60, worker, 29.0, over=True),
    ]


def test_markdown_has_a_row_for_each_count() -> None:
    """Every scenario shows every count of every side; words are translated where there are others."""
    text = markdown(results(), {"orphans": "无人认领"})
    assert "| duplicates | 3 | 0 |" in text
    assert text.count("| 无人认领 |") == 2
    assert "orphans" not in text
    assert "| seconds | 9 | 5 |" in text


def test_a_cause_names_what_is_lost() -> None:
    """A scenario's line tells each side's losses and nothing that is zero."""
    line = causes(results(), {}).splitlines()[-1]
    assert line == f"| {EVERYTHING} | 3 duplicates, 2 orphans, 1 wrong answers | 0 |"


def test_the_terminal_shows_it() -> None:
    """All counts stand on an ordinary terminal; while it runs, how many are answered instead."""
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(draw([replace(each, over=False) for each in results()], 7))
    text = console.export_text()
    assert "seed 7" in text
    assert text.count("60 answered") == 4
    assert not re.search(r"orphans +\d", text)
    assert re.search(r"status calls +99 +9", text)


def test_a_loss_of_the_worker_is_told() -> None:
    """The command fails when the worker loses something or anybody does without faults, not when others lose."""
    assert broken(results()) == []
    assert WORKER in broken(results(worker=replace(NOTHING, orphans=1)))[0]
    early = [replace(each, losses=SOME) if each.scenario == NONE else each for each in results()]
    assert len(broken(early)) == 2


def test_what_is_not_over_has_no_result() -> None:
    """A busy machine is told as such: what was not ready in time is no loss."""
    late = [replace(each, losses=SOME, over=False) for each in results()]
    assert all("not over in time" in problem for problem in broken(late))


@pytest.mark.parametrize("svg", [
    film([frame(Text(words), "title", number) for number, words in enumerate(("<one>", "two & three"))], "what"),
    (ROOT / "docs/pictures/terminal.svg").read_text(encoding="utf-8"),
], ids=["made here", "in the README"])  # fmt: skip
def test_a_film_is_still_where_nothing_may_move(svg: str) -> None:
    """No script, nothing from elsewhere; one frame stands without motion, and all motion is as the reader prefers."""
    root = ET.fromstring(svg)  # noqa: S314 - our own file
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names.isdisjoint({"script", "image", "foreignObject", "a", "animate", "set"})
    assert "url(http" not in svg
    assert "@import" not in svg
    before, motion = svg.split("@media (prefers-reduced-motion: no-preference)", 1)
    assert "animation" not in before
    assert motion.count("animation: k") == svg.count('<g id="frame')
    assert "#film > g:last-child { visibility: visible; }" in before
