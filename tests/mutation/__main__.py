"""Plays the mutants, goes on where it stopped, and fails while one survives that nobody has judged: `make mutants`.

What survived unjudged is played again each time, since a test may have come that notices it. `--report` plays nothing.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mutmut.__main__ import copy_also_copy_files, copy_src_dir, create_mutants
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.stats import status_by_exit_code

from tests.mutation.judgements import read
from tests.mutation.made import change_of, files, play_again
from tests.mutation.type_errors import refuse

if TYPE_CHECKING:
    from tests.mutation.judgements import Change

NOT_NOTICED = {"survived", "no tests", "suspicious", "segfault"}


def main() -> int:
    """Play what is left to play; return 1 when a mutant survives unjudged, or was not played."""
    if "--report" not in sys.argv:
        _make()
        play_again(frozenset(_unjudged(_survivors())))
        refuse(list(files()))
        # In a process that has imported nothing of the tests: it takes them from the mutants' folder.
        played = subprocess.run((Path(sys.executable).with_name("mutmut"), "run", "--max-children", "1"), check=False)
        if played.returncode:
            return played.returncode
    return _report()


def _make() -> None:
    set_mutant_under_test("mutant_generation")
    copy_src_dir()
    copy_also_copy_files()
    create_mutants(1)


def _survivors() -> dict[str, Change]:
    return {
        mutant: change_of(mutant, data.path)
        for data in files()
        for mutant, code in data.exit_code_by_key.items()
        if status_by_exit_code[code] in NOT_NOTICED
    }


def _unjudged(survivors: dict[str, Change]) -> list[str]:
    judged = read()
    return [mutant for mutant, change in survivors.items() if judged.name(change) is None]


def _report() -> int:
    judged, survivors = read(), _survivors()
    counted = Counter[str]()
    for data in files():
        for mutant, code in data.exit_code_by_key.items():
            status = status_by_exit_code[code]
            if mutant in survivors:
                cause = judged.name(survivors[mutant])
                status += f", judged: {cause}" if cause else ", nobody judged it"
            counted[status] += 1
    print(f"mutants: {counted.total()}")
    print("".join(f"  {count:5} {status}\n" for status, count in sorted(counted.items())), end="")
    for change in judged.unused(survivors.values()):
        print(f"judged, but noticed by now: {change}")
    unjudged = _unjudged(survivors)
    for mutant in unjudged:
        change = survivors[mutant]
        print(f"\n{mutant}\n  {change.place}\n- {change.was}\n+ {change.now}")
    return 1 if unjudged or counted["not checked"] else 0


if __name__ == "__main__":
    sys.exit(main())
