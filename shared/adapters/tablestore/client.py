"""Calls to Tablestore through its SDK: imported without what it does not need, retried a few times, errors explained.

The SDK uses numpy for time series only, and its native codec (13.7 MB) loads on one Python version only, so tests and
cloud would run different code; together they also double the time of the import. It looks for both while it is
imported, and works without them. So empty modules stand in their places for that long.
"""

from __future__ import annotations

import logging
import sys
import warnings
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from shared.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.ports import Clock, Entropy
    from shared.settings import Credentials

_LEFT_OUT = ("numpy", "tablestore.ots_sdk.ots_sdk", "tablestore.native.native_plainbuffer")


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        sys.modules[name] = ModuleType(name)
    try:
        with warnings.catch_warnings():
            # It warns that the codec is missing, and uses parts of Python that are on their way out.
            warnings.simplefilter("ignore")
            yield
    finally:
        for name in absent:
            del sys.modules[name]


# The SDK logs every refusal as an error, a failed condition too, and whole bodies when it cannot read an answer.
# What matters of it reaches the worker's own log by exceptions.
logging.getLogger("tablestore").setLevel(logging.CRITICAL + 1)
logging.getLogger("tablestore-client").setLevel(logging.CRITICAL + 1)

with _without(_LEFT_OUT):
    import tablestore

__all__ = ["tablestore"]


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


TRIES = 3
LONGEST_PAUSES = (0.1, 0.4)
"""Seconds before the second and the third try, at most."""
SERVER_ERROR = 500
CONDITION_FAILED = "OTSConditionCheckFail"
BUSY = frozenset({
    "OTSNotEnoughCapacityUnit", "OTSOperationConflict", "OTSOperationThrottled", "OTSPartitionUnavailable",
    "OTSRequestTimeout", "OTSRowOperationConflict", "OTSServerBusy", "OTSTableNotReady",
})  # fmt: skip
"""Codes after which the same call may succeed soon (the documented table of error codes), beside every 5xx."""


class ConditionFailed(Exception):
    """A condition did not hold. `unsure` says that an earlier try, whose answer was lost, may have made it so."""

    def __init__(self, *, unsure: bool) -> None:
        super().__init__("the condition did not hold")
        self.unsure = unsure


class Calls:
    """Makes calls; a failure that lasts raises StoreUnavailable."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy

    def make(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Make a call that may be repeated, a read or a write under a condition.

        Raises ConditionFailed and StoreUnavailable.
        """
        unsure = False
        for pause in (*LONGEST_PAUSES, None):
            try:
                return call(*arguments, **options)
            except tablestore.OTSServiceError as error:
                if error.code == CONDITION_FAILED:
                    raise ConditionFailed(unsure=unsure) from None
                unsure |= error.http_status >= SERVER_ERROR
                again = error.http_status >= SERVER_ERROR or error.code in BUSY
                code, words = (
                    error.code,
                    f"{error.http_status} {error.code}: {error.message} (request {error.request_id})",
                )
            except (HTTPError, OSError, tablestore.OTSClientError) as error:
                unsure = again = True
                code, words = "", f"no answer ({type(error).__name__})"
            if not again or pause is None:
                break
            self._clock.sleep(pause * self._entropy.jitter())
        raise StoreUnavailable(f"Tablestore {getattr(call, '__name__', 'call')}: {words}", code=code)

    def write(self, call: Callable[..., Any], *arguments: Any, written: Callable[[], bool], **options: Any) -> bool:
        """Make a write under a condition; tell whether it was done by us.

        When the answer to an earlier try was lost, the failed condition may be that try's own success: `written` reads
        back whether it was. What it cannot find any more, because somebody wrote after us, counts as not ours: the
        safe side, since nobody then acts on it twice.
        """
        try:
            self.make(call, *arguments, **options)
        except ConditionFailed as failure:
            return failure.unsure and written()
        return True
