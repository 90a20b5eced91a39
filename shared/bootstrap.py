"""Putting the worker together: settings and credentials in, ports out.

A warm instance keeps its clients, and their connections, from one invocation to the next, until the settings or the
credentials change. Adapters are imported here and only when they are asked for: the SDKs take most of a cold start.
"""

# ruff: noqa: PLC0415 - imports inside functions are this module's purpose

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from shared.adapters.control import KeptControl
from shared.adapters.policy_cache import PolicyCache
from shared.adapters.system import SystemClock, SystemEntropy
from shared.logs import open_log
from shared.ports import Compute, Control, Outcomes, Policies, Ports, Queue, Store

if TYPE_CHECKING:
    from shared.adapters.sqlite import SqliteStore
    from shared.adapters.tablestore.store import TablestoreStore
    from shared.settings import Credentials, Settings

PATIENCE = 0.2
"""The part of a call's time that it may spend waiting for its turn in the budget of calls."""

SOCKET = 1 / 3
"""The part of a call's time that one wait of the MNS SDK may take: it connects, reads, and may do it once more."""


class _Clients(NamedTuple):
    compute: Compute
    store: Store
    queue: Queue
    outcomes: Outcomes
    policies: Policies
    control: Control
    resources: ExitStack


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
        policies=clients.policies,
        control=clients.control,
    )


def open_store(settings: Settings, credentials: Credentials) -> SqliteStore | TablestoreStore:
    """Return the store the settings name; whoever opens it closes it."""
    if settings.store == "sqlite":
        from shared.adapters.sqlite import SqliteStore

        return SqliteStore(settings.sqlite_path)
    from shared.adapters.tablestore.store import TablestoreStore

    return TablestoreStore(
        settings.tablestore_endpoint,
        settings.tablestore_instance,
        credentials,
        requests_table=settings.requests_table,
        open_table=settings.open_table,
        call_seconds=settings.call_seconds,
    )


def close() -> None:
    """Close what is kept warm; the next invocation connects anew."""
    while _warm:
        _warm.popitem()[1].resources.close()


def _clients(settings: Settings, credentials: Credentials) -> _Clients:
    key = (settings, credentials)
    if key not in _warm:
        close()
        _warm[key] = _connect(settings, credentials)
    return _warm[key]


def _connect(settings: Settings, credentials: Credentials) -> _Clients:
    from shared.adapters.mns import Mns, MnsOutcomes, MnsQueue

    resources = ExitStack()
    store = open_store(settings, credentials)
    resources.callback(store.close)
    mns = Mns(settings.mns_endpoint, credentials, call_seconds=settings.call_seconds * SOCKET)
    resources.callback(mns.close)
    return _Clients(
        compute=_compute(settings, credentials),
        store=store,
        queue=MnsQueue(mns, settings.queue),
        outcomes=MnsOutcomes(mns, settings.topic),
        policies=PolicyCache(store),
        control=KeptControl(store),
        resources=resources,
    )


def _compute(settings: Settings, credentials: Credentials) -> Compute:
    from shared.adapters.ecs.sdk_patches import defer

    defer("alibabacloud_ecs20140526.models")
    from shared.adapters.circuit_breaker import BreakingCompute, Circuits
    from shared.adapters.ecs.client import Ecs
    from shared.adapters.rate_limit import Budget, PacedCompute

    patience = settings.call_seconds * PATIENCE
    ecs = Ecs(
        credentials,
        call_seconds=settings.call_seconds - patience,
        endpoint=settings.ecs_endpoint,
        parameters=settings.ecs_parameters,
        connections=settings.workers,
    )
    paced = PacedCompute(ecs, Budget(settings.calls_per_second), SystemClock(), patience_seconds=patience)
    return BreakingCompute(paced, Circuits(), SystemClock())
