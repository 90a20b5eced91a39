"""What every service of the cloud shares: clock, configuration, keys, ids, and the recorder of what happens."""

from __future__ import annotations

import itertools
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local import defaults
from local.cloud.clock import RealClock
from local.cloud.config import Config
from local.trace.recorder import Recorder

if TYPE_CHECKING:
    from local.cloud.clock import CloudClock


@dataclass(frozen=True, slots=True)
class Key:
    """An access key. Temporary ones come with a security token and end at `expires_at` (machine's epoch seconds)."""

    secret: str
    security_token: str | None = None
    expires_at: float | None = None


class Core:
    """The state under all services.

    `lock` guards everything; whoever runs a service's method holds it. `run` (8 hexadecimal digits) is in every id, so
    that two runs share none; it is random unless given. `recorder` writes down what happens to each request, for the
    page and the terminal.
    """

    def __init__(
        self,
        clock: CloudClock | None = None,
        config: Config | None = None,
        keys: dict[str, Key] | None = None,
        run: str | None = None,
    ) -> None:
        self.clock: CloudClock = clock or RealClock()
        self.keys = keys or {defaults.ACCESS_KEY_ID: Key(defaults.ACCESS_KEY_SECRET)}
        self.config = config or Config()
        self.lock = threading.RLock()
        self._run = run or secrets.token_hex(4)
        self._ids = itertools.count(1)
        self.recorder = Recorder(self.new_id("s"))

    def new_id(self, prefix: str) -> str:
        """Return an id that no other thing of this or another run has."""
        return f"{prefix}{self._run}{next(self._ids):010d}"

    def new_request_id(self) -> str:
        """Return the id of one answer, in the form of a UUID."""
        number = f"{next(self._ids):012X}"
        return f"{self._run.upper()}-0000-4000-8000-{number}"
