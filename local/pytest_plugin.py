"""The pytest plugin: fixtures `local_cloud` and `provisioner` for projects that work with the worker.

pytest loads it wherever this project is installed, so it imports nothing of the rest before a test asks for a fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.testing import LocalCloud, Provisioner


@pytest.fixture(scope="session")
def _provisioner_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Run the session's one cloud."""
    from local.testing import running_cloud  # noqa: PLC0415 - whoever uses no fixture loads nothing

    with running_cloud(tmp_path_factory.mktemp("provisioner-cloud")) as cloud:
        yield cloud


@pytest.fixture
def local_cloud(_provisioner_cloud: LocalCloud) -> LocalCloud:
    """Return a local cloud (ECS, MNS, Tablestore) in which nothing has happened yet; no worker runs."""
    _provisioner_cloud.reset()
    return _provisioner_cloud


@pytest.fixture
def provisioner(local_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provisioner]:
    """Return a worker that runs against `local_cloud` and has no records yet; it is stopped after the test."""
    from local.testing import Provisioner  # noqa: PLC0415 - the same

    worker = Provisioner(local_cloud, tmp_path_factory.mktemp("provisioner"))
    try:
        worker.start()
        yield worker
    finally:
        worker.stop()
