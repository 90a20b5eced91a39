"""A kernel without chance: at every port call, before its effect and before its answer, somebody else may go on.

An actor that is put aside in the middle of its way (a preemption, cost 1) stays aside until it is chosen again: free
whenever whoever runs sleeps or ends; at its time limit it dies. While everybody who could run is aside, the clock
may go on without them. What the platform does (deliver, tick) happens at its time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from tests.exploration.choices import Option
from tests.reliability.kernel import START, Actor, Endless, Kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.exploration.choices import Chooser

STEPS = 20_000
"""More steps are a story that never ends."""
WORD = 32


class Still(random.Random):
    """No chance: the smallest number, the first item, the same order; only what has to be unique (many bits) counts."""

    drawn = 0

    def random(self) -> float:
        """Return the smallest number."""
        return 0.0

    def getrandbits(self, k: int) -> int:
        """Return 0, or a number that was not there before."""
        self.drawn += k > WORD
        return self.drawn if k > WORD else 0


@dataclass(slots=True)
class Item:
    """Something on the agenda; `actor` is who goes on then, None for the platform."""

    time: float
    action: Callable[[], Any]
    actor: Actor | None
    label: str
    """What it is, the same in every run."""


def _label(action: Callable[[], Any]) -> str:
    function = getattr(action, "__func__", action)
    return f"{function.__qualname__}{getattr(function, '__defaults__', None) or ''}"


class Stepper(Kernel):
    """The clock and the agenda, going the way of a chooser."""

    def __init__(self, chooser: Chooser) -> None:
        super().__init__(0)
        self.random = Still()
        self.chooser = chooser
        self.world_state: Callable[[], str] = lambda: ""
        self.holding = False
        self._items: list[Item] = []
        self._chosen: Item | None = None
        self.current: Actor | None = None
        self._aside: set[Actor] = set()
        self._histories: dict[Actor, Any] = {}

    def at(self, time: float, action: Callable[[], Any]) -> None:
        """Put an action on the agenda."""
        actor = getattr(action, "__self__", None)
        item = (
            Item(time, action, actor, actor.name)
            if isinstance(actor, Actor)
            else Item(time, action, None, _label(action))
        )
        self._items.append(item)

    def remember(self, actor: Actor | None, answer: str) -> None:
        """Add to what an actor has seen of the world: what it does next follows from that alone."""
        assert actor is not None
        self._histories.setdefault(actor, blake2b(digest_size=16)).update(answer.encode() + b"\0")

    def run(self, until: Callable[[], bool], limit: float) -> bool:
        """Go on until the condition holds; False when `limit` seconds or the steps were not enough."""
        try:
            while self._items and self.steps < STEPS:
                item = self._chosen or self._next()
                self._chosen = None
                if item.time > START + limit:
                    return False
                self._play(item)
                if isinstance(self.failure, Endless):
                    return False
                if self.failure is not None:
                    raise self.failure
                if until():
                    return True
            return until()
        finally:
            self._end()

    def keeps(self, actor: Actor) -> bool:
        """Tell whether the actor that waits is chosen to go on next."""
        if self.steps >= STEPS:
            return False
        try:
            item = self._next()
        except BaseException:
            self._items = [item for item in self._items if item.actor is not actor]  # its thread ends by this
            raise
        if item.actor is not actor:
            self._chosen = item
            return False
        self._take(item)
        return True

    def _take(self, item: Item) -> None:
        self._items.remove(item)
        self.steps += 1
        if item.actor is not None:
            self.current = item.actor
            self._aside.discard(item.actor)

    def _play(self, item: Item) -> None:
        self._take(item)
        item.action()
        if item.actor is not None and not any(other.actor is item.actor for other in self._items):
            self._histories.pop(item.actor, None)
            self._aside.discard(item.actor)

    def _next(self) -> Item:
        """Return what happens next, letting the clock go on to it."""
        while True:
            item = self._choose()
            if item is not None:
                return item

    def _choose(self) -> Item | None:
        """Return what happens next; None when only the clock or somebody's turn has changed."""
        due = [item for item in self._items if item.time <= self.now]
        for item in due:
            if item.actor is None or item.actor.kill_at < self.now:
                return item
        if not due:
            self._advance()
            return None
        mine = next((item for item in due if item.actor is self.current), None)
        first = [item for item in due if item is not mine and item.actor not in self._aside]
        last = [item for item in due if item is not mine and item.actor in self._aside]
        others = [*first, *last]
        price = 0 if mine is None or mine.actor in self._aside else 1
        ways: list[Item | None] = [*([mine] if mine and price else []), *others]
        if mine and not price:
            ways.append(mine)
        if not first:
            ways.append(None)
        taken = ways[self.chooser.choose([self._option(way, mine, price) for way in ways], self._digest)]
        if taken is not mine and price and self.current is not None:
            self._aside.add(self.current)
            self.holding = True
            self.note(f"-- {self.current.name} is put aside")
        if taken is None:
            self._advance()
        return taken

    @staticmethod
    def _option(way: Item | None, mine: Item | None, price: int) -> Option:
        cost = 0 if way is mine and way is not None else price
        return Option("the clock goes on" if way is None else f"{way.label} goes on", cost)

    def _advance(self) -> None:
        """Let the clock go on to whatever comes next, the end of somebody who is aside included."""
        times = [item.time for item in self._items if item.time > self.now]
        times += [actor.kill_at + 0.001 for actor in self._aside if actor.kill_at >= self.now]
        self.now = min(times)

    def _digest(self) -> bytes:
        """Return the whole state in few bytes: world, clock, agenda, and all that each actor has seen."""
        agenda = sorted((max(item.time, self.now), item.label) for item in self._items)
        mine = self.current if any(item.actor is self.current for item in self._items) else None
        who = sorted(
            (actor.name, actor.kill_at, history.digest(), actor in self._aside, actor is mine)
            for actor, history in self._histories.items()
        )
        random_state = self.random.drawn if isinstance(self.random, Still) else 0
        whole = repr((self.now, self.holding, random_state, agenda, who, self.world_state()))
        return blake2b(whole.encode(), digest_size=16).digest()

    def _end(self) -> None:
        """End every actor that still waits: its thread must not outlive the run."""
        self.over = True
        for actor in {item.actor for item in self._items if item.actor is not None}:
            actor.resume()
        self._items.clear()
