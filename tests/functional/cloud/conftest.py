from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.tablestore import things_in_a_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.tablestore import Things


@pytest.fixture
def things() -> Iterator[Things]:
    """Make a local Tablestore with one small table."""
    with things_in_a_cloud() as made:
        yield made
