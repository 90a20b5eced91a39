"""A local cloud and a worker as processes of their own, and what can be asked of them while they run."""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local import defaults
from local.policy import put_in_force
from local.runtime.access import Access
from local.terminal.place import Place
from local.terminal.records import open_records
from tests.soak.verdict import answers, request_of
from tests.support.processes import command, free_port, inside, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from subprocess import CompletedProcess

    from shared.ports import Store

PATIENCE_SECONDS = 600.0
"""How long nothing may change while something is waited for: on a busy machine a late end is no fault, none is."""

PATIENT = {"PROVISIONER_CALL_SECONDS": "60"}
"""How the test itself looks into the records; the worker keeps its own times."""
LOOKED_THROUGH_A_SECOND = 500
"""A look takes the cloud longer the more there is, and holds it up: it is taken less often then."""


@dataclass
class Site:
    """One cloud at `url`, and the folder of the worker that runs against it, with its log."""

    url: str
    folder: Path
    store: str
    cancelled: dict[str, str] = field(default_factory=dict)
    """What the command said of each request that it took back."""

    @property
    def log(self) -> Path:
        """What the worker and its functions wrote."""
        return self.folder / "run.log"

    @property
    def _data(self) -> list[str]:
        return ["--data", str(self.folder / "data"), "--store", self.store]

    def local(self, call: str, body: object = None) -> dict[str, Any]:
        """Make a `/_local` call."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}/_local/{call}", data, timeout=60) as answer:
            return json.loads(answer.read() or b"{}")

    def state(self) -> dict[str, Any]:
        """Return what there is in the cloud."""
        return self.local("state")

    def worker(self) -> AbstractContextManager[dict[str, Any]]:
        """Run a worker until the block is left."""
        return serving(self.log, "run", "--endpoint", self.url, *self._data)

    def send(self, bodies: Iterable[str]) -> None:
        """Put messages into the request queue."""
        path = self.folder / "requests.jsonl"
        path.write_text("\n".join(bodies))
        done = command("enqueue", str(path), "--endpoint", self.url)
        assert done.returncode == 0, done.stderr

    def cancel(self, request_id: str) -> None:
        """Take a request back with the command, if it can be."""
        done = inside("cancel", request_id, "--endpoint", self.url, *self._data)
        if done.exit_code == 0:
            self.cancelled[request_id] = json.loads(done.stdout)["result"]

    def audit(self) -> CompletedProcess[str]:
        """Compare instances with records."""
        return command("audit", "--endpoint", self.url, *self._data)

    @contextmanager
    def records(self) -> Iterator[Store]:
        """Open the worker's store."""
        place = Place(access=Access.local(self.url), store=self.store, data=self.folder / "data", environ=PATIENT)
        with open_records(place, create=True) as records:
            assert records is not None
            yield records

    def put_policy(self, document: dict[str, Any]) -> None:
        """Put a policy in force."""
        with self.records() as records:
            put_in_force(records, document, time.time())

    def open_instances(self) -> int:
        """Return how many requests have an instance and are open, both at one moment."""
        instances = self.state()["ecs"]["instances"]
        with self.records() as records:
            found = [records.get(request_of(instance)) for instance in instances]
        return sum(record is not None and record.finished_at is None for record in found)

    def wait_until_quiet(self, requests: set[str], refused: int = 0) -> None:
        """Wait until every message is answered, the queue is empty and no work is open."""

        def quiet() -> str:
            state = self.state()
            queue = state["mns"]["queues"][defaults.QUEUE]
            subjects, refusals = answers(state)
            missing = len(requests - set(subjects))
            if missing or len(refusals) < refused or any(queue.values()):
                return f"{missing} without an outcome, {len(refusals)} of {refused} refused, queue {queue}"
            with self.records() as records:
                due = records.next_due()
            return "" if due is None else f"work is open, due at {due}"

        wait_until(quiet, pause=0.5 + len(requests) / LOOKED_THROUGH_A_SECOND)


def wait_until(wanting: Callable[[], str], *, pause: float = 0.1) -> None:
    """Wait until nothing is wanting; fail with the words that say what is, when they stay the same for too long."""
    last, ends_at = "", 0.0
    while words := wanting():
        if words != last:
            last, ends_at = words, time.monotonic() + PATIENCE_SECONDS
        assert time.monotonic() < ends_at, words
        time.sleep(pause)


@contextmanager
def site(folder: Path, store: str) -> Iterator[Site]:
    """Run a cloud, ten times as quick as the real one."""
    with serving(folder / "cloud.log", "cloud", "--port", str(free_port()), "--speed", "10") as cloud:
        yield Site(cloud["endpoint"], folder, store)
