"""Every shape of answer that MNS, or a network in between, can give to the real SDK."""

from __future__ import annotations

import base64
import html
import re
import socket
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from shared.adapters.mns import Mns, MnsOutcomes, MnsQueue
from shared.ports import PublishFailed, SendFailed
from shared.settings import Credentials
from tests.support.scripted_server import Script, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "very-secret-key"
KEYS = Credentials("key-id", SECRET, "sts-token")
BODY = '{"requestId": "order-1", "parameters": {"Password": "Hunter2<&>"}}'
OUTCOME = '{"id": "1", "data": {"message": "a < b & c \\u0000 \\ud800"}}'

SENT = (
    '<?xml version="1.0"?><Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageId>M1</MessageId>'
    "<MessageBodyMD5>00</MessageBodyMD5></Message>"
)


@pytest.fixture
def script() -> Iterator[Script]:
    """Return a server to be told what to answer."""
    with scripted() as script:
        yield script


@pytest.fixture
def mns(script: Script) -> Iterator[Mns]:
    """Return connections to the script."""
    mns = Mns(script.url, KEYS, call_seconds=0.6)
    yield mns
    mns.close()


@pytest.fixture
def queue(mns: Mns) -> MnsQueue:
    """Return the queue port."""
    return MnsQueue(mns, "provision-requests")


@pytest.fixture
def outcomes(mns: Mns) -> MnsOutcomes:
    """Return the topic port."""
    return MnsOutcomes(mns, "provision-outcomes")


def xml(script: Script, status: int, body: str) -> None:
    """Add an answer of MNS to the script."""
    script.answer(status, body, content_type="text/xml;charset=utf-8", x_mns_request_id="req-1")


def refusal(code: str, message: str) -> str:
    """Return the body of a refusal as MNS writes it."""
    fields = {"Code": code, "Message": message, "RequestId": "req-1", "HostId": "http://h"}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f'<?xml version="1.0"?><Error xmlns="http://mns.aliyuncs.com/doc/v1/">{inner}</Error>'


def send_failure(queue: MnsQueue) -> SendFailed:
    """Send, expect a failure without secrets, return it."""
    with pytest.raises(SendFailed) as caught:
        queue.send(BODY, 5)
    assert_clean(caught.value)
    return caught.value


def publish_failure(outcomes: MnsOutcomes) -> PublishFailed:
    """Publish, expect a failure without secrets, return it."""
    with pytest.raises(PublishFailed) as caught:
        outcomes.publish(OUTCOME, "failed")
    assert_clean(caught.value)
    return caught.value


def assert_clean(error: Exception) -> None:
    """Fail when a secret is in the exception or its context."""
    text = "".join(traceback.format_exception(error))
    assert SECRET not in text
    assert "Hunter2" not in text
    assert error.__context__ is None


def element(request: bytes, name: str) -> str | None:
    """Return what an element of a request holds, as it was sent."""
    found = re.search(f"<{name}>(.*?)</{name}>".encode(), request, re.DOTALL)
    return found[1].decode() if found else None


def test_a_message_travels_in_base64(script: Script, queue: MnsQueue) -> None:
    """A message that is sent again looks as the first sender's did: base64, with its delay; its new id comes back."""
    xml(script, 201, SENT)
    assert queue.send(BODY, 30) == "M1"
    (request,) = script.requests
    assert request.startswith(b"POST /queues/provision-requests/messages ")
    assert base64.b64decode(element(request, "MessageBody") or "").decode() == BODY
    assert element(request, "DelaySeconds") == "30"


@pytest.mark.parametrize("length", [49_152, 49_153, 65_536])
def test_a_message_too_long_for_base64_travels_as_it_is(script: Script, queue: MnsQueue, length: int) -> None:
    """Whatever came in fits when it is sent again: in base64 while that has room, else plain."""
    xml(script, 201, SENT)
    body = BODY + " " * (length - len(BODY))
    queue.send(body, 0)
    sent = html.unescape(element(script.requests[0], "MessageBody") or "")
    assert len(sent) <= 65_536
    assert (sent if length > 49_152 else base64.b64decode(sent).decode()) == body


@pytest.mark.parametrize(
    ("rest", "kept"), [("ä" * 40_000, "ä" * ((65_536 - len(BODY)) // 2)), ("\x00" + "a" * 60_000, "")]
)
def test_what_no_queue_takes_is_cut(script: Script, queue: MnsQueue, rest: str, kept: str) -> None:
    """What is no message anyway is sent again as far as it can be: its batch must not fail for it."""
    xml(script, 201, SENT)
    queue.send(BODY + rest, 0)
    assert html.unescape(element(script.requests[0], "MessageBody") or "") == BODY + kept


ECHOES = {
    "as it is": BODY,
    "in base64": base64.b64encode(BODY.encode()).decode(),
    "the end of it": BODY[-40:],
    "the beginning in base64": base64.b64encode(BODY.encode()).decode()[:70],
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("place", ["code", "message", "HTML"])
def test_an_answer_that_repeats_the_message(script: Script, queue: MnsQueue, echo: str, place: str) -> None:
    """Words that repeat the message are not kept: its password may be in any part of them."""
    quoted = html.escape(echo)
    answers = {"code": refusal(quoted, "no"), "message": refusal("InvalidArgument", f"bad: {quoted}")}
    xml(script, 400, answers.get(place, f"<html>{echo}</html>"))
    failure = send_failure(queue)
    assert echo not in str(failure) + failure.code
    assert "parameters" not in str(failure) + failure.code


@pytest.mark.parametrize(("asked", "sent"), [(-5, "0"), (604_801, "604800"), (0, "0")])
def test_delays_stay_within_bounds(script: Script, queue: MnsQueue, asked: int, sent: str) -> None:
    """A delay the queue would refuse becomes the nearest it takes: the message must not be lost over it."""
    xml(script, 201, SENT)
    queue.send(BODY, asked)
    assert element(script.requests[0], "DelaySeconds") == sent


def test_an_outcome_travels_as_it_is(script: Script, outcomes: MnsOutcomes) -> None:
    """An outcome is published as plain ASCII with its tag; what XML forbids is an escape in its JSON."""
    xml(script, 201, SENT)
    outcomes.publish(OUTCOME, "failed")
    (request,) = script.requests
    assert request.startswith(b"POST /topics/provision-outcomes/messages ")
    body = element(request, "MessageBody") or ""
    assert body.replace("&quot;", '"') == OUTCOME.replace("&", "&amp;").replace("<", "&lt;")  # from 3.13 on as it is
    assert element(request, "MessageTag") == "failed"


def test_an_outcome_is_ascii(outcomes: MnsOutcomes) -> None:
    """Text that is not ASCII never reaches the SDK's XML."""
    with pytest.raises(ValueError, match="ASCII"):
        outcomes.publish('{"a": "ä"}', "failed")


@pytest.mark.parametrize(
    ("status", "code", "refused"),
    [
        (400, "InvalidArgument", True),
        (403, "AccessDenied", True),
        (404, "TopicNotExist", True),
        (500, "InternalServerError", False),
        (503, "ServiceUnavailable", False),
    ],
)
def test_a_refusal(
    script: Script, queue: MnsQueue, outcomes: MnsOutcomes, status: int, code: str, refused: object
) -> None:
    """A refusal names the code; a 4xx is one that trying again at once does not help."""
    for _ in range(2):
        xml(script, status, refusal(code, f"no, {SECRET}"))
    assert code in str(send_failure(queue))
    failure = publish_failure(outcomes)
    assert code in str(failure)
    assert failure.refused is refused


ODD = {
    "HTML from a gateway": (502, "<html>bad</html>", False),
    "HTML with a 4xx": (403, "<html>no</html>", True),
    "empty error": (500, "", False),
    "no XML": (201, "ok", False),
    "empty success": (201, "", False),
    "a redirect": (302, "", False),
}


@pytest.mark.parametrize(("status", "body", "refused"), ODD.values(), ids=ODD)
def test_an_answer_that_says_nothing(
    script: Script,
    queue: MnsQueue,
    outcomes: MnsOutcomes,
    status: int,
    body: str,
    refused: object,
) -> None:
    """An answer in no form of MNS's own is a failure of the port, never another exception."""
    for _ in range(2):
        script.answer(status, body, content_type="text/html")
    send_failure(queue)
    assert publish_failure(outcomes).refused is refused


def test_no_answer_in_time(script: Script, queue: MnsQueue) -> None:
    """A silent server is waited for no longer than the setting says."""
    script.answers.append(None)
    assert "timed out" in str(send_failure(queue))
    assert len(script.requests) == 1


def test_an_answer_that_never_ends_is_left(script: Script, queue: MnsQueue) -> None:
    """A call is over in its time, however slowly its answer comes."""
    script.answers.append(b"HTTP/1.1 201 X\r\nContent-Length: 100000\r\n\r\n" + SENT.encode())
    sending = threading.Event()

    def drip() -> None:
        while not sending.wait(0.05):
            for connection in script.opened:
                with suppress(OSError):
                    connection.sendall(b" ")

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    began = time.monotonic()
    try:
        assert "did not end" in str(send_failure(queue))
    finally:
        sending.set()
        thread.join(5)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("length", ["Content-Length: 1050000", "X-None: 1"])
def test_an_answer_of_any_length_is_left(script: Script, queue: MnsQueue, length: str) -> None:
    """An answer is read up to a length."""
    script.answers.append(f"HTTP/1.1 201 X\r\n{length}\r\n\r\n".encode() + b" " * 1_050_000)
    assert "did not end" in str(send_failure(queue))


def test_https_has_a_time_out() -> None:
    """Over https, where the SDK sets no time-out, a silent server does not eat the invocation either."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        mns = Mns(f"https://127.0.0.1:{listener.getsockname()[1]}", KEYS, call_seconds=0.3)
        assert "timed out" in str(send_failure(MnsQueue(mns, "q")))


def test_nobody_there() -> None:
    """A refused connection is a failure of the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    send_failure(MnsQueue(Mns(url, KEYS, call_seconds=0.3), "q"))


def test_the_sdk_sends_once_more_by_itself(script: Script, outcomes: MnsOutcomes) -> None:
    """A lost answer is two publishes and a success: why outcomes are published "at least" once."""
    script.answers.append(b"")
    xml(script, 201, SENT)
    outcomes.publish(OUTCOME, "completed")
    assert len(script.requests) == 2


def test_a_connection_closed_while_idle_is_opened_anew(script: Script, queue: MnsQueue) -> None:
    """A connection the server closed in the meantime does not make a second copy of the next message."""
    script.answer(201, SENT, content_type="text/xml")
    queue.send(BODY, 0)
    script.close_idle()
    xml(script, 201, SENT)
    queue.send(BODY, 0)
    assert len(script.requests) == 2
    assert script.connections == 2


def test_connections_are_kept(script: Script, queue: MnsQueue, outcomes: MnsOutcomes) -> None:
    """Calls one after the other share one connection, queue and topic alike."""
    for _ in range(4):
        xml(script, 201, SENT)
    for _ in range(2):
        queue.send(BODY, 0)
        outcomes.publish(OUTCOME, "failed")
    assert script.connections == 1


def test_after_a_failure_it_goes_on(script: Script, queue: MnsQueue) -> None:
    """A broken connection is not used again; the next call has one that works."""
    script.answers.append(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n<cut")
    script.answers.append(b"")
    xml(script, 201, SENT)
    send_failure(queue)
    assert queue.send(BODY, 0) == "M1"


def test_no_connection_is_shared(script: Script, queue: MnsQueue) -> None:
    """Many threads at once each have a connection of their own: every one gets its own answer."""
    count = 64
    for number in range(count):
        xml(script, 201, SENT.replace("M1", f"M{number}"))
    with ThreadPoolExecutor(count) as pool:
        ids = list(pool.map(lambda _: queue.send(BODY, 0), range(count)))
    assert sorted(ids) == sorted(f"M{number}" for number in range(count))
    assert len(script.requests) == count
