"""Calls to Tablestore: a few tries, errors as the port knows them, and lost answers resolved by reading back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from urllib3.exceptions import HTTPError

from shared.adapters.tablestore.sdk import tablestore
from shared.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports import Clock, Entropy

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
            self._clock.sleep(pause * self._entropy.fraction())
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
