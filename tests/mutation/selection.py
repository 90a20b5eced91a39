"""Which mutants are played: all where the product decides, and of all others a sample that a seed draws."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

from tests.mutation.judgements import Change

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHOLE = ("shared.domain.lifecycle.", "shared.domain.errors.retry.", "shared.usecases.")
"""The modules whose mutants are all played, and whose survivors are judged one by one."""
SEED, SAMPLE = 20261125, 500
SKIPPED = 34
"""mutmut's exit code of what is never played."""


def is_whole(mutant: str) -> bool:
    """Tell whether a mutant is one of the first group."""
    return mutant.startswith(WHOLE)


def files() -> Iterator[SourceFileMutationData]:
    """Yield what is known of the mutants of each file: exit codes by mutant, None for one that was not played yet."""
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        if data.exit_code_by_key:
            yield data


def choose() -> frozenset[str]:
    """Return the names of the mutants that are played: the first group, and the sample."""
    known = sorted(mutant for data in files() for mutant in data.exit_code_by_key)
    others = [mutant for mutant in known if not is_whole(mutant)]
    drawn = random.Random(SEED).sample(others, min(SAMPLE, len(others)))  # noqa: S311 - a sample, not a secret
    return frozenset(drawn).union(filter(is_whole, known))


def keep_to(chosen: frozenset[str], again: frozenset[str]) -> None:
    """Have mutmut skip all that is not chosen, play what is new, and play `again` what had survived."""
    for data in files():
        for mutant, code in data.exit_code_by_key.items():
            if mutant not in chosen:
                data.exit_code_by_key[mutant] = SKIPPED
            elif code == SKIPPED or mutant in again:
                data.exit_code_by_key[mutant] = None
        data.save()


def change_of(mutant: str, path: Path) -> Change:
    """Return what a mutant changes."""
    lines = get_diff_for_mutant(mutant, path=path).splitlines()[2:]
    function, owner = orig_function_and_class_names_from_key(mutant)
    module = ".".join(path.with_suffix("").parts)
    return Change(f"{module}:{f'{owner}.' if owner else ''}{function}", _side(lines, "-"), _side(lines, "+"))


def _side(lines: list[str], sign: str) -> str:
    return "\n".join(line[1:].strip() for line in lines if line.startswith(sign))
