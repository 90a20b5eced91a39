"""A pytest plugin for mutants: the tests that reach one run in the order of how long they took, the quickest first.

Most mutants die at the first tests; what survives costs no more than `SECONDS` of tests, by what they took when the
tests were played without a mutant. A test that would go over it is left out, however few the others are.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

SECONDS = 5.0
_NO_MUTANT = {"", "fail", "stats", "list_all_tests", "mutant_generation"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort by recorded duration, and leave out what a mutant has no time for."""
    recorded = Path("mutmut-stats.json")
    if os.environ.get("MUTANT_UNDER_TEST", "") in _NO_MUTANT or not recorded.exists():
        return
    took: dict[str, float] = json.loads(recorded.read_text())["duration_by_test"]
    items.sort(key=lambda item: took.get(item.nodeid, 0.0))
    total, kept = 0.0, 0
    for item in items:
        total += took.get(item.nodeid, 0.0)
        if total > SECONDS and kept:
            break
        kept += 1
    if items[kept:]:
        config.hook.pytest_deselected(items=items[kept:])
        del items[kept:]
