"""A function with its warm instances: started when needed, used again, thrown away when they failed hard."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

from local.runtime.instance import FunctionInstance

if TYPE_CHECKING:
    from local.runtime.instance import Answer, Place
    from local.runtime.specification import FunctionSpecification


class Function:
    """One deployed function. `invoke` may be called from several threads: each call gets an instance of its own."""

    def __init__(self, specification: FunctionSpecification, place: Place) -> None:
        self.specification = specification
        self._place = place
        self._lock = threading.Lock()
        self._idle: list[FunctionInstance] = []
        self._busy: set[FunctionInstance] = set()
        self._closed = False

    @property
    def pids(self) -> list[int]:
        """The processes that are serving a request now."""
        with self._lock:
            return [instance.pid for instance in self._busy]

    def invoke(self, event: bytes) -> Answer:
        """Call the handler once; a failure of any kind is an answer, never an exception."""
        request_id = str(uuid.uuid4())
        instance = self._take(request_id)
        answer = instance.failure or instance.invoke(event, request_id)
        self._give_back(instance)
        return answer

    def warm_up(self) -> Answer | None:
        """Start an instance for later and return None; return the failure when it does not start."""
        instance = self._take(str(uuid.uuid4()))
        failure = instance.failure
        self._give_back(instance)
        return failure

    def close(self) -> None:
        """End every instance, the busy ones too."""
        with self._lock:
            self._closed = True
            idle, busy = self._idle, list(self._busy)
            self._idle = []
        for instance in idle:
            instance.close()
        for instance in busy:
            instance.kill()

    def _take(self, request_id: str) -> FunctionInstance:
        with self._lock:
            while self._idle:
                instance = self._idle.pop()
                if instance.alive:
                    self._busy.add(instance)
                    return instance
                instance.close()
        instance = FunctionInstance(self.specification, self._place, request_id)
        with self._lock:
            self._busy.add(instance)
        return instance

    def _give_back(self, instance: FunctionInstance) -> None:
        with self._lock:
            self._busy.discard(instance)
            keep = instance.alive and not self._closed
            if keep:
                self._idle.append(instance)
        if not keep:
            instance.close()
