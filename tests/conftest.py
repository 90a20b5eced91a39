"""The local cloud for every test that needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.cloud.clock import DrivenClock
from local.cloud.cloud import Cloud
from local.cloud.in_process import in_process
from local.cloud.server import running
from tests.clients import Clients

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["in-process", "http"])
def cloud(request: pytest.FixtureRequest) -> Iterator[Clients]:
    """A cloud with a driven clock, reached both ways: every test that uses it runs twice."""
    state = Cloud(DrivenClock())
    with running(state) as url:
        clients = Clients(state, url, request.param)
        try:
            if request.param == "in-process":
                with in_process(state):
                    yield clients
            else:
                yield clients
        finally:
            clients.close()
