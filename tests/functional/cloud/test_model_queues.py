"""Queues of the local cloud against what is documented of them, through the official SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from mns.mns_exception import MNSServerException
from mns.queue import Message, QueueMeta

from tests.functional.cloud.test_mns_queues import code, set_policy
from tests.support.documented.queue import QueueModel, Sent
from tests.support.documented.run import compare, disagrees
from tests.support.fresh_clouds import fresh_clouds

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.cloud import Cloud
    from tests.support.fresh_clouds import FreshClouds

pytestmark = pytest.mark.slow

RETENTION = 100
MOST = 16
DELAYS = st.sampled_from([None, None, 0, 1, 20])
PRIORITIES = st.sampled_from([None, None, 1, 16])


class QueueMachine(RuleBasedStateMachine):
    """Sends, receives and returns messages in any order while time passes."""

    fresh: FreshClouds
    make_model: type[QueueModel] = QueueModel
    handles = Bundle("handles")

    @initialize(visibility=st.sampled_from([5, 30]), delay=st.sampled_from([0, 7]), most=st.sampled_from([None, 1, 2]))
    def begin(self, visibility: int, delay: int, most: int | None) -> None:
        """Begin with an empty queue, perhaps with another for its dead letters."""
        self.cloud: Cloud = self.fresh.begin()
        self.queue = self.fresh.mns.get_queue("work")
        self.queue.create(QueueMeta(vis_timeout=visibility, msg_ttl=RETENTION, delay_sec=delay))
        self.dead = self.fresh.mns.get_queue("dead")
        self.dead.create(QueueMeta(vis_timeout=RETENTION, msg_ttl=RETENTION))
        if most is not None:
            set_policy(self.fresh.mns, "work", "dead", most)
        self.model = self.make_model(visibility, delay, RETENTION, most)
        self.sent = 0

    @property
    def now(self) -> float:
        """The cloud's time."""
        return self.cloud.clock.now()

    @rule(delay=DELAYS, priority=PRIORITIES)
    def send(self, delay: int | None, priority: int | None) -> None:
        """Send one message."""
        self.queue.send_message(self._message(delay, priority))

    @rule(many=st.lists(st.tuples(DELAYS, PRIORITIES), min_size=1, max_size=4))
    def batch_send(self, many: list[tuple[int | None, int | None]]) -> None:
        """Send some at once."""
        self.queue.batch_send_message([self._message(*one) for one in many])

    @rule(target=handles)
    def receive(self) -> Any:
        """Receive one."""
        return self._received([self._or_none(self.queue.receive_message)], 1)

    @rule(target=handles, limit=st.sampled_from([1, 2, 3, MOST]))
    def batch_receive(self, limit: int) -> Any:
        """Receive up to so many."""
        return self._received(self._or_none(self.queue.batch_receive_message, limit) or [], limit)

    @rule()
    def peek(self) -> None:
        """Look at everything: what can be received is there, and nothing changes by looking."""
        seen = {self._body(one): one for one in self._or_none(self.queue.batch_peek_message, MOST) or []}
        wanted = {one.body: one for one in self.model.visible(self.now)}
        maybe = self.model.exhausted(self.now)
        assert wanted.keys() <= seen.keys() | (set() if len(seen) < MOST else wanted.keys())
        assert seen.keys() <= wanted.keys() | maybe.keys()
        for body, message in seen.items():
            self._check(message, wanted.get(body) or maybe[body])

    @rule(handle=handles)
    def delete(self, handle: str) -> None:
        """Delete by a handle that was given out, whatever has happened since."""
        held = self.model.held(handle, self.now)
        if held is None:
            assert code(self.queue.delete_message, handle) == "MessageNotExist"
        else:
            self._taken(self.queue.delete_message, handle)
            self.model.delete(held)

    @rule(some=st.lists(handles, min_size=1, max_size=4))
    def batch_delete(self, some: list[str]) -> None:
        """Delete several: each is for itself, the same twice is refused once."""
        refused = []
        for handle in some:
            held = self.model.held(handle, self.now)
            if held is None:
                refused.append(handle)
            else:
                self.model.delete(held)
        if not refused:
            self._taken(self.queue.batch_delete_message, some)
            return
        with pytest.raises(MNSServerException) as caught:
            self.queue.batch_delete_message(some)
        told = [(line["ReceiptHandle"], line["ErrorCode"]) for line in caught.value.sub_errors]
        assert told == [(handle, "MessageNotExist") for handle in refused]

    @rule(target=handles, handle=handles, seconds=st.sampled_from([1, 10, 60]))
    def change_visibility(self, handle: str, seconds: int) -> Any:
        """Hold a message for longer or shorter: the handle is another one from then on."""
        held = self.model.held(handle, self.now)
        if held is None:
            assert code(self.queue.change_message_visibility, handle, seconds) == "MessageNotExist"
            return multiple()
        changed = self._taken(self.queue.change_message_visibility, handle, seconds)
        assert changed.receipt_handle != handle
        self.model.hold(held, changed.receipt_handle, seconds, self.now)
        assert int(changed.next_visible_time) == int(held.visible_at * 1000)
        return changed.receipt_handle

    @rule(seconds=st.sampled_from([5, 30]))
    def set_visibility(self, seconds: int) -> None:
        """Change the queue's visibility timeout: it counts for the next receipts."""
        self.queue.set_attributes(QueueMeta(vis_timeout=seconds))
        self.model.visibility = seconds

    @rule(seconds=st.sampled_from([0, 0, 20, 70, 90]))
    def bury(self, seconds: int) -> None:
        """Receive all there is, wait, and look for the dead: what was exhausted then and is not too old, no other."""
        while received := self._or_none(self.queue.batch_receive_message, MOST) or []:
            self._received(received, MOST)
        buried = self.model.exhausted(self.now)
        self.cloud.clock.advance(seconds)
        found = {self._body(one): one for one in self._or_none(self.dead.batch_receive_message, MOST) or []}
        exhausted = self.model.exhausted(self.now)
        assert found.keys() <= exhausted.keys()
        assert len(found) == MOST or buried.keys() & exhausted.keys() <= found.keys()
        for body, one in found.items():
            self.dead.delete_message(one.receipt_handle)
            self.model.delete(exhausted[body])

    @rule(seconds=st.sampled_from([1, 4, 5, 7, 20, 30, 70]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.cloud.clock.advance(seconds)

    @invariant()
    def counts(self) -> None:
        """Count as many messages in each state."""
        if hasattr(self, "model"):
            found = self.cloud.state()["mns"]["queues"]["work"]
            visible, held, delayed = self.model.counts(self.now)
            assert (found["inFlight"], found["delayed"]) == (held, delayed)
            assert visible <= found["visible"] <= visible + len(self.model.exhausted(self.now))

    def _message(self, delay: int | None, priority: int | None) -> Message:
        self.sent += 1
        body = f"message {self.sent}"
        self.model.send(body, self.now, delay, priority)
        return Message(body, delay_seconds=-1 if delay is None else delay, priority=priority or -1)

    def _received(self, messages: list[Any], limit: int) -> Any:
        """Compare what a receipt brought, and return the handles."""
        messages = [message for message in messages if message is not None]
        visible = self.model.visible(self.now)
        priorities = [one.priority for one in visible][:limit]
        assert sorted(message.priority for message in messages) == priorities
        bodies = [self._body(message) for message in messages]
        assert len(set(bodies)) == len(bodies)
        assert set(bodies) <= {one.body for one in visible}
        for body, message in zip(bodies, messages, strict=True):
            one = self.model.received(body, message.receipt_handle, self.now)
            self._check(message, one)
            assert message.next_visible_time == int(one.visible_at * 1000)
        return multiple(*(message.receipt_handle for message in messages))

    def _check(self, message: Any, one: Sent) -> None:
        """Compare what is told of a message."""
        first = one.enqueued_at if one.first_dequeued_at is None else one.first_dequeued_at
        told = (message.dequeue_count, message.enqueue_time, message.first_dequeue_time, message.priority)
        assert told == (one.dequeues, int(one.enqueued_at * 1000), int(first * 1000), one.priority)

    @staticmethod
    def _body(message: Any) -> str:
        return str(message.message_body.decode())

    @staticmethod
    def _taken(call: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a call answers that must not be refused."""
        try:
            return call(*arguments)
        except MNSServerException as error:
            raise AssertionError(f"refused, but documented is that it is taken: {error.type}") from None

    @staticmethod
    def _or_none(call: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a call answers; None where it says that there is no message."""
        try:
            return call(*arguments)
        except MNSServerException as error:
            if error.type != "MessageNotExist":
                raise
            return None


def machine(clouds: FreshClouds, model: type[QueueModel] = QueueModel) -> Callable[[], QueueMachine]:
    """Return a machine over these clouds."""
    return type("Machine", (QueueMachine,), {"fresh": clouds, "make_model": model})


def test_queues_are_as_documented() -> None:
    """Whatever is sent, received and returned when, each message is seen by whom, when and as often as documented."""
    with fresh_clouds() as clouds:
        compare(machine(clouds), examples=40, steps=30)


class HandlesLast(QueueModel):
    """Takes a handle for good until the next receipt, visible again or not."""

    def held(self, handle: str, now: float) -> Sent | None:
        return next((one for one in self.alive(now) if one.handle == handle), None)


class HandlesStay(QueueModel):
    """Keeps the handle when a message's visibility changes."""

    def hold(self, one: Sent, handle: str, seconds: int, now: float) -> None:
        if one.handle is None or one.visible_at <= now:
            one.handle = handle
        one.visible_at = now + seconds


class DelaysAdd(QueueModel):
    """Adds a message's own delay to the queue's."""

    def send(self, body: str, now: float, delay: int | None, priority: int | None) -> None:
        super().send(body, now, self.delay + (delay or 0), priority)


class OnceMore(QueueModel):
    """Delivers once more than the dead-letter policy says."""

    def exhausted(self, now: float) -> dict[str, Sent]:
        found = super().exhausted(now)
        return {body: one for body, one in found.items() if one.dequeues > (self.max_receives or 0)}


class KeptForEver(QueueModel):
    """Knows no retention."""

    def alive(self, now: float) -> list[Sent]:  # noqa: ARG002 - a rule less
        return list(self.messages.values())


@pytest.mark.models
@pytest.mark.parametrize("model", [HandlesLast, HandlesStay, DelaysAdd, OnceMore, KeptForEver])
def test_another_rule_of_queues_is_noticed(model: type[QueueModel]) -> None:
    """A model with one rule changed disagrees with the local cloud: each of them is compared."""
    with fresh_clouds() as clouds:
        assert disagrees(machine(clouds, model), examples=200, steps=30)
