"""A small world: the simulation's ports and platform, with every chance turned into a choice."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from shared.domain.lifecycle.record import OpenEntry
from shared.domain.message.request import Delivery
from shared.ports import StoredPolicy
from shared.usecases.poll import poll
from shared.usecases.provision import provision
from tests.exploration.ports import Names, RememberingCall, RememberingClock
from tests.reliability.cloud import Machine
from tests.reliability.scenario import CALL_SECONDS, QUEUE_LIMIT, TIMER_LIMIT, Case, Simulation
from tests.reliability.world import Message, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.policy.document import Limits
    from tests.reliability.kernel import Actor
    from tests.reliability.world import Call, SimClock

SPARE_SECONDS = 0.6
"""What a run has beyond its last call: enough for one round, too little for the pause before another."""
ALARMS = ("unsettled", "message_given_up", "place_given_back")


def _whole(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """Return what takes all fields of a dataclass: their tuple is told in less time than the whole."""
    return attrgetter(*(each.name for each in fields(kind)))


_MACHINE, _MESSAGE, _ENTRY = _whole(Machine), _whole(Message), _whole(OpenEntry)


@dataclass(slots=True)
class SmallWorld(World):
    """A world that tells its platform when a message becomes visible."""

    deliver: Callable[[], None] = lambda: None

    def enqueue(self, body: str, delay: float, sent_at: float, message_id: str | None = None) -> str:
        """Put a message into the queue."""
        identity = World.enqueue(self, body, delay, sent_at, message_id)
        self.kernel.after(delay, self.deliver)
        return identity

    def state(self) -> str:
        """Return all that is left of what was. Of the log, what the guarantees ask for, secrets aside."""
        ecs = self.ecs
        alarms = [(line["event"], line["request_id"]) for line in self.log if line["event"] in ALARMS]
        steering = (self.policies, self.steered, [(owner, name) for owner, name, _ in ecs.called])
        platform = (self.plan.injected.total() > 0, self.sent, self.copies, self.lease, self.born)
        texts = (self.records.texts, self.records.lost, self.records.written, sorted(set(self.published)))
        cloud = (
            [_MACHINE(each) for each in ecs.machines.values()],
            ecs.tokens,
            ecs.throttled,
            ecs.look_ups,
            ecs.creates,
        )
        queue = sorted(_MESSAGE(each) for each in self.queue.values())
        work = (sorted(_ENTRY(each) for each in self.entries.values()), queue, self.keys)
        return repr((platform, work, texts, cloud, steering, alarms))


@dataclass(slots=True)
class Stage(Simulation):
    """The platform: one message a delivery, one round a run, and nothing by chance.

    The timer ticks first at `tick_at`; a delivery that failed comes again after `again_seconds` (None: 2, 4, 8 …).
    """

    tick_at: float = 1.0
    again_seconds: float | None = None
    period: float = 60.0
    rules: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """Which policies come into force, and when."""
    _deliveries: int = 0

    def begin(self) -> None:
        """Put the messages and the timer on the agenda."""
        for case in self.cases:
            self.pending_copies += 1
            self.kernel.after(case.at, lambda case=case: self._send(case))  # type: ignore[misc] # a default of a lambda has no type
        for at, act in self.acts:
            self.pending_copies += 1
            self.kernel.after(at, lambda act=act: self._act(act))  # type: ignore[misc] # the same
        for at, limits in self.limits:
            self.kernel.after(at, lambda limits=limits: self._limit(limits))  # type: ignore[misc] # the same
        for at, rules in self.rules:
            self.kernel.after(at, lambda rules=rules: self._rule(rules))  # type: ignore[misc] # the same
        self.kernel.after(self.tick_at, self._tick)

    def _limit(self, limits: Limits) -> None:
        """Put limits in force, and no other rule."""
        self.world.steered.limits.append((self.kernel.now, limits))
        self._rule({})

    def _rule(self, rules: dict[str, Any]) -> None:
        """Put a policy in force."""
        world = self.world
        text = json.dumps({**rules, **world.steered.limits_given()})
        world.policies.append(StoredPolicy(len(world.policies) + 1, text, self.kernel.now))

    def way_out(self, actor: Actor) -> tuple[Call, SimClock, Names]:
        """Return an actor's way to the outside; what it is told is remembered."""
        return RememberingCall(self.world, actor), RememberingClock(actor), Names(actor)

    def is_newer(self, actor: Actor) -> bool:
        """Every other invocation is the next version's."""
        return self.neighbours and int(actor.name.rpartition("-")[2]) % 2 == 0

    def state(self) -> str:
        """Return the state of world and platform."""
        circuits = self.circuits._open  # noqa: SLF001 - it is part of the state
        platform = (self._polls, self._deliveries, self.running, self.pending_copies, self.dead, self.delivered)
        return f"{platform}{circuits}{self.world.state()}"  # type: ignore[attr-defined] # a SmallWorld

    def _tick(self) -> None:
        """Run the timer function."""
        self.kernel.after(self.period, self._tick)
        self._invoke("poll", TIMER_LIMIT, self._poll, lambda _crashed: None)

    def _send(self, case: Case) -> None:
        """Send a message, and deliver it as often as the case says, all at once."""
        self.pending_copies -= 1
        body = case.body if isinstance(case.body, str) else json.dumps(case.body)
        identity = self.world.enqueue(body, 0, self.kernel.now)
        for _ in range(case.copies - 1):
            self.world.enqueue(body, 0, self.kernel.now, identity)

    def _pull(self) -> None:
        """Deliver every message that is visible, each by itself."""
        for message in [m for m in self.world.queue.values() if m.visible_at <= self.kernel.now]:
            message.visible_at = self.kernel.now + 1e9
            self.delivered[message.message_id] = message.body
            self._invoke(
                "provision", QUEUE_LIMIT, lambda actor, m=message: self._deliver(actor, m), self._after_batch([message])
            )

    def _after_batch(self, batch: list[Message]) -> Callable[[bool], None]:
        """Have what failed come again."""
        end = Simulation._after_batch(self, batch)  # noqa: SLF001 - super() and slots disagree

        def then(crashed: bool) -> None:  # noqa: FBT001 - the platform tells one thing
            end(crashed)
            for message in batch:
                if message.receipt in self.world.queue and not self.kernel.over:
                    if self.again_seconds is not None:
                        message.visible_at = self.kernel.now + self.again_seconds
                    self.kernel.at(message.visible_at, self._pull)

        return then

    def _deliver(self, actor: Actor, message: Message) -> None:
        self.kernel.remember(actor, f"{message}")  # type: ignore[attr-defined] # a Stepper
        options = self.options[min(self._deliveries, len(self.options) - 1)]
        self._deliveries += 1
        done = provision(
            [Delivery(message.message_id, message.body, message.time)], self.ports(actor), self.timings, options,
            ends_at=actor.now() + QUEUE_LIMIT - 10, workers=1,
        )  # fmt: skip
        self._acknowledge(done)

    def _poll(self, actor: Actor) -> None:
        """Make one round: time enough for each of its calls, and not for another round."""
        done = poll(self.ports(actor), self.timings, ends_at=actor.now() + CALL_SECONDS + SPARE_SECONDS, workers=1)
        self._note_refused_keys("poll", refused=done.reason == "keys")
