"""What the contract suite needs of a store beyond its port: several handles on one set of data, and time passing."""

from __future__ import annotations

from contextlib import closing, contextmanager
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

    def close(self) -> None:
        """Close the handles that were opened here."""


class SqliteFile:
    """A database file."""

    across_processes = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._opened: list[SqliteStore] = []

    def __reduce__(self) -> tuple[type[SqliteFile], tuple[str]]:
        """Travel to another process without the handles."""
        return SqliteFile, (self._path,)

    def open(self) -> SqliteStore:
        """Open the file, with pages so small that every check crosses some."""
        self._opened.append(SqliteStore(self._path, page_rows=PAGE))
        return self._opened[-1]

    def age(self, seconds: float) -> None:
        """Purge as the timer does."""
        self.open().purge(NOW + seconds - KEEP, 1000)

    def close(self) -> None:
        """Close every handle."""
        for store in self._opened:
            store.close()


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

    def close(self) -> None:
        """Close the one handle."""
        self._store.close()


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
        self._opened: list[TablestoreStore] = []

    def __reduce__(self) -> tuple[type[Tablestore], tuple[str]]:
        """Travel to another process without the cloud."""
        return Tablestore, (self.url,)

    def open(self) -> TablestoreStore:
        """Return a handle with pages so small that every check crosses some."""
        store = TablestoreStore(
            self.url, defaults.TABLESTORE_INSTANCE, LOCAL, page_rows=PAGE, call_seconds=15, entropy=NoPauses()
        )
        self._opened.append(store)
        return store

    def age(self, seconds: float) -> None:
        """Drive the cloud's clock to so long after the first write."""
        assert self.cloud is not None
        self.cloud.clock.advance(NOW + seconds - self.cloud.clock.now())

    def close(self) -> None:
        """Close every handle."""
        for store in self._opened:
            store.close()


@contextmanager
def backend(name: str, directory: Path) -> Iterator[Backend]:
    """Make a backend by name."""
    if name == "sqlite":
        with closing(SqliteFile(str(directory / "data" / "store.db"))) as file:
            yield file
    elif name == "memory":
        with closing(SqliteMemory()) as memory:
            yield memory
    else:
        cloud = Cloud(DrivenClock(NOW))
        cloud.ots.provision_defaults()
        with running(cloud) as url, closing(Tablestore(url, cloud)) as tables:
            yield tables


NAMES = ("sqlite", "memory", "tablestore")
