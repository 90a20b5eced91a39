"""The whole worker over a local cloud whose clock is driven: real SDKs and use cases, no waiting."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mns.mns_exception import MNSServerException

from local import defaults
from shared import bootstrap
from shared.adapters.ecs.client import Ecs
from shared.adapters.rate_limit import Budget, PacedCompute
from shared.domain.create_instance.view import CheckOptions
from shared.domain.message.request import Delivery
from shared.settings import Credentials, Settings
from shared.usecases.poll import poll
from shared.usecases.provision import provision

if TYPE_CHECKING:
    from pathlib import Path

    from local.cloud.clock import CloudClock
    from shared.domain.lifecycle.record import Record
    from tests.support.clients import Clients

CREDENTIALS = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)


@dataclass(slots=True)
class CloudTime:
    """The worker's clock, which is the cloud's: waiting drives it."""

    clock: CloudClock

    def now(self) -> float:
        """Return the cloud's time."""
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        """Drive the cloud."""
        self.clock.advance(seconds)


class Worker:
    """Both functions' work, one after the other, until there is nothing left to do."""

    def __init__(self, clients: Clients, path: Path) -> None:
        self.clients = clients
        self.cloud = clients.cloud
        self.path = path / "records.db"
        self.cloud.provision_defaults()
        self.settings = Settings.from_environment(
            {
                "PROVISIONER_DEPLOYMENT": defaults.DEPLOYMENT,
                "PROVISIONER_STORE": "sqlite",
                "PROVISIONER_SQLITE_PATH": str(self.path),
                "PROVISIONER_MNS_ENDPOINT": clients.url,
                "PROVISIONER_ECS_ENDPOINT": clients.ecs_endpoint,
                "PROVISIONER_CALLS_PER_SECOND": "10000",
                "FC_REGION": defaults.REGION,
            }
        )
        self.log = io.StringIO()
        with redirect_stdout(self.log):
            ports = bootstrap.bootstrap(self.settings, CREDENTIALS)
        clock = CloudTime(self.cloud.clock)
        # Waiting for a turn in the budget is driven, too: after a throttled call it would take the machine's seconds.
        ecs = Ecs(CREDENTIALS, call_seconds=self.settings.call_seconds, endpoint=self.settings.ecs_endpoint)
        paced = PacedCompute(ecs, Budget(self.settings.calls_per_second), clock, patience_seconds=3.0)
        self.ports = replace(ports, clock=clock, compute=paced)
        self.queue = clients.mns().get_queue(defaults.QUEUE)
        self.delivered: list[str] = []
        self.options = CheckOptions()

    def enqueue(self, *bodies: dict[str, Any] | str) -> None:
        """Put messages into the request queue."""
        for body in bodies:
            self.ports.queue.send(body if isinstance(body, str) else json.dumps(body), 0)

    def deliver(self) -> int:
        """Give one batch of visible messages to the queue function; return how many there were."""
        try:
            received = self.queue.batch_receive_message(16)
        except MNSServerException:
            return 0
        self.handle(*received)
        for message in received:
            self.queue.delete_message(message.receipt_handle)
        return len(received)

    def handle(self, *received: Any) -> None:
        """Give received messages to the queue function and leave them in the queue."""
        now = self.cloud.clock.now()
        batch = [Delivery(m.message_id, m.message_body.decode(), now) for m in received]
        self.delivered += [m.message_id for m in received]
        done = provision(
            batch, self.ports, self.settings.timings, self.options, ends_at=now + 100, workers=self.settings.workers
        )
        assert done.unacknowledged == (), self.log.getvalue()

    def use(self, **ports: Any) -> None:
        """Put other ports in the place of some."""
        self.ports = replace(self.ports, **ports)

    def poll(self, seconds: float = 20.0) -> None:
        """Let the timer function run for so long."""
        ends_at = self.cloud.clock.now() + seconds
        poll(self.ports, self.settings.timings, ends_at=ends_at, workers=self.settings.workers)

    def settle(self, limit: float = 4000.0) -> None:
        """Go on until nothing is open and no message waits; fail when that takes longer than the limit."""
        end = self.cloud.clock.now() + limit
        while True:
            while self.deliver():
                pass
            counts = self.cloud.state()["mns"]["queues"][defaults.QUEUE]
            waiting = counts["visible"] or counts["delayed"] or counts["inFlight"]
            if self.ports.store.next_due() is None and not waiting:
                return
            assert self.cloud.clock.now() < end, "never settles"
            self.poll()
            self.cloud.clock.advance(1)

    def outcomes(self) -> list[dict[str, Any]]:
        """Return every published outcome."""
        return [json.loads(body) for body in self.published()]

    def published(self) -> list[str]:
        """Return the published bytes."""
        bodies: list[str] = self.cloud.state()["mns"]["topics"][defaults.TOPIC]
        return bodies

    def outcome(self, subject: str) -> dict[str, Any]:
        """Return the data of the only outcome with this subject."""
        (event,) = [event for event in self.outcomes() if event["subject"] == subject]
        data: dict[str, Any] = event["data"]
        return data

    def instances(self) -> list[dict[str, Any]]:
        """Return the instances that exist."""
        instances: list[dict[str, Any]] = self.cloud.state()["ecs"]["instances"]
        return instances

    def record(self, request_id: str) -> Record:
        """Return a record that must exist."""
        record = self.ports.store.get(request_id)
        assert record is not None
        return record

    def calls(self, action: str) -> int:
        """Return how often ECS was called."""
        return self.cloud.calls[f"ecs.{action}"]


def message(request_id: str, **envelope: Any) -> dict[str, Any]:
    """Return a valid message; `parameters` are laid over the usual ones."""
    parameters = {
        "RegionId": defaults.REGION,
        "ZoneId": "cn-hangzhou-h",
        "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
        "InstanceType": "ecs.g6.large",
        **envelope.pop("parameters", {}),
    }
    return {"requestId": request_id, "parameters": parameters, "start": False, **envelope}
