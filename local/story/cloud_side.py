"""What the local cloud sees of a request: its messages, its calls and their answers, its instance, its outcome."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from local import defaults
from local.cloud.service import ServiceError
from local.story.bodies import as_id, read
from local.story.calls import Calls
from local.story.instances import Instances
from local.story.meaning import meaning, meaning_of
from local.story.story import Story
from shared.domain.errors.catalogue import succeeded
from shared.domain.errors.model import ApiError

if TYPE_CHECKING:
    from local.cloud.service import Call, Service
    from local.story.instances import InstanceLike

STEPS = {"StartInstance": "start", "AllocatePublicIpAddress": "address", "DeleteInstance": "release"}
"""The calls about an instance that are steps of their own, and the kind of each."""
LOOK_SECONDS = 0.1
VIOLATIONS = 20


class Witness:
    """Writes the story down. The cloud calls it under its lock; nothing here fails or waits."""

    def __init__(self, run: str) -> None:
        self.story = Story(run)
        self._instances = Instances(self.story)
        self._calls = Calls()
        self._looked_at = 0.0

    def sent(self, queue: str, message_id: str, body: str, now: float, delay: float) -> None:
        """Tell of a message that was put into a queue."""
        if queue == defaults.DEAD_LETTERS:
            data = read(body).get("data")
            original = as_id(data.get("messageId")) if isinstance(data, dict) else None
            if original:
                self.story.tell(self.story.key_of(original), now, "buried", "moved to the dead letters")
        if queue != defaults.QUEUE:
            return
        key = as_id(read(body).get("requestId")) or message_id
        self.story.remember(message_id, key)
        text = f"message {message_id}" + (f", to be taken in {delay:g} s" if delay else "")
        self.story.tell(key, now, "enqueued", text, state="queued")

    def delivered(self, queue: str, message_id: str, times: int, now: float) -> None:
        """Tell of a message that was handed to a receiver; `times` counts this one."""
        if queue == defaults.QUEUE:
            text = f"message {message_id}" + (f", time {times}" if times > 1 else "")
            self.story.tell(self.story.key_of(message_id), now, "delivered", text, state="delivered")

    def called(self, service: Service, call: Call, now: float) -> None:
        """Tell of a call that came in. Parameters are read of CreateInstance only: zone, type, token."""
        self._calls.add(f"{service.name}.{call.action}", time.monotonic())
        if service.name != "ecs":
            return
        if call.action == "CreateInstance":
            for key in _requests(service, call):
                self._create(key, call.parameters, now)
        elif call.action in STEPS:
            for key in _requests(service, call):
                self.story.tell(key, now, STEPS[call.action], call.action)

    def failed(self, service: Service, call: Call, now: float, *, error: ServiceError | None, fault: object) -> None:
        """Tell of a call that was refused, or whose answer was lost (no error)."""
        if service.name == "ots" and not fault:
            return
        status, code, words = (error.status, error.code, error.message) if error else (None, "", "")
        if succeeded(ApiError(call.action, status, code, words)):
            told, kind, meant = code, "passed", None
        else:
            told, kind, meant = code or "no answer", "error", meaning(call.action, status, code, words)
        text = f"{call.action}: {told}" + (" (fault)" if fault else "")
        for key in _requests(service, call):
            if key in self.story.journeys:
                self.story.tell(key, now, kind, text, error=meant)

    def delayed(self, service: Service, call: Call, seconds: float, now: float) -> None:
        """Tell of a call that a fault holds up."""
        for key in _requests(service, call):
            if key in self.story.journeys:
                self.story.tell(key, now, "fault", f"{call.action} is held for {seconds:g} s (fault)")

    def instance(self, instance: InstanceLike) -> None:
        """Take notice of an instance that is new, or that a call changed."""
        self._instances.touch(instance)

    def published(self, topic: str, body: str, now: float) -> None:
        """Tell of an outcome that was published."""
        if topic != defaults.TOPIC:
            return
        outcome = read(body)
        data = outcome.get("data")
        if not isinstance(data, dict):
            return
        key = as_id(data.get("duplicateOf")) or as_id(data.get("requestId")) or as_id(data.get("messageId"))
        if key is None:
            return
        if data.get("refused"):
            self._refused(key, data, now)
            return
        end = str(outcome.get("type")).rpartition(".")[2]
        journey = self.story.journeys.get(key)
        if journey and journey.knows("published"):
            self.story.tell(key, now, "published", f"{end}, once more", state=end)
            return
        error = meaning_of(data["error"]) if isinstance(data.get("error"), dict) else None
        text = f"{end}, to {topic}" + (f": {error['code']} at {data.get('stage')}" if error else "")
        self.story.tell(
            key, now, "published", text, state=end, error=error, outcomeError=error,
            disposition=(data.get("instance") or {}).get("disposition"),
        )  # fmt: skip

    def look(self, now: float, queues: dict[str, dict[str, int]], faults: list[dict[str, Any]]) -> None:
        """Take notice of what changes by itself; several lookers a moment cost no more than one."""
        moment = time.monotonic()
        if moment - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = moment
        self._instances.look(now)
        self.story.set_part("queues", queues)
        self.story.set_part("faults", faults)
        self.story.set_part("calls", self._calls.to_json(moment))

    def _create(self, key: str, parameters: Any, now: float) -> None:
        facts = {"zone": parameters.get("ZoneId"), "type": parameters.get("InstanceType")}
        where = ", ".join(str(value)[:64] for value in facts.values() if value)
        journey = self.story.tell(key, now, "called", f"CreateInstance: {where}", state="creating")
        token = str(parameters.get("ClientToken", ""))
        if token not in journey.tokens:
            journey.tokens.append(token)
        journey.attempts += 1
        journey.generation = len(journey.tokens)

    def _refused(self, key: str, data: dict[str, Any], now: float) -> None:
        error = meaning_of(data["error"])
        violations = data.get("violations", [])[:VIOLATIONS]
        text = f"{error['code']}: {error['message']}"
        self.story.tell(key, now, "refused", text, state="refused", error=error)
        if self.story.journeys[key].state == "refused":
            self.story.note(key, now, outcomeError=error, violations=violations)


def _requests(service: Service, call: Call) -> list[str]:
    """Return the requests a call is about; none when it cannot be read."""
    try:
        return [key for key in dict.fromkeys(service.request_ids(call)) if as_id(key)]
    except ServiceError:
        return []
