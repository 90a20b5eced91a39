"""Make the tables of the comparison again: `python -m tests.comparison`, on a quiet machine.

The first table of the README, in both languages, is what `provisioner demo --compare` counts; docs/compare.md has a
line for each fault alone.
"""

from __future__ import annotations

import re
import sys
import tempfile
from contextlib import redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING

from local.compare.comparison import SHOWN, Comparison, broken
from local.compare.scenario import NAMES
from local.compare.table import causes, markdown
from local.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.compare.comparison import Result

SEED = 1
PLACE = re.compile(r"(<!-- compared -->\n).*?(<!-- /compared -->)", re.DOTALL)
CHINESE = {
    "the obvious function": "随手写的函数",
    "its token the request id": "同一函数以请求 ID 作 ClientToken",
    "this worker": "本项目",
    "no faults": "无故障",
    "everything at once": "各种故障一起来",
    "duplicates": "重复创建的实例",
    "orphans": "无人认领的实例",
    "without an answer": "没有答复的请求",
    "wrong answers": "错误的答复",
    "status calls": "查询状态的调用",
    "seconds": "耗时/秒",
}


def played(*names: str) -> list[Result]:
    """Play some scenarios; end with what is not as promised."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "log").open("w", encoding="utf-8") as log, redirect_stderr(log):
            results = Comparison(SEED, names).play(folder, log, "sqlite", lambda _: None)
    if problems := broken(results):
        sys.exit("\n".join(problems))
    return results


def put(page: str, table: str) -> None:
    """Put a table into its place in a page."""
    path = ROOT / page
    text, number = PLACE.subn(lambda found: found[1] + "\n" + table + "\n" + found[2], path.read_text(encoding="utf-8"))
    if number != 1:
        sys.exit(f"{page} has {number} places for the table")
    path.write_text(text, encoding="utf-8")


def write(results: Sequence[Result], alone: Sequence[Result]) -> None:
    """Write all tables."""
    put("README.md", markdown(results, {}))
    put("README.zh-CN.md", markdown(results, CHINESE))
    put("docs/compare.md", causes(alone, {}))


if __name__ == "__main__":
    write(played(*SHOWN), [result for name in NAMES for result in played(name)])
