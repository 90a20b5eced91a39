"""The mutants that mutmut made, what became of each, and what it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

from tests.mutation.judgements import Change

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def files() -> Iterator[SourceFileMutationData]:
    """Yield what is known of the mutants of each file: exit codes by mutant, None for one that was not played yet."""
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        if data.exit_code_by_key:
            yield data


def play_again(mutants: frozenset[str]) -> None:
    """Have mutmut play these once more."""
    for data in files():
        if mutants & data.exit_code_by_key.keys():
            data.exit_code_by_key.update(dict.fromkeys(mutants & data.exit_code_by_key.keys()))
            data.save()


def change_of(mutant: str, path: Path) -> Change:
    """Return what a mutant changes."""
    lines = get_diff_for_mutant(mutant, path=path).splitlines()[2:]
    function, owner = orig_function_and_class_names_from_key(mutant)
    module = ".".join(path.with_suffix("").parts)
    return Change(f"{module}:{f'{owner}.' if owner else ''}{function}", _side(lines, "-"), _side(lines, "+"))


def _side(lines: list[str], sign: str) -> str:
    return "\n".join(line[1:].strip() for line in lines if line.startswith(sign))
