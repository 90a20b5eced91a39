"""What must hold when everything has gone quiet, whatever went wrong before."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Any

from shared.domain.errors.catalogue import classify
from shared.domain.errors.retry import POLICIES
from shared.domain.lifecycle.record import State
from shared.domain.lifecycle.record_json import to_json
from tests.reliability import policies
from tests.reliability.scenario import QUEUE_LIMIT, SECRET, USER_DATA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reliability.scenario import Simulation

LONGEST_WAIT = POLICIES["authentication"].cap
MAX_CREATES = 60
"""CreateInstance calls for one request: deadline and policies bound them."""
MAX_LOOK_UPS = 12
"""Look-ups of one request in any minute: growing waits bound them."""
MAX_IN_VAIN = 10
"""Calls, CreateInstance aside, to a region without an answer in any minute: its circuit breaker bounds them."""
MAX_COPIES = 60
"""How often the message of a recorded request is sent again: deadline and growing waits bound it."""
MAX_LATE_SECONDS = 120.0
"""From ready to ended, without faults: two periods of the timer."""
MISMATCH = "IdempotentParameterMismatch"


def violations(simulation: Simulation, *, quiet: bool) -> list[str]:
    """Return every broken guarantee, in words."""
    if not quiet:
        world = simulation.world
        state = f"queue {list(world.queue)}, open {list(world.entries)}, running {simulation.running}"
        return [f"never quiet: {state}"]
    return [f"{stack.world.name}{broken}" for stack in simulation.stacks for broken in _all(stack)]


def _all(simulation: Simulation) -> Iterator[str]:
    outcomes: dict[str, set[str]] = {}
    answered: dict[str, set[str]] = {}
    for body in simulation.world.published:
        event = json.loads(body)
        data = event["data"]
        if data.get("refused"):
            answered.setdefault(data["messageId"], set()).add(body)
        else:
            outcomes.setdefault(data["requestId"], set()).add(body)
    yield from _one_each(outcomes, "request")
    yield from _one_each(answered, "refused message")
    yield from _always(simulation, outcomes, answered)
    yield from _once(simulation, outcomes)
    yield from _fair(simulation)
    yield from _bugs(simulation, answered)
    yield from (f"what the next version wrote of {name} is lost" for name in simulation.world.records.lost)
    yield from _senders_tokens(simulation)
    yield from _bounded(simulation)
    yield from _keys(simulation)
    yield from secrets(simulation)
    yield from _healthy(simulation, outcomes)
    yield from _in_time(simulation)
    yield from policies.broken(simulation.world)
    yield from _steered(simulation, outcomes)
    if simulation.dead:
        yield f"dead letters: {simulation.dead}"


def _one_each(bodies: dict[str, set[str]], kind: str) -> Iterator[str]:
    for key, texts in bodies.items():
        if len(texts) != 1:
            yield f"{kind} {key} has {len(texts)} different outcomes"


def _always(simulation: Simulation, outcomes: dict[str, set[str]], answered: dict[str, set[str]]) -> Iterator[str]:
    alarmed = {line.get("request_id") for line in simulation.world.log if line["event"] == "unsettled"}
    for record in simulation.world.records.values():
        name = record.request_id
        if name.startswith("~") or name in outcomes:
            continue
        if not simulation.unsettled(name):
            yield f"request {name} has no outcome"
        elif name not in alarmed:
            yield f"request {name} has no outcome, and nobody is told"
    # A message that was sent again is answered by its copy.
    bodies = {_uncounted(simulation.delivered[key]) for key in answered if key in simulation.delivered}
    for message_id, body in simulation.delivered.items():
        subject = _request_id(body)
        answer = subject in outcomes or _uncounted(body) in bodies
        if not answer and not simulation.unsettled(subject or ""):
            yield f"message {message_id} ({subject}) has neither outcome nor refusal"


def _once(simulation: Simulation, outcomes: dict[str, set[str]]) -> Iterator[str]:
    ecs = simulation.world.ecs
    alive: dict[str, list[str]] = {}
    for machine in (each for each in ecs.machines.values() if each.owner == simulation.world.name):
        name = machine.tags["provisioner:request"].partition("/")[2]
        alive.setdefault(name, [])
        released = machine.release_at is not None and machine.release_at <= simulation.kernel.now
        if machine.deleted_at is None and machine.vanishes_at is None and not released:
            alive[name].append(machine.instance_id)
    yield from (f"request {name} has {len(ids)} instances: {ids}" for name, ids in alive.items() if len(ids) > 1)
    for name, ids in alive.items():
        if simulation.unsettled(name):
            continue
        said = _instance([json.loads(text)["data"] for text in outcomes.get(name, ())])
        for identity in ids:
            if said is None or said["instanceId"] != identity:
                yield f"instance {identity} of {name} is named by no outcome"
            elif said.get("disposition") in ("released", "vanished"):
                yield f"instance {identity} of {name} lives and is said to be {said['disposition']}"
    for name, count in ecs.creates.items():
        if count > MAX_CREATES:
            yield f"request {name} was tried {count} times"


def _senders_tokens(simulation: Simulation) -> Iterator[str]:
    """Nothing is bought under another token when the sender's own stands for something else."""
    for machine in simulation.world.ecs.machines.values():
        if machine.owner != simulation.world.name:
            continue
        name = machine.tags["provisioner:request"].partition("/")[2]
        record = simulation.world.records.get(name)
        if record is None:
            continue
        first = record.generations[0]
        if first.token.startswith("mine") and first.error_code == MISMATCH and machine.token != first.token:
            yield f"request {name} bought {machine.instance_id} although its sender's token stands for something else"


def _bounded(simulation: Simulation) -> Iterator[str]:
    """Nothing circles, whatever does not answer."""
    ecs = simulation.world.ecs
    for tag, times in ecs.look_ups.items():
        if (most := _most(times)) > MAX_LOOK_UPS:
            yield f"{tag} was looked up {most} times in a minute"
    if (most := _most(simulation.world.in_vain)) > MAX_IN_VAIN:
        yield f"a region that was away was asked {most} times in a minute"
    copies: Counter[str] = Counter()
    for body, count in simulation.world.copies.items():
        copies[_uncounted(body)] += count
    for body, count in copies.items():
        if count > MAX_COPIES and _request_id(body) in simulation.world.records:
            yield f"a message of {_request_id(body)} was sent again {count} times"


def _most(times: list[float]) -> int:
    """Return the most of the times that fall into one minute."""
    return max((bisect_left(times, start + 60) - number for number, start in enumerate(times)), default=0)


def _instance(data: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((item["instance"] for item in data if item.get("instance")), None)


def _fair(simulation: Simulation) -> Iterator[str]:
    """No refusal speaks in the name of a request that was accepted before, nor refuses what that request is."""
    world = simulation.world
    for text in dict.fromkeys(world.published):
        event = json.loads(text)
        name, message_id = event["data"]["requestId"], event["data"]["messageId"]
        if not event["data"].get("refused") or name not in world.records or name not in world.born:
            continue
        if world.born.get(f"~{message_id}", world.kernel.now) < world.born[name] + QUEUE_LIMIT:
            continue  # judged before the request was there
        if event["subject"] == name:
            yield f"the refusal of {message_id} speaks in the name of {name}"
        accepted = simulation.delivered[world.records[name].message_id]
        if _content(simulation.delivered[message_id]) == _content(accepted):
            yield f"{name} was accepted, and its copy {message_id} is refused"


def _bugs(simulation: Simulation, answered: dict[str, set[str]]) -> Iterator[str]:
    """Give up what meets a bug each time, and nothing else, with an alarm."""
    world = simulation.world
    told = {line["request_id"] for line in world.log if line["event"] == "message_given_up"}
    codes: dict[str, set[str]] = {}
    for text in (text for texts in answered.values() for text in texts):
        data = json.loads(text)["data"]
        codes.setdefault(data["requestId"], set()).add(data["error"]["code"])
    for name in world.cursed & codes.keys():
        if "InternalError" in codes[name] and name not in told:
            yield f"{name} is given up, and nobody is told"
    for name in codes.keys() - world.cursed:
        if "InternalError" in codes[name]:
            yield f"{name} is given up without a bug"


def _keys(simulation: Simulation) -> Iterator[str]:
    """No request pays for keys of ours that were renewed in time."""
    for record in simulation.world.records.values():
        failure, ended = record.failure, record.finished_at
        early = ended is not None and ended < record.deadline - LONGEST_WAIT
        if early and failure is not None and classify(failure.error).category == "authentication":
            yield f"{record.request_id} failed because our keys were refused"


def secrets(simulation: Simulation) -> Iterator[str]:
    """No secret is kept or told."""
    world = simulation.world
    places = {
        "an outcome": world.published,
        "a record": [to_json(record) for record in world.records.values()],
        "the log": [json.dumps(line, default=str) for line in world.log],
    }
    for place, texts in places.items():
        for secret in (SECRET, USER_DATA):
            if any(secret in text for text in texts):
                yield f"{place} holds a secret"


def _healthy(simulation: Simulation, outcomes: dict[str, set[str]]) -> Iterator[str]:
    """Without any fault a request that can succeed does."""
    ecs, plan = simulation.world.ecs, simulation.world.plan
    if plan.injected or simulation.world.keys is not None or simulation.world.steered.touched:
        return
    for name, texts in outcomes.items():
        data = [json.loads(text)["data"] for text in texts]
        record = simulation.world.records[name]
        forbidden = {each["alternative"] for each in record.forbidden}
        allowed = [each for number, each in enumerate(record.alternatives, 1) if number not in forbidden]
        types = [f"ecs.g6.{name}", *(item["InstanceType"] for item in allowed)]
        spoiled = name in ecs.start_fails | ecs.vanishing or (ecs.sold_out | ecs.scarce).issuperset(types)
        spoiled |= record.region_id in ecs.outages or f"mine-{name}" in ecs.tokens
        spoiled |= name in simulation.world.steered.cancelled
        if not spoiled and record.deadline - record.accepted_at >= 900 and "stage" in data[0]:
            code = data[0]["error"]["code"]
            if code != "InvalidPassword.Malformed":
                yield f"request {name} failed without any fault: {data[0]['stage']} {code}"


def _in_time(simulation: Simulation) -> Iterator[str]:
    """Without any fault a request ends soon after its instance is ready, whatever region does not answer."""
    world = simulation.world
    # What the next version wrote waits for one of its runs; a run whose keys are refused ends.
    if world.plan.injected or simulation.neighbours or world.keys is not None:
        return
    for record in world.records.values():
        machine = world.ecs.machines.get(record.instance_id or "")
        if machine is None or record.finished_at is None or record.region_id in world.ecs.outages:
            continue
        if record.failure is not None or record.state is not State.COMPLETED:
            continue
        ready = machine.stopped_at if machine.started_at is None else machine.started_at + machine.boot_seconds
        late = record.finished_at - simulation.skew - max(ready, record.created_at or 0.0)
        if late > MAX_LATE_SECONDS:
            yield f"request {record.request_id} ended {late:.0f} s after its instance was ready"


def _steered(simulation: Simulation, outcomes: dict[str, set[str]]) -> Iterator[str]:
    """Pause and limits held at every write, and what was taken back has ended so, or had failed before."""
    yield from dict.fromkeys(simulation.world.steered.broken)
    if not simulation.world.plan.injected and simulation.world.keys is None:
        left = [line["request_id"] for line in simulation.world.log if line["event"] == "place_given_back"]
        yield from (f"{name} ended without any fault and left its place" for name in left)
    for name in simulation.world.steered.cancelled:
        for text in outcomes.get(name, ()):
            if "stage" not in json.loads(text)["data"]:
                yield f"{name} was taken back and is completed"


def _uncounted(body: str) -> str:
    """Return a message without the worker's own count."""
    return re.sub(r'"deferred":\d+,', "", body)


def _content(body: str) -> Any:
    try:
        return json.loads(_uncounted(body))
    except ValueError:
        return body


def _request_id(body: str) -> str | None:
    try:
        return str(json.loads(body)["requestId"])
    except (ValueError, KeyError, TypeError):
        return None
