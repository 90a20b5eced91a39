"""What the contract suite needs of a store beyond its port: several handles on one set of data, and time passing."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from store_records import NOW

from local import defaults
from local.cloud.clock import DrivenClock
from local.cloud.cloud import Cloud
from local.cloud.server import running
from shared.adapters.sqlite import SqliteStore
from shared.adapters.system import SystemEntropy
from shared.adapters.tablestore.store import TablestoreStore
from shared.settings import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shared.ports import Store

KEEP = 30 * 86400.0
PAGE = 3
LOCAL = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)


class Backend(Protocol):
    """One set of data. A backend can be pickled when `across_processes` is true."""

    across_processes: bool

    def open(self) -> Store:
        """Return a handle on the data; each process needs its own, threads share one."""

    def age(self, seconds: float) -> None:
        """Let the time pass that records are kept for."""


@dataclass
class SqliteFile:
    """A database file."""

    path: str
    across_processes = True

    def open(self) -> SqliteStore:
        """Open the file, with pages so small that every check crosses some."""
        return SqliteStore(self.path, page_rows=PAGE)

    def age(self, seconds: float) -> None:
        """Purge as the timer does."""
        self.open().purge(NOW + seconds - KEEP, 1000)


class SqliteMemory:
    """A database in memory: one handle, whoever asks."""

    across_processes = False

    def __init__(self, make: Callable[..., SqliteStore] = SqliteStore) -> None:
        self._store = make(":memory:", page_rows=PAGE)

    def open(self) -> SqliteStore:
        """Return the one handle."""
        return self._store

    def age(self, seconds: float) -> None:
        """Purge as the timer does."""
        self._store.purge(NOW + seconds - KEEP, 1000)


class NoPauses(SystemEntropy):
    """Tokens as usual, but the shortest pause between tries."""

    def jitter(self) -> float:
        """Return the least."""
        return 0.0


class Tablestore:
    """The worker's two tables in a local cloud, over loopback and through the real SDK."""

    across_processes = True

    def __init__(self, url: str, cloud: Cloud | None = None) -> None:
        self.url = url
        self.cloud = cloud

    def __reduce__(self) -> tuple[type[Tablestore], tuple[str]]:
        """Travel to another process without the cloud."""
        return Tablestore, (self.url,)

    def open(self) -> TablestoreStore:
        """Return a handle with pages so small that every check crosses some."""
        return TablestoreStore(
            self.url, defaults.TABLESTORE_INSTANCE, LOCAL, page_rows=PAGE, call_seconds=15, entropy=NoPauses()
        )

    def age(self, seconds: float) -> None:
        """Drive the cloud's clock to so long after the first write."""
        assert self.cloud is not None
        self.cloud.clock.advance(NOW + seconds - self.cloud.clock.now())


@contextmanager
def backend(name: str, directory: Path) -> Iterator[Backend]:
    """Make a backend by name."""
    if name == "sqlite":
        yield SqliteFile(str(directory / "data" / "store.db"))
    elif name == "memory":
        yield SqliteMemory()
    else:
        cloud = Cloud(DrivenClock(NOW))
        cloud.ots.provision_defaults()
        with running(cloud) as url:
            yield Tablestore(url, cloud)


NAMES = ("sqlite", "memory", "tablestore")
