"""Run every benchmark: `python -m tests.bench [--json] [NAME ...]`. Progress goes to stderr, the figures to stdout."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.figure import Figure

BENCHMARKS = (
    "own_work", "validation", "parallel", "rounds", "history", "memory", "latency", "deferred", "cold_start", "script",
    "cloud_calls", "limits",
)  # fmt: skip
"""Modules of this package; `measure()` of each returns its figures."""


def main() -> None:
    """Measure, print; say which targets were missed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(BENCHMARKS)}")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(BENCHMARKS)):
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    figures: list[Figure] = []
    for name in options.names or BENCHMARKS:
        began = time.monotonic()
        found = importlib.import_module(f"tests.bench.{name}").measure()
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
        figures += found
        if not options.json:
            print(*(figure.line() for figure in found), sep="\n", flush=True)
    missed = [figure.name for figure in figures if figure.met is False]
    if options.json:
        print(json.dumps({"figures": [figure.to_json() for figure in figures]}))
    else:
        print(f"{len(missed)} missed: {'; '.join(missed)}" if missed else "every target is met")


if __name__ == "__main__":
    main()
