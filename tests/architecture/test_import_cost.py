from __future__ import annotations

import subprocess
import sys

import pytest

from tests.bench.validation import measure

HEAVY = ("alibabacloud_ecs20140526", "Tea", "darabonba", "mns", "tablestore", "requests", "structlog", "click", "rich")


def test_validation_loads_no_sdk() -> None:
    """Whoever only checks messages loads the standard library and marshmallow."""
    probe = f"import sys, shared.domain.message.parse; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True).stdout
    assert found.strip() == "[]"


@pytest.mark.slow
def test_validation_is_cheap() -> None:
    """A message of ten parameters costs at most 300 µs, the import a quarter of the ECS client's."""
    assert [figure for figure in measure() if not figure.met] == []
