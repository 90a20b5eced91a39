"""Plays the mutants, goes on where it stopped, and fails while one survives that nobody has judged: `make mutants`."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from mutmut.__main__ import _run, copy_also_copy_files, copy_src_dir, create_mutants
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.stats import status_by_exit_code

from tests.mutation.judgements import read
from tests.mutation.selection import change_of, choose, files, is_whole, keep_to
from tests.mutation.type_errors import refuse

if TYPE_CHECKING:
    from tests.mutation.judgements import Change

NOT_NOTICED = {"survived", "no tests", "suspicious", "segfault"}


def main() -> int:
    """Play what is left to play; return 1 when a mutant of the first group survives unjudged."""
    if "--report" not in sys.argv:
        _make()
        keep_to(choose(), frozenset(mutant for mutant, _ in _unjudged()))
        refuse(list(files()))
        _run((), 1)
    return _report()


def _make() -> None:
    set_mutant_under_test("mutant_generation")
    copy_src_dir()
    copy_also_copy_files()
    create_mutants(1)


def _unjudged() -> list[tuple[str, Change]]:
    judged = read()
    return [
        (mutant, change)
        for data in files()
        for mutant, code in data.exit_code_by_key.items()
        if is_whole(mutant) and code is not None and status_by_exit_code[code] in NOT_NOTICED
        and judged.name(change := change_of(mutant, data.path)) is None
    ]  # fmt: skip


def _report() -> int:
    judged, first, sample = read(), Counter[str](), Counter[str]()
    survivors: list[Change] = []
    for data in files():
        for mutant, code in data.exit_code_by_key.items():
            status = status_by_exit_code[code]
            if status == "skipped":
                continue
            counted = first if is_whole(mutant) else sample
            if status in NOT_NOTICED:
                survivors.append(change := change_of(mutant, data.path))
                cause = judged.name(change)
                status += f", judged: {cause}" if cause else ", nobody judged it"
            counted[status] += 1
    for title, counted in (("lifecycle, retry decisions, use cases", first), ("sample of the others", sample)):
        print(f"{title}: {counted.total()}")
        print("".join(f"  {count:5} {status}\n" for status, count in sorted(counted.items())), end="")
    for change in judged.unused(survivors):
        print(f"judged, but noticed by now: {change}")
    unjudged = _unjudged()
    for mutant, change in unjudged:
        print(f"\n{mutant}\n  {change.place}\n- {change.was}\n+ {change.now}")
    return 1 if unjudged or first["not checked"] or sample["not checked"] else 0


if __name__ == "__main__":
    sys.exit(main())
