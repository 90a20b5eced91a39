"""A Tablestore client with its retries off and its time-outs set, for one set of credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from urllib3 import Timeout

from shared.adapters.tablestore.sdk import tablestore

if TYPE_CHECKING:
    from shared.credentials import Credentials

CONNECTIONS = 64
CONNECT_SHARE = 0.4
"""The part of a try's time that the connection may take; the answer has the rest."""


def connect(endpoint: str, instance: str, credentials: Credentials, *, try_seconds: float) -> Any:
    """Return an SDK client, safe for any number of threads. One try lasts `try_seconds` at most.

    The SDK would try 20 times with sleeps, and urllib3 below it four times to connect: both are off, since how often
    a call is made again, and what its lost answer means, is decided in `calls`.
    """
    client = tablestore.OTSClient(
        endpoint,
        credentials.access_key_id,
        credentials.access_key_secret,
        instance,
        sts_token=credentials.security_token or None,
        socket_timeout=Timeout(connect=try_seconds * CONNECT_SHARE, read=try_seconds * (1 - CONNECT_SHARE)),
        max_connection=CONNECTIONS,
        retry_policy=tablestore.NoRetryPolicy(),
        enable_native=False,
    )
    client.connection.pool.connection_pool_kw["retries"] = False
    return client
