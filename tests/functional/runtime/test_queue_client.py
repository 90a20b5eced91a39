"""One queue as the runtime and the commands see it: what waits there, and how connections are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local import defaults
from local.runtime.access import Access
from local.runtime.mns import Message, QueueClient
from tests.support.place import request
from tests.support.scripted_server import scripted

if TYPE_CHECKING:
    from tests.support.place import Place

MESSAGE = Message("id", "body", "handle", 0.0, 0.0)


def test_a_plain_message_is_no_fault_of_the_queue(place: Place) -> None:
    """Whether a queue answers does not depend on what waits in it: other senders than our own use no base64."""
    place.cloud.mns.enqueue(defaults.QUEUE, request("order-1"))
    with QueueClient(place.access, defaults.QUEUE) as queue:
        queue.check()
    assert place.queue()["visible"] == 1


@pytest.mark.parametrize(("idle_seconds", "connections"), [(0.0, 3), (60.0, 1)])
def test_an_idle_connection_is_not_used_again(idle_seconds: float, connections: int) -> None:
    """After a pause a call opens a connection: the server may be closing the old one just then."""
    with scripted() as script:
        for _ in range(3):
            script.answer(204)
        with QueueClient(Access.local(script.url), "q", idle_seconds) as queue:
            for _ in range(3):
                queue.delete([MESSAGE])
    assert script.connections == connections
