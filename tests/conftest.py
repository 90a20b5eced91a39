"""The local cloud for every test that needs one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import hypothesis
import pytest

from local.cloud.clock import DrivenClock
from local.cloud.cloud import Cloud
from local.cloud.in_process import in_process
from local.cloud.server import running
from shared import invocation
from tests.support.clients import Clients

if TYPE_CHECKING:
    from collections.abc import Iterator

# No example has a time limit: a busy machine is no bug. CI draws the same examples every time, so that what it says of
# a change is about the change; anywhere else they are new ones.
hypothesis.settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("house")

_present: list[Cloud] = []


def pytest_xdist_auto_num_workers() -> int:
    """Run two tests for each CPU: half of the time they wait, for processes, browsers and timers."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def new_process() -> None:
    """Let a test be a process of its own: keys that were refused in another's are not remembered."""
    invocation._refused.clear()  # noqa: SLF001 - a process ends with it, so the worker has no way to forget


@pytest.fixture(scope="session")
def cloud_url() -> Iterator[str]:
    """Run one server for the whole session; it answers from the cloud of the test that is running."""
    with running(lambda: _present[-1]) as url:
        yield url


@pytest.fixture(params=["in-process", "http"])
def cloud(request: pytest.FixtureRequest, cloud_url: str) -> Iterator[Clients]:
    """Make a cloud with a driven clock, reached both ways: every test that uses it runs twice."""
    state = Cloud(DrivenClock())
    _present.append(state)
    clients = Clients(state, cloud_url, request.param)
    try:
        if request.param == "in-process":
            with in_process(state):
                yield clients
        else:
            yield clients
    finally:
        clients.close()
        _present.pop()
