"""The cloud's clock, by the `Date` of an answer, beside this machine's."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from local.deployment.ports import NoAnswer
from local.runtime.account import AccountError, answer_date

if TYPE_CHECKING:
    from local.runtime.access import Access


class AnswerClock:
    """See `ports.Clock`. The half of the call's duration is taken for the way back."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def here(self) -> float:
        """See the port."""
        return time.time()

    def there(self) -> float:
        """See the port."""
        began = time.monotonic()
        try:
            date = answer_date(self._access.credentials)
            return parsedate_to_datetime(date).timestamp() + (time.monotonic() - began) / 2
        except AccountError as error:
            raise NoAnswer("sts:GetCallerIdentity", str(error)) from None
        except ValueError:
            raise NoAnswer("sts:GetCallerIdentity", "an answer without a date") from None

    def sleep(self, seconds: float) -> None:
        """See the port."""
        time.sleep(seconds)
