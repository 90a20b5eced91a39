"""What the local cloud sees of a request: its messages, its calls and their answers, its instance, its outcome."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local import defaults
from local.masking import masked
from local.trace.body import object_of, text_of
from local.trace.instances import Instances
from local.trace.presence import Presence
from local.trace.request_trace import as_id, meaning, meaning_of
from local.trace.trace import Trace
from shared.domain.errors.catalogue import succeeded
from shared.domain.message.request import DEFAULT_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local.trace.instances import InstanceLike
    from shared.domain.errors.model import ApiError

STEPS = {
    "ModifyInstanceAutoReleaseTime": "lifetime", "AllocatePublicIpAddress": "address", "StartInstance": "start",
    "DeleteInstance": "release",
}  # fmt: skip
"""The calls about an instance that are steps of their own, and the kind of each."""
LOOK_SECONDS = 0.1
VIOLATIONS = 20
LONGEST_NAME = 64
SECONDS = 60
"""How far back calls are counted by the second."""


@dataclass(frozen=True, slots=True)
class SeenCall:
    """A call that came in. `requests` tells the requests it is about; it is asked only when that matters."""

    service: str
    action: str
    parameters: Any
    requests: Callable[[], Iterable[str]]


class CallCounts:
    """Counts calls, by name and by the second they came in (the machine's monotonic time)."""

    def __init__(self) -> None:
        self._total: Counter[str] = Counter()
        self._seconds: Counter[int] = Counter()

    def add(self, name: str, now: float) -> None:
        """Count one call."""
        self._total[name] += 1
        self._seconds[int(now)] += 1

    def to_json(self, now: float) -> dict[str, Any]:
        """Return the whole seconds of the last minute, oldest first, and the totals, greatest first."""
        this = int(now)
        for second in [second for second in self._seconds if second < this - SECONDS]:
            del self._seconds[second]
        history = [self._seconds[second] for second in range(this - SECONDS, this)]
        return {"seconds": history, "total": dict(self._total.most_common())}


class Recorder:
    """Writes down what happens to each request. The cloud calls it under its lock: nothing here may raise or wait."""

    def __init__(self, run: str) -> None:
        self.trace = Trace(run)
        self._instances = Instances(self.trace)
        self._calls = CallCounts()
        self._presence = Presence()
        self._looked_at = 0.0

    def sent(self, queue: str, message_id: str, body: str, now: float, delay: float) -> None:
        """Tell of a message that was put into a queue."""
        if queue == defaults.DEAD_LETTERS:
            data = object_of(body).get("data")
            original = as_id(data.get("messageId")) if isinstance(data, dict) else None
            if original:
                self.trace.tell(self.trace.key_of(original), now, "buried", "moved to the dead letters")
        if queue != defaults.QUEUE:
            return
        data = object_of(body)
        key = as_id(data.get("requestId")) or message_id
        self.trace.remember(message_id, key)
        text = f"message {message_id}" + (f", to be taken in {delay:g} s" if delay else "")
        request = self.trace.tell(key, now, "enqueued", text, state="queued")
        if request.message is None:
            request.message = masked(text_of(body))
            request.facts["timeoutSeconds"] = _timeout(data)

    def delivered(self, queue: str, message_id: str, times: int, now: float) -> None:
        """Tell of a message that was handed to a receiver; `times` counts this one."""
        if queue == defaults.QUEUE:
            text = f"message {message_id}" + (f", time {times}" if times > 1 else "")
            self.trace.tell(self.trace.key_of(message_id), now, "delivered", text, state="delivered")

    def called(self, call: SeenCall, now: float) -> None:
        """Tell of a call that came in. Parameters are read of CreateInstance only: zone, type, token."""
        self._calls.add(f"{call.service}.{call.action}", time.monotonic())
        if call.service != "ecs":
            return
        if call.action == "CreateInstance":
            for key in _requests(call):
                self._create(key, call.parameters, now)
        elif call.action in STEPS:
            for key in _requests(call):
                self.trace.tell(key, now, STEPS[call.action], call.action)

    def failed(self, call: SeenCall, answer: ApiError, now: float, *, fault: object) -> None:
        """Tell of a call that was refused, or whose answer was lost (no status)."""
        if call.service == "ots" and not fault:
            return
        if succeeded(answer):
            told, kind, meant = answer.code, "passed", None
        else:
            told, kind, meant = answer.code or "no answer", "error", meaning(answer)
        text = f"{call.action}: {told}" + (" (fault)" if fault else "")
        for key in _requests(call):
            if key in self.trace.requests:
                self.trace.tell(key, now, kind, text, error=meant)

    def delayed(self, call: SeenCall, seconds: float, now: float) -> None:
        """Tell of a call that a fault holds up."""
        for key in _requests(call):
            if key in self.trace.requests:
                self.trace.tell(key, now, "fault", f"{call.action} is held for {seconds:g} s (fault)")

    def instance(self, instance: InstanceLike) -> None:
        """Take notice of an instance that is new, or that a call changed."""
        self._instances.touch(instance)

    def published(self, topic: str, body: str, now: float) -> None:
        """Tell of an outcome that was published."""
        if topic != defaults.TOPIC:
            return
        outcome = object_of(body)
        data = outcome.get("data")
        if not isinstance(data, dict):
            return
        key = as_id(data.get("duplicateOf")) or as_id(data.get("requestId")) or as_id(data.get("messageId"))
        if key is None:
            return
        if data.get("refused"):
            self._refused(key, data, now)
            self.trace.requests[key].publish(body)
            return
        end = str(outcome.get("type")).rpartition(".")[2]
        request = self.trace.requests.get(key)
        if request and request.knows("published"):
            self.trace.tell(key, now, "published", f"{end}, once more", state=end).publish(body)
            return
        error = meaning_of(data["error"]) if isinstance(data.get("error"), dict) else None
        text = f"{end}, to {topic}" + (f": {error['code']} at {data.get('stage')}" if error else "")
        self.trace.tell(
            key, now, "published", text, state=end, error=error, outcomeError=error,
            disposition=(data.get("instance") or {}).get("disposition"),
        ).publish(body)  # fmt: skip

    def heard(self, now: float) -> None:
        """Take notice of a word from the worker."""
        self._presence.hear(time.monotonic(), now)

    def look(self, now: float, parts: Callable[[], dict[str, Any]]) -> None:
        """Take notice of what changes by itself; several lookers a moment cost no more than one."""
        moment = time.monotonic()
        if moment - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = moment
        self._instances.look(now)
        own = {"calls": self._calls.to_json(moment), "worker": self._presence.to_json(moment)}
        for name, value in (own | parts()).items():
            self.trace.set_part(name, value)

    def _create(self, key: str, parameters: Any, now: float) -> None:
        named = {"zone": parameters.get("ZoneId"), "type": parameters.get("InstanceType")}
        facts = {name: str(value)[:LONGEST_NAME] for name, value in named.items() if value}
        where = ", ".join(facts.values())
        request = self.trace.tell(key, now, "called", f"CreateInstance: {where}", state="creating")
        token = str(parameters.get("ClientToken", ""))
        if token not in request.tokens:
            request.tokens.append(token)
        request.attempts += 1
        request.generation = len(request.tokens)

    def _refused(self, key: str, data: dict[str, Any], now: float) -> None:
        error = meaning_of(data["error"])
        violations = data.get("violations", [])[:VIOLATIONS]
        text = f"{error['code']}: {error['message']}"
        self.trace.tell(key, now, "refused", text, state="refused", error=error)
        if self.trace.requests[key].state == "refused":
            self.trace.note(key, now, outcomeError=error, violations=violations)


def _requests(call: SeenCall) -> list[str]:
    return [key for key in dict.fromkeys(call.requests()) if as_id(key)]


def _timeout(data: dict[str, Any]) -> int:
    """Return how long a request has, as the worker will read it."""
    seconds = data.get("timeoutSeconds", DEFAULT_TIMEOUT_SECONDS)
    return seconds if type(seconds) is int else DEFAULT_TIMEOUT_SECONDS
