"""What a simulation is about: requests drawn from the seed, and the platform around the two functions."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.adapters.circuit_breaker import BreakingCompute, Circuits
from shared.adapters.control import KeptControl
from shared.domain.create_instance.view import CheckOptions
from shared.domain.lifecycle.admission import keeps
from shared.domain.lifecycle.events import CancelAsked
from shared.domain.lifecycle.record import State, UnreadableRecord
from shared.domain.message.request import Delivery
from shared.domain.policy.control import Pause
from shared.domain.policy.document import Limits
from shared.domain.policy.places import OPEN
from shared.domain.timings import Timings
from shared.ports import Ports, StoreUnavailable
from shared.usecases.poll import poll
from shared.usecases.provision import Batch, provision
from shared.usecases.steer import TAKEN_BACK, cancel, say
from tests.reliability import policies
from tests.reliability.cloud import FOR_EVER, Ecs, Outage, Used
from tests.reliability.faults import Plan
from tests.reliability.kernel import START, Actor, Crash, Kernel
from tests.reliability.keys import Keys
from tests.reliability.neighbours import NextStore
from tests.reliability.policies import Process
from tests.reliability.world import (
    CALL_SECONDS,
    KEYS_REFUSED,
    Call,
    Message,
    SimClock,
    SimCompute,
    SimEntropy,
    SimLog,
    SimOutcomes,
    SimQueue,
    SimStore,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from shared.ports import Entropy

TIMINGS = Timings(deployment="sim", region="cn-hangzhou", call_seconds=CALL_SECONDS)
FAULTS_SECONDS = 1200.0
LIMIT_SECONDS = 6 * 3600.0
QUEUE_LIMIT, TIMER_LIMIT = 120.0, 70.0
BATCH = 3
MAX_TRIES = 176
AWAY = "cn-qingdao"
"""The region that may be out of reach."""
PATIENCE_SECONDS = 3600.0
"""How long past its deadline a request that cannot be settled is still watched."""
SECRET = "Sekret!42"
UNLISTED = "cloud_next"
"""A value that settings may take or refuse."""
USER_DATA = "c2VjcmV0LXVzZXItZGF0YQ=="


@dataclass(slots=True)
class Case:
    """One message to send: the body, when, and how many times it is delivered."""

    body: dict[str, Any] | str
    at: float
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Act:
    """An operator's act: a request that is cancelled, or else whether buying is paused."""

    cancels: str = ""
    pauses: bool = False


@dataclass(slots=True)
class Simulation:
    """A whole run: the world, the platform's two triggers, and the requests."""

    seed: int
    cases: list[Case]
    world: World
    skew: float = 0.0
    timings: Timings = TIMINGS
    lossy_queue: bool = False
    compute: Callable[[Call], Any] = SimCompute
    delivered: dict[str, str] = field(default_factory=dict)
    running: int = 0
    pending_copies: int = 0
    dead: list[str] = field(default_factory=list)
    options: tuple[CheckOptions, ...] = (CheckOptions(),)
    """The settings that change from one invocation to the next."""
    neighbours: bool = False
    """Whether every other invocation is the next version's."""
    twin: Simulation | None = None
    """Another stack of this name in the same account."""
    circuits: Circuits = field(default_factory=Circuits)
    processes: list[Process] = field(default_factory=list)
    """The queue function's processes that wait for a batch."""
    acts: list[tuple[float, Act]] = field(default_factory=list)
    """What operators do, and when."""
    limits: list[tuple[float, Limits]] = field(default_factory=list)
    """Which limits come into force, and when."""
    _polls: int = 0

    @property
    def kernel(self) -> Kernel:
        """The clock and the agenda."""
        return self.world.kernel

    def run(self) -> bool:
        """Run until everything is quiet; False when it never is."""
        for stack in self.stacks:
            stack.begin()
        return self.kernel.run(lambda: all(stack.quiet() for stack in self.stacks), LIMIT_SECONDS)

    @property
    def stacks(self) -> tuple[Simulation, ...]:
        """This stack, and the other one if there is one."""
        return (self, self.twin) if self.twin else (self,)

    def begin(self) -> None:
        """Put the messages and both triggers on the agenda."""
        for case in self.cases:
            self.pending_copies += case.copies
            self.kernel.after(case.at, lambda case=case: self._send(case))  # type: ignore[misc] # a default of a lambda has no type
        for at, act in self.acts:
            self.pending_copies += 1
            self.kernel.after(at, lambda act=act: self._act(act))  # type: ignore[misc] # the same
        for at, limits in self.limits:
            self.kernel.after(at, lambda limits=limits: self._limit(limits))  # type: ignore[misc] # the same
        self.kernel.after(1.0, self._pull)
        self.kernel.after(self.kernel.random.uniform(0, 30), self._tick)

    def way_out(self, actor: Actor) -> tuple[Call, SimClock, Entropy]:
        """Return an actor's way to the outside, its clock and its randomness."""
        return Call(self.world, actor), SimClock(actor), SimEntropy(self.kernel)

    def is_newer(self, _actor: Actor) -> bool:
        """Tell whether an invocation is the next version's."""
        return self.neighbours and self.kernel.random.random() < 0.5

    def ports(self, actor: Actor, process: Process | None = None) -> Ports:
        """Return the ports of one actor, in a process that may have served others before."""
        process = process or Process()
        call, clock, entropy = self.way_out(actor)
        store = NextStore(call) if self.is_newer(actor) else SimStore(call)
        compute = BreakingCompute(self.compute(call), self.circuits, clock)
        process.store = store
        if self.skew:
            # Invocations of one process share a clock; here each has its own.
            process.control = KeptControl(process)  # type: ignore[arg-type] # as much of a store as it reads
        return Ports(
            compute, store, SimQueue(call, self.lossy_queue), SimOutcomes(call), clock,
            entropy, SimLog(self.world, actor), process.policies, process.control,
        )  # fmt: skip

    def quiet(self) -> bool:
        """Tell whether nothing is left to do."""
        idle = not (self.running or self.world.queue or self.pending_copies)
        return idle and not self._left() and all(self.unsettled(name) for name in self.world.entries)

    def _left(self) -> list[str]:
        """Return the places that ended holders still hold, and that are counted."""
        world = self.world
        held = world.steered.places.get(OPEN, {}) if world.steered.counts_open(world.policies) else {}
        return [name for name in held if not keeps(world.records.get(name), OPEN)]

    def unsettled(self, name: str) -> bool:
        """Tell whether a request can get no outcome: what its lost call left, only a region tells that is away.

        Where every call was seen not to leave, that is no excuse.
        """
        record, outage = self.world.records.get(name), self.world.ecs.outages.get(AWAY)
        if record is None or outage is None or outage.ends < FOR_EVER or record.region_id != AWAY:
            return False
        doubtful = not outage.unsent or outage.begins > START or bool(self.world.plan.injected)
        waiting = record.state is State.CREATING and (record.calling or record.unknown)
        return doubtful and waiting and self.kernel.now > record.deadline + PATIENCE_SECONDS

    def _send(self, case: Case) -> None:
        body = case.body if isinstance(case.body, str) else json.dumps(case.body)
        self.pending_copies -= 1
        identity = self.world.enqueue(body, 0, self.kernel.now)
        if case.copies > 1:
            # The same message again, as an at-least-once queue does: the id is the same, the time is not.
            def again() -> None:
                self.pending_copies -= 1
                self.world.enqueue(body, 0, sent_at, identity)

            sent_at = self.kernel.now
            for _ in range(case.copies - 1):
                self.kernel.after(self.kernel.random.choice((0.1, 1.5, 3.0, 60.0, 900.0, 2500.0)), again)

    def _act(self, act: Act) -> None:
        """Let an operator act, who gives up when the store does not answer."""
        self.pending_copies -= 1

        def work(actor: Actor) -> None:
            (call, clock, _), world = self.way_out(actor), self.world
            store = SimStore(call)
            try:
                if act.cancels:
                    asked = CancelAsked("ann", "no longer wanted")
                    done = cancel(store, clock, self.timings, act.cancels, asked)
                    if done.end in TAKEN_BACK:
                        world.steered.cancelled.add(act.cancels)
                else:
                    say(store, Pause(act.pauses, "ann", "too much", actor.now()))
            except (StoreUnavailable, UnreadableRecord) as failure:
                world.kernel.note(f"{actor.name}: {failure}")

        self._invoke("operator", QUEUE_LIMIT, work, lambda _crashed: None)

    def _limit(self, limits: Limits) -> None:
        """Put other limits in force."""
        self.world.steered.limits.append((self.kernel.now, limits))
        policies.put(self.world, self.kernel.random, 0.0)

    def _pull(self) -> None:
        """Deliver a batch of what is visible, in any order, as the queue trigger does."""
        self.kernel.after(1.0, self._pull)
        visible = [m for m in self.world.queue.values() if m.visible_at <= self.kernel.now]
        self.kernel.random.shuffle(visible)
        batch = visible[:BATCH]
        if not batch:
            return
        for message in batch:
            message.visible_at = self.kernel.now + 1e9
            self.delivered[message.message_id] = message.body
        self._invoke("provision", QUEUE_LIMIT, lambda actor: self._provision(actor, batch), self._after_batch(batch))

    def _provision(self, actor: Actor, batch: list[Message]) -> None:
        deliveries = [Delivery(m.message_id, m.body, m.time) for m in batch]
        process = self.processes.pop() if self.processes else Process()
        done = provision(
            deliveries, self.ports(actor, process), self.timings, self.kernel.random.choice(self.options),
            ends_at=actor.now() + QUEUE_LIMIT - 10, workers=1,
        )  # fmt: skip
        self._acknowledge(done)
        self.processes.append(process)

    def _after_batch(self, batch: list[Message]) -> Callable[[bool], None]:
        def end(crashed: bool) -> None:  # noqa: FBT001 - the platform tells one thing
            for message in batch:
                if not crashed:
                    self.world.queue.pop(message.receipt, None)
                    continue
                message.tries += 1
                message.visible_at = self.kernel.now + min(2.0**message.tries, 512.0)
                if message.tries >= MAX_TRIES:
                    self.dead.append(message.message_id)
                    self.world.queue.pop(message.receipt, None)

        return end

    def _tick(self) -> None:
        """Run the timer function every minute, whether or not the last run is over."""
        self.kernel.after(60.0, self._tick)
        self._invoke("poll", TIMER_LIMIT, self._poll, lambda _crashed: None)

    def _poll(self, actor: Actor) -> None:
        done = poll(self.ports(actor), self.timings, ends_at=actor.now() + 55.0, workers=1)
        self._note_refused_keys("poll", refused=done.reason == "keys")

    def _acknowledge(self, done: Batch) -> None:
        """End the invocation as the handler does: it fails where a message has to come again."""
        self._note_refused_keys("provision", refused=done.keys_refused)
        if done.unacknowledged:
            if self.world.keys is not None:
                self.world.keys.end("provision")
            raise Crash("not acknowledged")

    def _note_refused_keys(self, function: str, *, refused: bool) -> None:
        if refused and self.world.keys is not None:
            self.world.keys.ending.add(function)

    def _invoke(self, name: str, limit: float, work: Callable[[Actor], None], then: Callable[[bool], None]) -> None:
        self._polls += 1
        self.running += 1
        skew = self.kernel.random.uniform(0, self.skew)

        def whole(actor: Actor) -> None:
            crashed, keys = True, self.world.keys
            try:
                if keys is not None and not keys.begin(name):
                    raise Crash(KEYS_REFUSED)
                work(actor)
                crashed = False
            finally:
                self.running -= 1
                then(crashed)

        actor = Actor(self.kernel, f"{name}-{self._polls}", whole, skew, limit)
        self.kernel.after(0.0, actor.resume)


def build(seed: int, *, rate: float | None = None, until: float = FAULTS_SECONDS) -> Simulation:
    """Draw a whole run from a seed."""
    kernel = Kernel(seed)
    rng = kernel.random
    chosen = rng.choice((0.0, 0.03, 0.08, 0.2)) if rate is None else rate
    plan = Plan(rng, chosen, START + until)
    ecs = Ecs(kernel, forgetful_tokens=rng.random() < 0.5, token_seconds=rng.choice((300.0, 300.0, 1800.0, FOR_EVER)))
    if rng.random() < 0.2:
        begins = START + rng.choice((0.0, rng.uniform(0, 200)))
        ends = rng.choice((begins + rng.uniform(60, 5400), FOR_EVER))
        ecs.outages[AWAY] = Outage(rng.random() < 0.5, begins, ends)
    world = World(kernel, plan, ecs)
    cases: list[Case] = []
    crowd = rng.random() < 0.04
    for number in range(rng.randint(12, 60) if crowd else rng.randint(1, 4)):
        cases.extend(draw_cases(rng, f"r{number}", ecs))
        if rng.random() < 0.05:
            world.cursed.add(f"r{number}")
    simulation = Simulation(seed, cases, world, skew=rng.choice((0.0, 5.0, 60.0)))
    if rng.random() < 0.4:
        policies.draw(rng, world)
    simulation.neighbours = rng.random() < 0.3
    if rng.random() < 0.4:
        simulation.options = (CheckOptions(), CheckOptions(unlisted="warn"))
    if not crowd and rng.random() < 0.15:
        simulation.twin = draw_twin(rng, simulation)
    world.steered.skew = simulation.skew
    draw_steering(rng, simulation)
    if rng.random() < 0.15:
        world.keys = Keys.draw(rng, START + rng.uniform(0, rng.choice((20, 20, 300))))
    return simulation


def draw_steering(rng: Random, simulation: Simulation) -> None:
    """Draw limits that change, a pause, and requests that are cancelled."""
    names = sorted({case.body["requestId"] for case in simulation.cases if isinstance(case.body, dict)})
    few = max(1, len(names) // 2)
    if rng.random() < 0.25:
        for at in sorted(rng.choice((-1.0, rng.uniform(0, 600))) for _ in range(rng.randint(1, 3))):
            open_, per_hour = rng.choice((None, 1, few, few)), rng.choice((None, None, 1, few))
            simulation.limits.append((max(at, 0.0), Limits(open_, per_hour)))
    if rng.random() < 0.3:
        began = rng.choice((0.5, rng.uniform(0, 120)))
        simulation.acts.append((began, Act(pauses=True)))
        simulation.acts.append((began + rng.choice((20.0, 120.0, 700.0, 1500.0)), Act()))
    if rng.random() < 0.25:
        for name in rng.sample(names, min(len(names), rng.randint(1, 3))):
            simulation.acts.extend(
                (rng.uniform(0, rng.choice((30, 120, 600))), Act(name)) for _ in range(rng.randint(1, 2))
            )


def draw_twin(rng: Random, first: Simulation) -> Simulation:
    """Draw another stack of the same name in the same account, whose senders use the same ids."""
    cases = [Case(deepcopy(case.body), case.at + rng.uniform(0, 60)) for case in first.cases]
    world = World(first.kernel, first.world.plan, first.world.ecs, name="twin ", identity="0badcafe")
    return Simulation(first.seed, cases, world, skew=first.skew, options=first.options)


def draw_cases(rng: Random, name: str, ecs: Ecs) -> list[Case]:
    """Draw one request, and what else may be sent under its name."""
    body = message(name)
    body["parameters"]["InstanceType"] = f"ecs.g6.{name}"
    body["start"] = rng.random() < 0.6
    body["timeoutSeconds"] = rng.choice((90, 300, 900))
    if rng.random() < 0.3:
        body["allocatePublicIp"] = True
        body["parameters"]["InternetMaxBandwidthOut"] = 5
    if rng.random() < 0.4:
        body["onFailure"] = "release"
    if rng.random() < 0.4:
        body["alternatives"] = [{"InstanceType": f"ecs.g7.{name}"}]
    spoil(rng, name, ecs, body["parameters"])
    if rng.random() < 0.25:
        policies.with_profile(body)
        ecs.throttled[name] = rng.choice((0, 0, 1, 3))  # so that copies come back under another policy
    if rng.random() < 0.25:
        body["releaseAfterSeconds"] = rng.choice(policies.LIFETIMES)
    at = rng.uniform(0, 60)
    cases = [Case(body, at, rng.choice((1, 1, 2, 3)))]
    if rng.random() < 0.15:
        cases.append(Case({**body, "start": not body["start"]}, at + rng.uniform(0, 300)))
    if rng.random() < 0.25:
        cases.append(Case(hostile(rng, body), at + rng.uniform(0, 300), rng.choice((1, 2))))
    if rng.random() < 0.1:
        cases.append(Case("{not json", rng.uniform(0, 60)))
    if rng.random() < 0.1:
        bad = {**message(f"{name}-bad"), "surprise": 1}
        bad["parameters"]["SystemDisk.Category"] = UNLISTED
        cases.append(Case(bad, rng.uniform(0, 60), rng.choice((1, 2, 3))))
    return cases


def hostile(rng: Random, body: dict[str, Any]) -> dict[str, Any] | str:
    """Draw a message under a request's id that is none, or not that one."""
    name = body["requestId"]
    return rng.choice(
        (
            {**body, "surprise": 1},
            {**body, "parameters": "none"},
            {**body, "timeoutSeconds": "soon"},
            {**body, "deferred": 99, "start": None},
            {"requestId": name, "parameters": {"RegionId": None}},
            f'{{"requestId": "{name}", "parameters": {{}}, "parameters": {{}}}}',
        )
    )


def spoil(rng: Random, name: str, ecs: Ecs, parameters: dict[str, Any]) -> None:
    """Draw what stands in a request's way."""
    if rng.random() < 0.35:
        rng.choice((ecs.sold_out, ecs.scarce)).add(f"ecs.g6.{name}")
    if rng.random() < 0.1:
        ecs.sold_out.add(f"ecs.g7.{name}")
    if rng.random() < 0.1:
        ecs.start_fails.add(name)
    if rng.random() < 0.1:
        ecs.vanishing.add(name)
    if rng.random() < 0.07:
        parameters["DryRun"] = True
    if rng.random() < 0.15:
        parameters["SystemDisk.Category"] = UNLISTED
    if rng.random() < 0.05:
        parameters["Password"] = "echo-" + SECRET
    _elsewhere(rng, name, ecs, parameters)


def _elsewhere(rng: Random, name: str, ecs: Ecs, parameters: dict[str, Any]) -> None:
    """Draw a token of the sender's, perhaps used before, and a region that may be away."""
    if rng.random() < 0.1:
        parameters["ClientToken"] = f"mine-{name}"
        if rng.random() < 0.5:
            ecs.tokens[f"mine-{name}"] = Used((("ImageId", "another"),), START)
    if ecs.outages and rng.random() < 0.5:
        parameters["RegionId"] = AWAY


def message(name: str) -> dict[str, Any]:
    """Return a plain valid message that carries secrets."""
    return {
        "requestId": name,
        "parameters": {
            "RegionId": "cn-hangzhou",
            "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
            "InstanceType": "ecs.g6.large",
            "Password": SECRET,
            "UserData": USER_DATA,
            "Tag": [{"Key": "team", "Value": "web"}],
        },
    }
