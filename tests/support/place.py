"""A local cloud and what the runtime's tests do with it."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local import defaults
from local.policy import put_in_force, read_file
from local.runtime.access import Access
from local.runtime.mns import QueueClient
from local.runtime.worker import WorkerConfig, working
from local.terminal.place import Place as CommandPlace
from local.terminal.records import open_records
from shared.domain.policy.control import Pause
from shared.usecases.steer import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local.cloud.cloud import Cloud
    from local.runtime.queue_trigger import Strategy
    from local.runtime.worker import Worker

PARAMETERS = {
    "RegionId": "cn-hangzhou",
    "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
    "InstanceType": "ecs.g6.large",
    "SecurityGroupId": "sg-bp15ed6xe1yxeycg7ov3",
    "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz",
}


def request(request_id: str, **more: object) -> str:
    """Return a message that is valid."""
    return json.dumps({"requestId": request_id, "parameters": PARAMETERS, **more})


@dataclass
class Place:
    """One cloud, and the folder and log of the workers that run against it."""

    cloud: Cloud
    url: str
    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def access(self) -> Access:
        """How clients reach it."""
        return Access.local(self.url)

    @property
    def log_path(self) -> Path:
        """The functions' log."""
        return self.folder / "functions.log"

    @contextmanager
    def worker(
        self, store: str = "sqlite", *, strategy: Strategy | None = None, period: float | None = None
    ) -> Iterator[Worker]:
        """Run a worker against it."""
        with self.log_path.open("a", encoding="utf-8") as log:
            config = WorkerConfig(access=self.access, store=store, data=self.folder, log=log, environ=self.environ)
            with working(config, strategy=strategy, period=period) as worker:
                yield worker

    def put_policy(self, path: Path, store: str = "sqlite") -> None:
        """Put a policy file in force where the workers keep their records."""
        where = CommandPlace(access=self.access, store=store, data=self.folder, environ=self.environ)
        with open_records(where, create=True) as records:
            assert records is not None
            put_in_force(records, read_file(path), time.time())

    def pause(self, by: str, reason: str, store: str = "sqlite") -> None:
        """Pause buying where the workers keep their records."""
        where = CommandPlace(access=self.access, store=store, data=self.folder, environ=self.environ)
        with open_records(where, create=True) as records:
            assert records is not None
            assert say(records, Pause(active=True, by=by, reason=reason, at=time.time())) is None

    def send(self, *bodies: str, queue: str = defaults.QUEUE) -> list[str]:
        """Send messages; return their ids."""
        with QueueClient(self.access, queue) as client:
            return [client.send(body) for body in bodies]

    def outcomes(self, count: int, seconds: float = 20.0) -> list[dict[str, Any]]:
        """Wait for so many outcomes in the inbox; fewer when the time is up. A repeat with the same bytes is none."""
        found: dict[str, None] = {}
        until = time.monotonic() + seconds
        with QueueClient(self.access, defaults.INBOX) as inbox:
            while len(found) < count and time.monotonic() < until:
                messages = inbox.receive(16, 1)
                found |= dict.fromkeys(message.body for message in messages)
                inbox.delete(messages)
        return [json.loads(body) for body in found]

    def instances(self) -> Counter[str]:
        """Count how many instances each request has, by request id."""
        tags = (item["Tags"][defaults.REQUEST_TAG] for item in self.cloud.state()["ecs"]["instances"])
        return Counter(tag.partition("/")[2] for tag in tags)

    def queue(self, name: str = defaults.QUEUE) -> dict[str, int]:
        """Return the counts of a queue."""
        return self.cloud.state()["mns"]["queues"][name]

    def wait_for(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Wait until something is the case."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "it did not happen in time"
            time.sleep(0.002)
