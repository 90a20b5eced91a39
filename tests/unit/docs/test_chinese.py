"""The Chinese pages say the same commands as the English ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"(^|\s+)# .*$", re.MULTILINE)
SHELLS = ("sh", "console")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PAGES = (("README.md", "README.zh-CN.md"), ("docs/deploy.md", "docs/deploy.zh-CN.md"))


def blocks(page: str) -> list[tuple[str, str]]:
    """Return the code blocks of a page, or of the part that is marked as its quick start: language and text.

    Comments of commands are for readers, and may be in their language.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    if "<!-- quick start -->" in text:
        text = text.partition("<!-- quick start -->")[2].partition("<!-- /quick start -->")[0]
    return [(kind, COMMENT.sub("", code) if kind in SHELLS else code) for kind, code in BLOCK.findall(text)]


@pytest.mark.parametrize(("english", "chinese"), PAGES)
def test_the_same_blocks(english: str, chinese: str) -> None:
    """Every command, message and outcome stands in both, in the same order, to the letter."""
    assert blocks(chinese) == blocks(english)
    assert any(kind in SHELLS for kind, _ in blocks(english))


@pytest.mark.parametrize(("english", "chinese"), PAGES)
def test_no_comment_was_forgotten(english: str, chinese: str) -> None:
    """What a reader reads in a Chinese command is Chinese, and no English page has any of it but the link."""
    text = (ROOT / chinese).read_text(encoding="utf-8")
    comments = [
        comment.group()
        for kind, code in BLOCK.findall(text) if kind in SHELLS
        for comment in COMMENT.finditer(code)
    ]  # fmt: skip
    assert [comment for comment in comments if not CHINESE.search(comment)] == []
    lines = (ROOT / english).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if CHINESE.search(line) and chinese.rpartition("/")[2] not in line] == []


@pytest.mark.parametrize("page", [page for pair in PAGES for page in pair])
def test_the_sites_are_told_apart(page: str) -> None:
    """What differs between the mainland and the international site is said in both languages."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert [words for words in ("`Site`", "`mainland`", "international") if words not in text] == []


def test_a_changed_command_is_seen() -> None:
    """A control: of a block only comments may differ."""
    same = COMMENT.sub("", "$ make demo     # the whole job\n"), COMMENT.sub("", "$ make demo     # 全部流程\n")
    assert same[0] == same[1]
    assert COMMENT.sub("", "$ make test  # x\n") != same[0]
    assert COMMENT.sub("", "oss://$BUCKET/a#b\n") == "oss://$BUCKET/a#b\n"
