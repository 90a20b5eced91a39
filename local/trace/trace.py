"""What happened to all requests: bounded, and read by what changed since a number."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from local.trace.request_trace import RequestTrace, Step

REQUESTS = 2000
"""How many requests are remembered; the one that has been quiet longest is forgotten first."""
MESSAGES = 8000
PAGE = 200
"""How many requests one answer tells of."""
NOTICES = 20


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed, and the number to ask with next; `more` when there is more already."""

    version: int
    data: dict[str, Any]
    more: bool


class Trace:
    """Requests on their way, and the cloud around them. Whoever uses it holds the cloud's lock.

    Every change has a number, so that a reader needs to remember only the last one it was told. `run` is different
    for every trace: a number from another trace means nothing in this one. `most` is how many requests it keeps.
    """

    def __init__(self, run: str, most: int = REQUESTS) -> None:
        self.run = run
        self._most = most
        self.version = 0
        self.requests: OrderedDict[str, RequestTrace] = OrderedDict()
        self._keys: OrderedDict[str, str] = OrderedDict()
        self._parts: dict[str, tuple[int, Any]] = {}
        self._forgotten: OrderedDict[str, int] = OrderedDict()
        self._notices: list[dict[str, Any]] = []

    def tell(
        self, key: str, at: float, kind: str, text: str, *, state: str | None = None,
        error: dict[str, Any] | None = None, **facts: Any,
    ) -> RequestTrace:  # fmt: skip
        """Add a step to a request, which is new if nobody has told of it; set its state and facts."""
        request = self._request(key, at)
        request.version = self._next()
        request.add(Step(request.version, at, kind, text, error))
        self._touch(request, at, state, facts)
        return request

    def note(self, key: str, at: float, *, state: str | None = None, **facts: Any) -> None:
        """Set what is known of a request without a step of its own; nothing changes when it is known already."""
        request = self.requests.get(key)
        if request is None:
            return
        before = request.state, dict(request.facts)
        request.move(state or request.state)
        request.facts |= facts
        if (request.state, request.facts) != before:
            request.version = self._next()
            self._touch(request, at, None, {})

    def set_part(self, name: str, value: Any) -> None:
        """Set a part of the whole picture (queues, instances ...); the same value again is no change."""
        if name not in self._parts or self._parts[name][1] != value:
            self._parts[name] = self._next(), value

    def part(self, name: str) -> Any:
        """Return a part as it was last set."""
        return self._parts[name][1] if name in self._parts else None

    def warn(self, notice: dict[str, Any]) -> None:
        """Keep a line that somebody may want to look at; the last ones are shown."""
        self._notices = [*self._notices, notice][-NOTICES:]
        self.set_part("notices", self._notices)

    def remember(self, message_id: str, key: str) -> None:
        """Note which request a message is for."""
        self._keys[message_id] = key
        if len(self._keys) > MESSAGES:
            self._keys.popitem(last=False)

    def key_of(self, message_id: str) -> str:
        """Return the request a message is for; the message's own id when that is not known."""
        return self._keys.get(message_id, message_id)

    def changes(self, since: int = 0, limit: int = PAGE) -> Changes:
        """Return what was told after `since`, oldest change first, of at most `limit` requests."""
        changed = list(takewhile(lambda request: request.version > since, reversed(self.requests.values())))[::-1]
        told = changed[:limit]
        more = len(told) < len(changed)
        until = told[-1].version if more else self.version
        data: dict[str, Any] = {name: value for name, (number, value) in self._parts.items() if since < number <= until}
        if told:
            data["requests"] = [request.to_json(since) for request in told]
        if since and (gone := [key for key, number in self._forgotten.items() if since < number <= until]):
            data["forgotten"] = gone
        return Changes(until, data, more)

    def _request(self, key: str, at: float) -> RequestTrace:
        request = self.requests.get(key)
        if request is None:
            request = self.requests[key] = RequestTrace(key, at, at)
            self._forgotten.pop(key, None)
            if len(self.requests) > self._most:
                quiet, _ = self.requests.popitem(last=False)
                self._forgotten[quiet] = self._next()
                if len(self._forgotten) > self._most:
                    self._forgotten.popitem(last=False)
        return request

    def _touch(self, request: RequestTrace, at: float, state: str | None, facts: dict[str, Any]) -> None:
        request.facts |= {name: value for name, value in facts.items() if value is not None}
        if state:
            request.move(state)
        request.changed_at = max(request.changed_at, at)
        self.requests.move_to_end(request.key)

    def _next(self) -> int:
        self.version += 1
        return self.version
