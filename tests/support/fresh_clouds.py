"""One server and one set of clients, and a new cloud behind them for each example of a state machine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from local import defaults
from local.cloud.clock import DrivenClock
from local.cloud.cloud import Cloud
from local.cloud.server import running
from shared.adapters.tablestore.client import connect
from shared.settings import Credentials
from tests.support.clients import Clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.cloud.config import Config

START = 1_800_000_000.0
"""When every cloud begins, in epoch seconds."""


class FreshClouds:
    """Hands out clouds one after the other; the clients of the three services reach the latest."""

    def __init__(self) -> None:
        self.cloud = Cloud(DrivenClock(START))
        self._clients: Clients

    def connect(self, url: str) -> None:
        """Make the clients."""
        self.url = url
        self._clients = Clients(self.cloud, url, "http")
        self.ecs: Any = self._clients.ecs()
        self.mns: Any = self._clients.mns()
        keys = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)
        self.ots: Any = connect(url, defaults.TABLESTORE_INSTANCE, keys, try_seconds=10)

    def begin(self, config: Config | None = None, run: str | None = None) -> Cloud:
        """Put a new cloud behind the clients; of the same `run` two give the same ids."""
        self.cloud = Cloud(DrivenClock(START), config, run=run)
        return self.cloud

    def close(self) -> None:
        """Close what the clients keep open."""
        self._clients.close()


@contextmanager
def fresh_clouds() -> Iterator[FreshClouds]:
    """Run the server."""
    fresh = FreshClouds()
    with running(lambda: fresh.cloud) as url:
        fresh.connect(url)
        try:
            yield fresh
        finally:
            fresh.close()
