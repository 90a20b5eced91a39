"""The cloud's whole state, shared by every way into it."""

from __future__ import annotations

import itertools
import secrets
import threading
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local import defaults
from local.cloud.clock import RealClock
from local.cloud.config import Config
from local.cloud.faults import Faults
from local.cloud.furnishing import furnish
from local.cloud.mns.protocol import Mns
from local.cloud.services import SERVICES
from local.trace.recorder import Witness

if TYPE_CHECKING:
    from local.cloud.clock import CloudClock
    from local.cloud.http import HttpRequest
    from local.cloud.service import Service


@dataclass(frozen=True, slots=True)
class Key:
    """An access key. Temporary ones come with a security token and end at `expires_at` (machine's epoch seconds)."""

    secret: str
    security_token: str | None = None
    expires_at: float | None = None


class Cloud:
    """One cloud: make one, then run it with `server` or `in_process`.

    `lock` guards everything; whoever runs a service's method holds it. `calls` counts calls by `service.Action`,
    refused and lost ones too. `run` (8 hexadecimal digits) is in every id, so that two runs share none; it is random
    unless given. A furnished cloud has the deployment's resources from the start, and again after a reset. `witness`
    writes down what happens to each request, for the page and the terminal.
    """

    def __init__(
        self,
        clock: CloudClock | None = None,
        config: Config | None = None,
        keys: dict[str, Key] | None = None,
        run: str | None = None,
        *,
        furnished: bool = False,
    ) -> None:
        self.clock: CloudClock = clock or RealClock()
        self.keys = keys or {defaults.ACCESS_KEY_ID: Key(defaults.ACCESS_KEY_SECRET)}
        self.config = config or Config()
        self.calls: Counter[str] = Counter()
        self.lock = threading.RLock()
        self._run = run or secrets.token_hex(4)
        self._ids = itertools.count(1)
        self._initial_config = deepcopy(self.config)
        self.witness = Witness(self.new_id("s"))
        self.services: tuple[Service, ...] = tuple(make(self) for make in SERVICES)
        self.faults = Faults({service.name: service.actions for service in self.services})
        self._furnished = furnished
        if furnished:
            furnish(self)

    def service_for(self, request: HttpRequest) -> Service | None:
        """Return the service a request is for."""
        return next((service for service in self.services if service.serves(request)), None)

    def new_id(self, prefix: str) -> str:
        """Return an id that no other thing of this or another run has."""
        return f"{prefix}{self._run}{next(self._ids):010d}"

    def new_request_id(self) -> str:
        """Return the id of one answer, in the form of a UUID."""
        number = f"{next(self._ids):012X}"
        return f"{self._run.upper()}-0000-4000-8000-{number}"

    def reset(self) -> None:
        """Forget everything but the clock and the keys."""
        with self.lock:
            self.config = deepcopy(self._initial_config)
            self.faults.pending.clear()
            self.calls.clear()
            self.witness = Witness(self.new_id("s"))
            for service in self.services:
                service.reset()
            if self._furnished:
                furnish(self)

    def look(self) -> None:
        """Let the witness see what changes by itself."""
        with self.lock:
            queues = next(service.account.queues for service in self.services if isinstance(service, Mns))
            now = self.clock.now()
            self.witness.look(now, {name: queue.counts(now) for name, queue in queues.items()}, self.faults.to_json())

    def state(self) -> dict[str, Any]:
        """Return what there is, as `GET /_local/state` shows it."""
        with self.lock:
            return {service.name: service.state() for service in self.services} | {"calls": dict(self.calls)}
