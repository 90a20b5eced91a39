"""Plays the queue trigger: takes messages in batches, calls the function, delivers a failed batch again.

As in the platform's synchronous mode, the next batch waits for the answer to this one. A batch whose invocation
failed, timed out or died comes again after 1, 2, 4 ... 512 s with the same events, and goes to the dead letters after
its tries. Messages stay in the queue, hidden, until then: a runtime that dies loses nothing.
"""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.runtime.cloud_events import batch_event, envelope
from local.runtime.mns import QueueClient, QueueError

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from local.runtime.access import Access
    from local.runtime.function import Function
    from local.runtime.mns import Message
    from local.runtime.specification import QueueTriggerSpecification

IDLE_WAIT_SECONDS = 1
RECONNECT_SECONDS = 2.0
HIDE_MARGIN_SECONDS = 30
LONGEST_HIDE_SECONDS = 43_200


@dataclass(frozen=True, slots=True)
class Strategy:
    """How often a batch is tried, and how long to wait after the n-th failure (from 1)."""

    tries: int
    first: float
    longest: float

    def delay(self, failures: int) -> float:
        """Return the seconds until the next try."""
        return min(self.longest, self.first * 2.0 ** (failures - 1))


STRATEGIES = {"EXPONENTIAL_DECAY_RETRY": Strategy(176, 1.0, 512.0), "BACKOFF_RETRY": Strategy(3, 10.0, 20.0)}
"""The platform's documented retry strategies."""


class QueueTrigger:
    """Feeds one function from one queue; `run` returns when `stopping` is set."""

    def __init__(
        self,
        function: Function,
        specification: QueueTriggerSpecification,
        access: Access,
        stopping: threading.Event,
        strategy: Strategy | None = None,
    ) -> None:
        self._function = function
        self._specification = specification
        self._access = access
        self._stopping = stopping
        self._strategy = strategy or STRATEGIES[specification.strategy]

    def run(self) -> None:
        """Take and deliver batches; a queue that does not answer is tried again."""
        while not self._stopping.is_set():
            try:
                with QueueClient(self._access, self._specification.queue) as queue:
                    self._feed(queue)
            except QueueError as error:  # noqa: PERF203 - it comes once in a while
                sys.stderr.write(f"queue trigger: {error}; trying again\n")
                self._stopping.wait(RECONNECT_SECONDS)

    def _feed(self, queue: QueueClient) -> None:
        while not self._stopping.is_set():
            if batch := self._take(queue):
                self._deliver(queue, batch)

    def _take(self, queue: QueueClient) -> list[Message]:
        """Collect a batch: full, or as old as the window."""
        size, window = self._specification.batch_size, self._specification.window_seconds
        batch = queue.receive(size, IDLE_WAIT_SECONDS)
        ends_at = time.monotonic() + window
        while batch and len(batch) < size and (left := ends_at - time.monotonic()) > 0:
            batch += queue.receive(size - len(batch), min(math.ceil(left), math.ceil(window)))
        return batch

    def _deliver(self, queue: QueueClient, batch: list[Message]) -> None:
        specification = self._specification
        envelopes = [
            envelope(message, self._access, specification.queue, base64=specification.base64) for message in batch
        ]
        event = batch_event(envelopes)
        for failures in range(1, self._strategy.tries + 1):
            delay = self._strategy.delay(failures)
            limit = self._function.specification.timeout + self._function.specification.initializer_timeout
            batch = _hide(queue, batch, limit + delay)
            answer = self._function.invoke(event)
            if answer.succeeded:
                queue.delete(batch)
                return
            if self._stopping.is_set():
                break
            text = f"queue trigger: {answer.error_type} after {answer.seconds:.1f} s, {len(batch)} messages"
            sys.stderr.write(f"{text}: again in {delay:g} s\n" if failures < self._strategy.tries else f"{text}\n")
            if failures < self._strategy.tries and self._stopping.wait(delay):
                break
        else:
            self._bury(queue, batch, envelopes)
            return
        # Stopped in between: give the messages back now, for the next runtime.
        for message in batch:
            queue.hide(message, 1)

    def _bury(self, queue: QueueClient, batch: list[Message], envelopes: Sequence[dict[str, object]]) -> None:
        """Put the raw events, envelope included, among the dead letters; without any they are dropped."""
        if self._specification.dead_letters:
            with QueueClient(self._access, self._specification.dead_letters) as dead_letters:
                for item in envelopes:
                    dead_letters.send(json.dumps(item, ensure_ascii=False))
        queue.delete(batch)


def _hide(queue: QueueClient, batch: list[Message], seconds: float) -> list[Message]:
    """Keep messages hidden for as long as the next try and the wait after it can take."""
    needed = min(math.ceil(seconds) + HIDE_MARGIN_SECONDS, LONGEST_HIDE_SECONDS)
    now = time.time()
    return [message if message.hidden_until >= now + seconds else queue.hide(message, needed) for message in batch]
