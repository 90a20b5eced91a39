"""Make the pictures of the README again: `python -m tests.pictures` (it needs chromium and chromium-driver).

A local cloud and a worker run the samples; the page and the terminal show what really happens.
"""

from __future__ import annotations

import io
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from local.cloud.cloud import Cloud
from local.cloud.config import Config
from local.cloud.server import running
from local.project import ROOT
from local.samples import Samples
from local.terminal.board import board
from tests.support.browser import Browser, browsing
from tests.support.place import Place

if TYPE_CHECKING:
    from local.trace.request_trace import RequestTrace

FOLDER = ROOT / "docs/pictures"
WIDTH, HEIGHT = 1280, 800
COLUMNS = 104
FRAME_SECONDS = 0.8
SHOWN = "sample-sold-out"
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
COMMENTS = re.compile(r"<!--.*?-->\s*", re.DOTALL)
OPENING = re.compile(r"<svg [^>]*viewBox=\"0 0 ([\d.]+) ([\d.]+)\"[^>]*>")


def frame(cloud: Cloud, number: int) -> str:
    """Return the terminal as it stands as SVG, with the fonts of whoever looks at it."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(board(cloud))
    svg = FONTS.sub("", console.export_svg(title="provisioner up", unique_id=f"f{number}"))
    return COMMENTS.sub("", svg).replace("Fira Code", "ui-monospace")


def film(frames: list[str]) -> str:
    """Return one SVG that shows the frames one after the other; the last one where nothing may move."""
    sizes = [tuple(map(float, OPENING.findall(svg)[0])) for svg in frames]
    width, height = max(size[0] for size in sizes), max(size[1] for size in sizes)
    seconds = len(frames) * FRAME_SECONDS + 3
    share = 100 * FRAME_SECONDS / seconds
    rules = []
    for number in range(len(frames)):
        start, end = number * share, (number + 1) * share
        hidden = "" if number == len(frames) - 1 else f"{end:.2f}% {{ visibility: hidden; }}"
        first = "" if number == 0 else "0% { visibility: hidden; }"
        rules += [
            f"@keyframes k{number} {{ {first} {start:.2f}% {{ visibility: visible; }} {hidden} }}",
            f"#frame{number} {{ animation: k{number} {seconds:.1f}s step-end infinite; }}",
        ]
    still = "#film > g { visibility: hidden; } #film > g:last-child { visibility: visible; }"
    style = f"{still} @media (prefers-reduced-motion: no-preference) {{ {' '.join(rules)} }}"
    drawn = "".join(f'<g id="frame{number}">{svg}</g>' for number, svg in enumerate(sized(frames, sizes)))
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">'
    return f'{opening}<style>{style}</style><g id="film">{drawn}</g></svg>\n'


def sized(frames: list[str], sizes: list[tuple[float, ...]]) -> list[str]:
    """Give every frame its size, so that it keeps it inside the film."""
    pairs = zip(frames, sizes, strict=True)
    return [
        OPENING.sub(f'<svg viewBox="0 0 {w:g} {h:g}" width="{w:g}" height="{h:g}">', svg, 1) for svg, (w, h) in pairs
    ]


def photograph(window: Browser) -> None:
    """Take the page in light and dark, with one request's timeline open."""
    window.wait(
        lambda: window.texts("[data-station=all] b, [data-station=open] b") == ["8", "0"], what="all have ended"
    )
    window.run("[...document.querySelectorAll('.row')].find((one) => one.dataset.id === arguments[0]).click()", SHOWN)
    window.wait(lambda: window.all("#timeline li"))
    window.driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    for name, scheme in (("page.png", "light"), ("page-dark.png", "dark")):
        window.look(width=WIDTH, height=HEIGHT, scheme=scheme)
        time.sleep(0.5)
        window.driver.save_screenshot(str(FOLDER / name))


def main() -> None:
    """Make them all."""
    FOLDER.mkdir(exist_ok=True)
    samples = Samples.load()
    cloud = Cloud(config=Config(speed=1.5), provisioned=True, run="67f1c2d3")
    cloud.config.update(samples.cloud)
    frames: list[str] = []
    with tempfile.TemporaryDirectory() as folder, running(cloud) as url, browsing(Path(folder) / "browser") as window:
        place = Place(cloud, url, Path(folder))
        window.look(width=WIDTH, height=HEIGHT)
        window.open(url)
        with place.worker() as worker:
            worker.warm_up()
            place.send(*(sample.body for sample in samples.messages))
            until = time.monotonic() + 30
            while time.monotonic() < until and any(
                not j.knows("published") and j.state != "refused" for j in requests(cloud)
            ):
                frames.append(frame(cloud, len(frames)))
                time.sleep(FRAME_SECONDS)
            frames.append(frame(cloud, len(frames)))
            photograph(window)
    (FOLDER / "terminal.svg").write_text(film(frames), encoding="utf-8")


def requests(cloud: Cloud) -> list[RequestTrace]:
    """Return all requests."""
    with cloud.lock:
        return list(cloud.recorder.trace.requests.values())


if __name__ == "__main__":
    main()
