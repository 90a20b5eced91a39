"""The MNS adapters against the local cloud: what they send is what the trigger and the subscribers get."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from mns.queue import QueueMeta
from mns.subscription import SubscriptionMeta
from mns.topic import TopicMeta

from local import defaults
from shared.adapters.mns import Mns, MnsOutcomes, MnsQueue
from shared.ports import PublishFailed, SendFailed
from shared.settings import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.clients import Clients

KEYS = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)
BODY = '{"requestId": "order-1", "parameters": {"Description": "ä <&> \\u0000 \U0001f600"}}'
OUTCOME = json.dumps({"data": {"message": "ä <&> \x00 \x7f \ud800 \U0001f600 ]]>"}})


@pytest.fixture
def mns(cloud: Clients) -> Iterator[Mns]:
    """Return connections to a cloud with the product's queues and topic."""
    account = cloud.mns()
    for name in (defaults.QUEUE, defaults.INBOX):
        account.get_queue(name).create(QueueMeta())
    account.get_topic(defaults.TOPIC).create(TopicMeta())
    endpoint = f"acs:mns:{defaults.REGION}:{defaults.ACCOUNT_ID}:queues/{defaults.INBOX}"
    meta = SubscriptionMeta(endpoint, notify_content_format="SIMPLIFIED")
    account.get_topic(defaults.TOPIC).get_subscription("inbox").subscribe(meta)
    mns = Mns(cloud.url, KEYS, call_seconds=5)
    yield mns
    mns.close()


def raw_bodies(cloud: Clients, name: str, count: int) -> list[str]:
    """Return the bodies of a queue's messages as they were sent."""
    queue = cloud.mns().get_queue(name)
    queue.set_encoding(False)
    return [queue.receive_message(1).message_body for _ in range(count)]


def test_a_message_sent_again(cloud: Clients, mns: Mns) -> None:
    """A message comes back after its delay, letter for letter, in base64 as the trigger expects it."""
    message_id = MnsQueue(mns, defaults.QUEUE).send(BODY, 30)
    assert message_id
    assert cloud.cloud.state()["mns"]["queues"][defaults.QUEUE]["visible"] == 0
    cloud.cloud.clock.advance(31)
    (body,) = raw_bodies(cloud, defaults.QUEUE, 1)
    assert base64.b64decode(body).decode() == BODY


def test_an_outcome(cloud: Clients, mns: Mns) -> None:
    """Subscribers get the exact bytes, whatever characters the JSON stands for."""
    MnsOutcomes(mns, defaults.TOPIC).publish(OUTCOME, "completed")
    assert cloud.cloud.state()["mns"]["topics"][defaults.TOPIC] == [OUTCOME]
    assert raw_bodies(cloud, defaults.INBOX, 1) == [OUTCOME]


def test_no_such_queue_or_topic(mns: Mns) -> None:
    """A wrong name is a failure that says so; for the topic one that trying again does not help."""
    with pytest.raises(SendFailed, match="QueueNotExist"):
        MnsQueue(mns, "elsewhere").send(BODY, 0)
    with pytest.raises(PublishFailed, match="TopicNotExist") as caught:
        MnsOutcomes(mns, "elsewhere").publish(OUTCOME, "failed")
    assert caught.value.refused


@pytest.mark.parametrize(("effect", "copies"), [("lose-request", 1), ("lose-response", 2)])
def test_lost_once(cloud: Clients, mns: Mns, effect: str, copies: int) -> None:
    """The SDK sends once more by itself: a lost answer leaves a second copy, and both ports live with it."""
    for action in ("SendMessage", "PublishMessage"):
        cloud.cloud.faults.add({"service": "mns", "action": action, "effect": effect})
    MnsQueue(mns, defaults.QUEUE).send(BODY, 0)
    MnsOutcomes(mns, defaults.TOPIC).publish(OUTCOME, "failed")
    state = cloud.cloud.state()["mns"]
    assert state["queues"][defaults.QUEUE]["visible"] == copies
    assert len(state["topics"][defaults.TOPIC]) == copies


def test_lost_for_good(cloud: Clients, mns: Mns) -> None:
    """When the second try is lost as well, the port says that nobody knows."""
    for action in ("SendMessage", "PublishMessage"):
        cloud.cloud.faults.add({"service": "mns", "action": action, "effect": "lose-request", "times": 2})
    with pytest.raises(SendFailed):
        MnsQueue(mns, defaults.QUEUE).send(BODY, 0)
    with pytest.raises(PublishFailed) as caught:
        MnsOutcomes(mns, defaults.TOPIC).publish(OUTCOME, "failed")
    assert not caught.value.refused


def test_a_wrong_key(cloud: Clients, mns: Mns) -> None:  # noqa: ARG001 - makes the queue
    """A wrong secret is refused, and is not in the text."""
    wrong = Mns(cloud.url, Credentials(defaults.ACCESS_KEY_ID, "another-secret"), call_seconds=5)
    with pytest.raises(SendFailed, match="SignatureDoesNotMatch") as caught:
        MnsQueue(wrong, defaults.QUEUE).send(BODY, 0)
    wrong.close()
    assert "another-secret" not in str(caught.value)


def test_many_threads(cloud: Clients, mns: Mns) -> None:
    """64 threads send and publish side by side; everything arrives once."""
    queue, outcomes = MnsQueue(mns, defaults.QUEUE), MnsOutcomes(mns, defaults.TOPIC)

    def work(number: int) -> str:
        outcomes.publish(f'{{"number": {number}}}', "completed")
        return queue.send(f'{{"number": {number}}}', 0)

    with ThreadPoolExecutor(64) as pool:
        ids = list(pool.map(work, range(128)))
    state = cloud.cloud.state()["mns"]
    assert len(set(ids)) == 128
    assert state["queues"][defaults.QUEUE]["visible"] == 128
    assert sorted(state["topics"][defaults.TOPIC]) == sorted(f'{{"number": {number}}}' for number in range(128))
