"""A terminal's pictures as one animated SVG: no script, no font from elsewhere, and still where nothing may move."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

COLUMNS = 84
FRAME_SECONDS = 0.7
LAST_SECONDS = 6.0
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
COMMENTS = re.compile(r"<!--.*?-->\s*", re.DOTALL)
LINE_CLIPS = re.compile(r"<clipPath id=\"f\d+-line-\d+\">.*?</clipPath>\s*", re.DOTALL)
CLIPPED_LINE = re.compile(r" clip-path=\"url\(#f\d+-line-\d+\)\"")
OPENING = re.compile(r"<svg [^>]*viewBox=\"0 0 ([\d.]+) ([\d.]+)\"[^>]*>")


def frame(shown: RenderableType, title: str, number: int) -> str:
    """Return a terminal that shows this as SVG, with the fonts of whoever looks at it."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(shown)
    svg = console.export_svg(title=title, unique_id=f"f{number}")
    for superfluous in (FONTS, COMMENTS, LINE_CLIPS, CLIPPED_LINE):
        svg = superfluous.sub("", svg)
    return svg.replace("Fira Code", "ui-monospace")


def film(frames: Sequence[str], what: str) -> str:
    """Return one SVG that shows the frames one after the other; the last one where nothing may move.

    `what` is what it shows, for those who do not see it.
    """
    sizes = [tuple(map(float, OPENING.findall(svg)[0])) for svg in frames]
    width, height = max(size[0] for size in sizes), max(size[1] for size in sizes)
    last = len(frames) - 1
    seconds = last * FRAME_SECONDS + LAST_SECONDS
    share = 100 * FRAME_SECONDS / seconds
    rules = []
    for number in range(len(frames)):
        start, end = number * share, (number + 1) * share
        hidden = "" if number == last else f"{end:.2f}% {{ visibility: hidden; }}"
        first = "" if number == 0 else "0% { visibility: hidden; }"
        rules += [
            f"@keyframes k{number} {{ {first} {start:.2f}% {{ visibility: visible; }} {hidden} }}",
            f"#frame{number} {{ animation: k{number} {seconds:.1f}s step-end infinite; }}",
        ]
    still = "#film > g { visibility: hidden; } #film > g:last-child { visibility: visible; }"
    style = f"{still} @media (prefers-reduced-motion: no-preference) {{ {' '.join(rules)} }}"
    placed = [
        OPENING.sub(f'<svg viewBox="0 0 {w:g} {h:g}" width="{w:g}" height="{h:g}">', svg, 1)
        for svg, (w, h) in zip(frames, sizes, strict=True)
    ]
    drawn = "".join(f'<g id="frame{number}">{svg}</g>' for number, svg in enumerate(placed))
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">'
    return f'{opening}<title>{what}</title><style>{style}</style><g id="film">{drawn}</g></svg>\n'
