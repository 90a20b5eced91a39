"""Putting the worker together: settings and credentials in, ports out.

A warm instance keeps its clients, and their connections, from one invocation to the next, until the settings or the
credentials change. Adapters are imported here and only when they are asked for: the SDKs take most of a cold start.
"""

# ruff: noqa: PLC0415 - imports inside functions are this module's purpose

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shared.adapters.clock import SystemClock
from shared.adapters.entropy import SystemEntropy
from shared.logs import open_log
from shared.ports import Compute, Outcomes, Ports, Queue, Store

if TYPE_CHECKING:
    from shared.credentials import Credentials
    from shared.settings import Settings


class _Clients(NamedTuple):
    compute: Compute
    store: Store
    queue: Queue
    outcomes: Outcomes


_warm: dict[tuple[Settings, Credentials], _Clients] = {}
"""At most one entry: the clients of the last invocation."""


def bootstrap(settings: Settings, credentials: Credentials, *, request_id: str | None = None) -> Ports:
    """Return the ports of one invocation, with a logger of its own."""
    clients = _clients(settings, credentials)
    return Ports(
        compute=clients.compute,
        store=clients.store,
        queue=clients.queue,
        outcomes=clients.outcomes,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        log=open_log(settings.log_level, secrets=credentials.secrets, invocation=request_id),
    )


def _clients(settings: Settings, credentials: Credentials) -> _Clients:
    key = (settings, credentials)
    if key not in _warm:
        for former in _warm.values():
            _close(former.store)
        _warm.clear()
        _warm[key] = _connect(settings, credentials)
    return _warm[key]


def _connect(settings: Settings, credentials: Credentials) -> _Clients:
    from shared.adapters.ecs import Ecs
    from shared.adapters.mns import Mns, MnsOutcomes, MnsQueue

    compute = Ecs(
        credentials,
        call_seconds=settings.call_seconds,
        endpoint=settings.ecs_endpoint,
        connections=settings.workers,
    )
    mns = Mns(settings.mns_endpoint, credentials, call_seconds=settings.call_seconds)
    return _Clients(
        compute, open_store(settings, credentials), MnsQueue(mns, settings.queue), MnsOutcomes(mns, settings.topic)
    )


def open_store(settings: Settings, credentials: Credentials) -> Store:
    """Return the store the settings name."""
    if settings.store == "sqlite":
        from shared.adapters.sqlite import SqliteStore

        return SqliteStore(settings.sqlite_path)
    from shared.adapters.tablestore import TablestoreStore

    return TablestoreStore(
        settings.tablestore_endpoint,
        settings.tablestore_instance,
        credentials,
        requests_table=settings.requests_table,
        open_table=settings.open_table,
        call_seconds=settings.call_seconds,
    )


def _close(store: Any) -> None:  # noqa: ANN401 - closing is no part of the port
    close = getattr(store, "close", None)
    if close:
        close()
