"""One function instance seen from outside: a process, the channel to it, its time limits and its death."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.runtime.specification import FunctionSpecification

HOST = Path(__file__).with_name("host.py")
TERMINATE_SECONDS = 0.5
"""Between SIGTERM and SIGKILL; the platform documents no number."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an invocation came to: the handler's bytes, or the platform's error object."""

    succeeded: bool
    payload: bytes
    seconds: float

    @property
    def error_type(self) -> str:
        """The error object's type, empty for a success."""
        return "" if self.succeeded else str(json.loads(self.payload)["errorType"])


@dataclass(frozen=True, slots=True)
class Place:
    """Where instances run: the code's folder, the whole environment, the log (standard error), the interpreter."""

    code: Path
    environment: Mapping[str, str]
    log: IO[str] | int = 2
    python: tuple[str, ...] = (sys.executable,)


class FunctionInstance:
    """A process that has loaded one function. It serves one request at a time.

    Its session is its own: Ctrl-C on a terminal is for the command, which ends its instances itself.
    """

    def __init__(self, specification: FunctionSpecification, place: Place, request_id: str) -> None:
        self._specification = specification
        self._channel, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter on our own file
                [*place.python, "-I", "-u", str(HOST), str(theirs.fileno())],
                pass_fds=[theirs.fileno()], cwd=place.code, env=dict(place.environment),
                stdin=subprocess.DEVNULL, stdout=place.log, stderr=place.log, start_new_session=True,
            )  # fmt: skip
        self._channel.send_bytes(json.dumps(self._start_order(place, request_id)).encode())
        began = time.monotonic()
        self.failure = self._receive(began, specification.initializer_timeout, at_start=True)

    def _start_order(self, place: Place, request_id: str) -> dict[str, object]:
        specification = self._specification
        return {
            "code": str(place.code),
            "handler": specification.handler,
            "initializer": specification.initializer,
            "runtime": specification.runtime,
            "request_id": request_id,
            "region": place.environment.get("FC_REGION", ""),
            "account_id": place.environment.get("FC_ACCOUNT_ID", ""),
            "function": {
                "name": specification.name,
                "handler": specification.handler,
                "memory": specification.memory,
                "timeout": specification.timeout,
            },
        }

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can take another request."""
        return self._process.poll() is None

    def invoke(self, event: bytes, request_id: str) -> Answer:
        """Hand over one event and wait for the answer, for no longer than the function's time limit."""
        began = time.monotonic()
        try:
            self._channel.send_bytes(request_id.encode())
            self._channel.send_bytes(event)
        except OSError:
            return self._died(began)
        return self._receive(began, self._specification.timeout) or self._died(began)

    def kill(self) -> None:
        """End the process; whoever waits for its answer gets a failure."""
        self._end()

    def close(self) -> None:
        """End the process and let go of the channel."""
        self._end()
        self._channel.close()

    def _receive(self, began: float, limit: float, *, at_start: bool = False) -> Answer | None:
        """Return the answer; at the start, None for a function that is ready."""
        try:
            if not self._channel.poll(max(0.0, began + limit - time.monotonic())):
                self._end()
                return _failure("FunctionTimeout", f"Function timed out after {limit:g} seconds", began)
            status = self._channel.recv_bytes()
            if at_start and status == b"ready":
                return None
            answer = Answer(status == b"ok", self._channel.recv_bytes(), time.monotonic() - began)
        except (EOFError, OSError):
            return self._died(began)
        if at_start:
            self._end()
        return answer

    def _died(self, began: float) -> Answer:
        self._process.wait()
        how = f"Process exited unexpectedly before completing request (exit code {self._process.returncode})"
        return _failure("ProcessExited", how, began)

    def _end(self) -> None:
        if self.alive:
            self._process.terminate()
            try:
                self._process.wait(TERMINATE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()


def _failure(kind: str, message: str, began: float) -> Answer:
    payload = json.dumps({"errorMessage": message, "errorType": kind}).encode()
    return Answer(succeeded=False, payload=payload, seconds=time.monotonic() - began)
