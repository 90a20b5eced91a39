"""One cloud: its services, what they share, and the faults that are set."""

from __future__ import annotations

from collections import Counter, deque
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from local.cloud.account.protocol import Ros, Sts
from local.cloud.core import Core
from local.cloud.ecs.protocol import Ecs
from local.cloud.faults import Faults
from local.cloud.mns.protocol import Mns
from local.cloud.tablestore.protocol import Ots
from local.trace.recorder import Recorder

if TYPE_CHECKING:
    from local.cloud.clock import CloudClock
    from local.cloud.config import Config
    from local.cloud.core import Key
    from local.cloud.http import HttpRequest
    from local.cloud.service import Service


ACCESS_KEPT = 10_000
"""How many targets of requests are remembered."""


class Cloud(Core):
    """A cloud: make one, then run it with `server` or `in_process`.

    `services` are in the order they are asked whether a request is theirs. `calls` counts calls by `service.Action`,
    refused and lost ones too; `access` are the targets (path and query, as sent) of the latest requests, which proxies
    would have in their logs. A provisioned cloud has the deployment's queues, topic and tables from the start, and
    again after a reset. `worker` is what the worker that runs against it said of its records.
    """

    def __init__(
        self,
        clock: CloudClock | None = None,
        config: Config | None = None,
        keys: dict[str, Key] | None = None,
        run: str | None = None,
        *,
        provisioned: bool = False,
    ) -> None:
        super().__init__(clock, config, keys, run)
        self.calls: Counter[str] = Counter()
        self.access: deque[str] = deque(maxlen=ACCESS_KEPT)
        self._initial_config = deepcopy(self.config)
        self.mns, self.ots, self.ecs = Mns(self), Ots(self), Ecs(self)
        self.ros, self.sts = Ros(self), Sts(self)
        self.services: tuple[Service, ...] = (self.mns, self.ots, self.ros, self.sts, self.ecs)
        self.faults = Faults({service.name: service.actions for service in self.services})
        self.worker: dict[str, str | None] = {"store": None, "data": None}
        self._provisioned = provisioned
        if provisioned:
            self.provision_defaults()

    def provision_defaults(self) -> None:
        """Make what template.yml makes in an account, under the default names and empty."""
        self.mns.provision_defaults()
        self.ots.provision_defaults()
        self.ros.provision_defaults()

    def service_for(self, request: HttpRequest) -> Service | None:
        """Return the service a request is for."""
        return next((service for service in self.services if service.serves(request)), None)

    def reset(self) -> None:
        """Forget everything but the clock and the keys."""
        with self.lock:
            self.config = deepcopy(self._initial_config)
            self.faults.pending.clear()
            self.calls.clear()
            self.access.clear()
            self.recorder = Recorder(self.new_id("s"))
            for service in self.services:
                service.reset()
            if self._provisioned:
                self.provision_defaults()

    def look(self) -> None:
        """Let the recorder see what changes by itself."""
        with self.lock:
            self.recorder.look(self.clock.now(), self._parts)

    def _parts(self) -> dict[str, Any]:
        """Return what is shown of the cloud itself beside its requests."""
        return {
            "queues": self.mns.queue_counts(), "faults": self.faults.to_json(), "config": self.config.to_json(),
        }  # fmt: skip

    def state(self) -> dict[str, Any]:
        """Return what there is, as `GET /_local/state` shows it."""
        with self.lock:
            return {service.name: service.state() for service in self.services} | {"calls": dict(self.calls)}
