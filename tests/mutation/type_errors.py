"""Mutants that `make check` notices: mypy refuses them, so no test is run for them."""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_right
from typing import TYPE_CHECKING

from mutmut.mutation.data import MutantLineSpans

if TYPE_CHECKING:
    from mutmut.mutation.data import SourceFileMutationData

REFUSED = 37
"""mutmut's exit code of a mutant that the type checker catches."""
MYPY = (
    sys.executable, "-m", "mypy", "shared", "--output", "json", "--disable-error-code", "unused-ignore",
)  # fmt: skip


def refuse(known: list[SourceFileMutationData]) -> None:
    """Mark what mypy says of the mutants that were not played yet; mutmut's own filter parses every file for that."""
    if all(code is not None for data in known for code in data.exit_code_by_key.values()):
        return
    ran = subprocess.run(MYPY, cwd="mutants", capture_output=True, text=True, check=False)
    if ran.stderr:
        raise RuntimeError(ran.stderr)
    lines: dict[str, set[int]] = {}
    for error in map(json.loads, ran.stdout.splitlines()):
        if error["severity"] == "error":
            lines.setdefault(error["file"], set()).add(error["line"])
    for data in known:
        refused = _functions(data, lines.get(str(data.path), set()))
        for mutant, code in data.exit_code_by_key.items():
            if code is None and mutant.rpartition(".")[2] in refused:
                data.exit_code_by_key[mutant] = REFUSED
        data.save()


def _functions(data: SourceFileMutationData, lines: set[int]) -> set[str]:
    """Return the names of the generated functions that hold one of these lines."""
    spans = MutantLineSpans.load(data.path)
    if spans is None or not lines:
        return set()
    functions = sorted((span.start, span.end, name) for name, span in spans.span_by_function_name.items())
    found = set()
    for line in lines:
        start, end, name = functions[max(bisect_right(functions, (line, sys.maxsize, "")) - 1, 0)]
        if start <= line <= end:
            found.add(name)
    return found
