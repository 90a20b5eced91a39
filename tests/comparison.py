"""Make what the README shows of the comparison again: `python -m tests.comparison`, on a quiet machine.

One run of what `provisioner demo --compare` plays gives the first table, in both languages, and the film of the
terminal; docs/compare.md has a line for each fault alone. `--film` leaves that page alone.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from contextlib import redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from local.compare.comparison import SHOWN, Comparison, broken
from local.compare.scenario import NAMES
from local.compare.table import causes, draw, markdown
from local.project import ROOT
from tests.film import film, frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local.compare.comparison import Result

SEED = 1
COMMAND = "provisioner demo --compare"
PROMPT = f"$ {COMMAND}"
FILM = ROOT / "docs/pictures/terminal.svg"
SHOWS = "provisioner demo --compare on a terminal: what three sides lose under the same faults, as it is counted"
EVERY_SECONDS = 3.0
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


def played(*names: str, look: Callable[[list[Result]], None] = lambda _: None) -> list[Result]:
    """Play some scenarios; end with what is not as promised."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "log").open("w", encoding="utf-8") as log, redirect_stderr(log):
            results = Comparison(SEED, names).play(folder, log, "sqlite", look)
    if problems := broken(results):
        sys.exit("\n".join(problems))
    return results


class Camera:
    """Takes a picture of the terminal every few seconds."""

    def __init__(self) -> None:
        self.frames = [frame(Text(PROMPT), COMMAND, 0)]
        self._next = time.monotonic() + EVERY_SECONDS

    def look(self, standing: list[Result]) -> None:
        """Take one, if it is time."""
        if time.monotonic() >= self._next:
            self._next += EVERY_SECONDS
            self.take(standing)

    def take(self, standing: list[Result]) -> None:
        """Take one."""
        shown = Group(Text(PROMPT), draw(standing, SEED))
        self.frames.append(frame(shown, COMMAND, len(self.frames)))


def put(page: str, table: str) -> None:
    """Put a table into its place in a page."""
    path = ROOT / page
    text, number = PLACE.subn(lambda found: found[1] + "\n" + table + "\n" + found[2], path.read_text(encoding="utf-8"))
    if number != 1:
        sys.exit(f"{page} has {number} places for the table")
    path.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    """Make them all."""
    camera = Camera()
    results = played(*SHOWN, look=camera.look)
    camera.take(results)
    FILM.write_text(film(camera.frames, SHOWS), encoding="utf-8")
    put("README.md", markdown(results, {}))
    put("README.zh-CN.md", markdown(results, CHINESE))
    if "--film" not in arguments:
        put("docs/compare.md", causes([result for name in NAMES for result in played(name)], {}))


if __name__ == "__main__":
    main(sys.argv[1:])
