"""What the pytest fixtures give to a test: a local cloud and a worker, each a process of its own.

They run the command line of the Python that tests run in, so a test's process gets neither the worker's dependencies
nor its patches of the SDKs. Everything here is of the standard library.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SPEED = "10"
"""Instances change state ten times as fast as the local cloud's default."""
COMMAND = (sys.executable, "-I", "-m", "local.cli")
NOT_PASSED_ON = ("PROVISIONER_", "ALIBABA_", "FC_")
"""Variables of these kinds are kept from the processes: a test means the same whatever its caller has exported."""
STOP_SECONDS = 20.0
CALL_SECONDS = 30.0
PAUSE_SECONDS = 0.05
LOG_LINES = 20
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ProvisionerError(Exception):
    """A process did not start, or an outcome did not come in time; the text ends with the process's last lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCloud:
    """A local cloud that is running: where it is, the key it takes, and the names of what a deployment has in it."""

    endpoint: str
    access_key_id: str
    access_key_secret: str = field(repr=False)
    region: str
    account_id: str
    queue: str
    topic: str
    inbox: str

    def faults(self, *faults: Mapping[str, Any]) -> None:
        """Add faults, as `POST /_local/faults` takes them; raise ValueError and add none when one is wrong."""
        self._call("faults", list(faults))

    def configure(self, **settings: Any) -> None:
        """Set stock, quotas, delays, readLagSeconds, as `POST /_local/config` takes them; raise ValueError."""
        self._call("config", settings)

    def state(self) -> dict[str, Any]:
        """Return what there is: `GET /_local/state`."""
        state: dict[str, Any] = self._call("state")
        return state

    def instances(self) -> list[dict[str, Any]]:
        """Return the instances that exist."""
        instances: list[dict[str, Any]] = self.state()["ecs"]["instances"]
        return instances

    def enqueue(self, message: Mapping[str, Any] | str) -> str:
        """Put one message into the request queue, valid or not; return its message id."""
        body = message if isinstance(message, str) else json.dumps(message)
        message_id: str = self._call("enqueue?anyway=1", body.encode())["messageId"]
        return message_id

    def published(self) -> list[dict[str, Any]]:
        """Return the outcomes that were published, first come first; repeats of the same bytes are left out."""
        bodies = self.state()["mns"]["topics"].get(self.topic, [])
        return [json.loads(body) for body in dict.fromkeys(bodies)]

    def reset(self) -> None:
        """Forget everything but the names above; then nothing is sold out and no quota used up."""
        self._call("reset", {})
        self.configure(stock={}, quotas={})

    def _call(self, call: str, data: object = None) -> Any:
        body = data if data is None or isinstance(data, bytes) else json.dumps(data).encode()
        try:
            with _DIRECT.open(f"{self.endpoint}/_local/{call}", body, timeout=CALL_SECONDS) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(json.loads(error.read())["error"]) from None
        return json.loads(text) if text else None


class Provisioner:
    """A worker against a local cloud: both functions with their triggers. Records are kept from start to start."""

    def __init__(self, cloud: LocalCloud, folder: Path) -> None:
        self.cloud = cloud
        self._folder = folder
        self._process: _Process | None = None

    def start(self) -> None:
        """Start the worker and wait until it takes messages; nothing happens when it is running."""
        if self._process is None:
            arguments = ("run", "--endpoint", self.cloud.endpoint, "--data", str(self._folder), "--json")
            self._process = _Process(self._folder, *arguments)

    def stop(self) -> None:
        """Stop the worker; messages wait in the queue until the next start."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def faults(self, *faults: Mapping[str, Any]) -> None:
        """Add faults to the cloud: `LocalCloud.faults`."""
        self.cloud.faults(*faults)

    def enqueue(self, message: Mapping[str, Any] | str) -> str:
        """Put one message into the request queue, valid or not; return its message id."""
        return self.cloud.enqueue(message)

    def outcomes(self, count: int = 1, *, timeout: float = 30.0) -> list[dict[str, Any]]:
        """Wait for at least so many outcomes and return all there are, first come first; raise ProvisionerError.

        They are CloudEvents: `type`, `subject` (the request id), `data`. `timeout` is in seconds.
        """
        until = time.monotonic() + timeout
        while len(found := self.cloud.published()) < count:
            self._wait(until, f"{len(found)} of {count} outcomes after {timeout:g} s")
        return found

    def outcome(self, subject: str, *, timeout: float = 30.0) -> dict[str, Any]:
        """Wait for the outcome with this subject, which is its request id, and return it; raise ProvisionerError."""
        until = time.monotonic() + timeout
        while not (found := [outcome for outcome in self.cloud.published() if outcome["subject"] == subject]):
            self._wait(until, f"no outcome of {subject} after {timeout:g} s")
        return found[0]

    @property
    def log(self) -> str:
        """What the worker has logged."""
        return _log_in(self._folder)

    def _wait(self, until: float, missing: str) -> None:
        if self._process is None:
            raise ProvisionerError(f"{missing}: the worker is stopped; call start()")
        if time.monotonic() >= until or not self._process.alive:
            raise ProvisionerError(f"{missing}; the worker's last lines:\n{_last_lines(self._folder)}")
        time.sleep(PAUSE_SECONDS)


@contextmanager
def running_cloud(folder: Path) -> Iterator[LocalCloud]:
    """Run a local cloud until the block is left; its log is kept in the folder; raise ProvisionerError."""
    process = _Process(folder, "cloud", "--port", "0", "--speed", SPEED, "--json")
    try:
        ready = process.ready
        yield LocalCloud(
            endpoint=ready["endpoint"], access_key_id=ready["accessKeyId"],
            access_key_secret=ready["accessKeySecret"], region=ready["region"], account_id=ready["accountId"],
            queue=ready["queue"], topic=ready["topic"], inbox=ready["inbox"],
        )  # fmt: skip
    finally:
        process.stop()


class _Process:
    """A command that says when it is ready, in one line of JSON, and runs until it is stopped."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
        with _log_path(folder).open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and command
                [*COMMAND, *arguments], cwd=folder, env=environment, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        try:
            self.ready = self._first_line(folder, arguments[0])
        except BaseException:
            self.stop()
            raise

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Ask it to end, and wait; it is killed when it does not."""
        with self._process:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _first_line(self, folder: Path, name: str) -> dict[str, str]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise ProvisionerError(f"`provisioner {name}` does not start:\n{_last_lines(folder)}")
        ready: dict[str, str] = json.loads(line)
        return ready


def _log_path(folder: Path) -> Path:
    return folder / "provisioner.log"


def _log_in(folder: Path) -> str:
    return _log_path(folder).read_text(encoding="utf-8", errors="replace")


def _last_lines(folder: Path) -> str:
    return "\n".join(_log_in(folder).splitlines()[-LOG_LINES:])
