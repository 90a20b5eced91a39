"""The page's modules: text is set as text, every file is used, no circle among them."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "local/page"
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(PAGE.glob("*.js"))}
INDEX = (PAGE / "index.html").read_text(encoding="utf-8")
IMPORTED = re.compile(r'^import .*"\./([\w.-]+)";$', re.MULTILINE)
SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML"
    r"|\beval\b|new Function|javascript:|style\s*:\s*[`\"']"
)
INLINE = re.compile(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)")
LONGEST = 250


@pytest.mark.parametrize("name", SCRIPTS)
def test_text_is_set_as_text(name: str) -> None:
    """No module of the page makes markup or code of a text, so that nothing from outside can become either."""
    assert SINKS.findall(SCRIPTS[name]) == []


@pytest.mark.parametrize("broken", ["box.innerHTML = text", "eval(text)", 'element("a", { style: "x" })'])
def test_a_sink_would_be_seen(broken: str) -> None:
    """A control: making markup, code or an inline style is reported."""
    assert SINKS.search(broken)


def test_the_document_has_nothing_inline() -> None:
    """Scripts and styles are files, as the content security policy wants it; a control shows that others are seen."""
    assert INLINE.findall(INDEX) == []
    for broken in ('<b onclick="x">', '<p style="x">', "<style>", "<script>x"):
        assert INLINE.search(broken)


def test_no_circle_and_nothing_left_over() -> None:
    """Modules import downwards, none is unused, each is one concept of bearable length."""
    graph = {name: set(IMPORTED.findall(text)) for name, text in SCRIPTS.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {error.args[1]}")
    assert set().union(*graph.values()) | {"app.js"} == set(SCRIPTS)
    assert max(text.count("\n") for text in SCRIPTS.values()) <= LONGEST
    styles = set(re.findall(r'href="/_page/([\w.-]+\.css)"', INDEX))
    assert styles == {path.name for path in PAGE.glob("*.css")}


def test_every_symbol_and_place_is_there() -> None:
    """What the modules look up in the document by its id stands there."""
    ids = set(re.findall(r'\bid="([\w-]+)"', INDEX))
    asked = {name for text in SCRIPTS.values() for name in re.findall(r'\bat\("([\w-]+)"\)', text)}
    assert asked - ids == set()
    assert len(asked) > 40
