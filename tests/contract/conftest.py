from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite("store_checks", "place_checks", "store_races")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store_backends import Backend, Tablestore


@pytest.fixture
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """Make an empty store of the kind the test is parametrised with."""
    import store_backends

    with store_backends.backend(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[Tablestore]:
    """Make two empty tables in a local cloud."""
    import store_backends

    with store_backends.backend("tablestore", tmp_path) as made:
        yield made
