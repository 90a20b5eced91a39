"""What a request costs: port calls of the queue function and of the timer, counted in worlds where nothing goes wrong.

The timer makes one round a minute here, so that a round's own calls (lease, open work) are counted once for each look.
"""

from __future__ import annotations

from collections import Counter

from shared.domain.policy.document import Limits
from tests.exploration.choices import Chooser
from tests.exploration.worlds import Small
from tests.reliability.scenario import Act, Case
from tests.reliability.stage import body

TEXT = 11
"""Where the text of a story's line begins, after its time."""
SERVICES = ("ecs", "store", "queue", "topic")
SCENARIOS = (
    Small("plain", (Case(body(), 1.0),), habits={"tick_at": 2.0}),
    Small("started, with an address", (Case(body(start=True, allocatePublicIp=True), 1.0),), habits={"tick_at": 2.0}),
    Small("with a lifetime", (Case(body(start=True, releaseAfterSeconds=1800), 1.0),), habits={"tick_at": 2.0}),
    Small("an alternative", (Case(body(alternatives=[{"InstanceType": "ecs.g7.r"}]), 1.0),),
          ecs={"sold_out": {"ecs.g6.r"}}, habits={"tick_at": 2.0}),
    Small("throttled once", (Case(body(), 1.0),), ecs={"throttled": {"r": 1}}, habits={"tick_at": 62.0}),
    Small("delivered twice", (Case(body(), 1.0, copies=2),), habits={"tick_at": 2.0}),
    Small("sent again when finished", (Case(body(), 1.0), Case(body(), 3.0)), habits={"tick_at": 2.0}),
    Small("the id reused", (Case(body(), 1.0), Case(body(timeoutSeconds=240), 3.0)), habits={"tick_at": 2.0}),
    Small("refused", (Case({**body(), "start": "yes"}, 1.0),), habits={"tick_at": 2.0}),
    Small("released after a failure", (Case(body(start=True, onFailure="release"), 1.0),),
          ecs={"start_fails": {"r"}}, habits={"tick_at": 20.0}),
    Small("limited, a place free", (Case(body(), 1.0),),
          habits={"limits": [(0.0, Limits(open=1, per_hour=5))], "tick_at": 2.0}),
    Small("cancelled when it exists", (Case(body(), 1.0),), habits={"acts": [(2.0, Act("r"))], "tick_at": 20.0}),
)  # fmt: skip


def costs(small: Small) -> str:
    """Return the calls of the queue function and of the timer: `ecs 1 store 7 | ecs 2 store 10 topic 1`."""
    stage = small.stage(Chooser(bound=0))
    assert stage.run()
    found = {"provision": Counter[str](), "poll": Counter[str]()}
    for line in stage.kernel.trace:
        actor, _, what = line[TEXT:].partition(": ")
        function, service = actor.partition("-")[0], what.partition(".")[0]
        if function in found and service in SERVICES:
            found[function][service] += 1
    return " | ".join(
        " ".join(f"{service} {counted[service]}" for service in SERVICES if counted[service]) or "nothing"
        for counted in found.values()
    )
