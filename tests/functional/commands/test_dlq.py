"""Dead letters: looked at without harm, judged, and sent again before they are removed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from local import defaults
from local.cli import main
from local.cloud.cloud import Cloud
from local.cloud.server import running
from local.runtime.access import Access
from local.runtime.cloud_events import batch_event, envelope
from local.runtime.mns import Message, QueueClient
from tests.support import lives
from tests.support.place import Place, request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

pytestmark = pytest.mark.slow
SECRET = "Sample-Passw0rd"
ACCESS = Access.local("http://127.0.0.1:1")


@pytest.fixture(name="place")
def fixture_place(tmp_path: Path) -> Iterator[Place]:
    """Run a cloud over HTTP with the deployment's resources."""
    cloud = Cloud(provisioned=True)
    with running(cloud) as url:
        yield Place(cloud, url, tmp_path)


def enveloped(*bodies: str) -> str:
    """Return what the platform makes of a batch that failed: the raw event, envelope included."""
    messages = [Message(f"inner-{number}", body, "h", 1_795_000_000.0, 0.0) for number, body in enumerate(bodies)]
    events = [envelope(each, ACCESS, defaults.QUEUE, base64=False) for each in messages]
    return batch_event(events).decode() if len(events) > 1 else json.dumps(events[0])


def of_an_asynchronous_call(event: str) -> str:
    """Return what the platform makes of an asynchronous invocation that failed every try."""
    return json.dumps(
        {
            "timestamp": 1_795_000_000_000,
            "requestContext": {
                "requestId": "6f1c", "functionArn": "acs:fc:::functions/provision-create",
                "condition": "UnhandledInvocationError", "approximateInvokeCount": 9,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError"},
            "responsePayload": "{}",
        }
    )  # fmt: skip


def bury(place: Place, *bodies: str) -> list[str]:
    """Put dead letters into their queue; return their ids."""
    return place.send(*bodies, queue=defaults.DEAD_LETTERS)


def dlq(place: Place, *arguments: str, more: tuple[str, ...] = ()) -> Result:
    """Run a dlq command against the place."""
    where = ["--endpoint", place.url, "--data", str(place.folder), *more]
    return CliRunner().invoke(main, ["dlq", *arguments, *where], catch_exceptions=False)


def rows(result: Result) -> list[dict[str, Any]]:
    """Return the JSON lines of a command."""
    return lives.json_lines(result.stdout)


def test_list_says_what_became_of_each_request(place: Place) -> None:
    """Enveloped, plain and batched dead letters are unwrapped, and each request is looked up."""
    began = lives.now()
    bodies = {name: request(name) for name in ("open", "done", "failed", "nobody", "other")}
    lives.write(
        place.folder,
        lives.pending(bodies["open"], "i-1", began),
        lives.completed(bodies["done"], "i-2", began),
        lives.failed(bodies["failed"], began),
        lives.completed(request("other", start=False), "i-3", began),
    )
    bury(place, enveloped(bodies["open"]), bodies["done"], enveloped(bodies["failed"], bodies["nobody"]))
    bury(place, bodies["other"], request("wrong", start="yes"), "{not json", "[1]")
    result = dlq(place, "list")
    assert result.exit_code == 0
    found = {row["requestId"] or row["says"]: (row["state"], row["instanceId"]) for row in rows(result)}
    assert found == {
        "open": ("pending", "i-1"), "done": ("completed", "i-2"), "failed": ("failed", None),
        "nobody": ("unrecorded", None), "other": ("other", None), "wrong": ("refused", None),
        "no request: MalformedMessage; sent again it is answered with a refusal": ("refused", None),
    }  # fmt: skip
    assert "OperationDenied.NoStock" in result.stdout
    assert {row["messageId"] for row in rows(result) if row["requestId"] in ("failed", "nobody")} == {
        "inner-0", "inner-1",
    }  # fmt: skip


def test_nothing_buried_is_said(place: Place) -> None:
    """An empty queue is a sentence on standard error, so that nobody takes it for a command that did nothing."""
    for arguments in (["list"], ["replay", "--all"]):
        result = dlq(place, *arguments)
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no dead letters\n")


def test_looking_changes_nothing(place: Place) -> None:
    """After `list` and `show` every dead letter is back in its queue, more than one page of them, too."""
    bury(place, *[request(f"r{number}") for number in range(40)])
    assert len(rows(dlq(place, "list"))) == 40
    assert len(rows(dlq(place, "list"))) == 40
    assert dlq(place, "show", "r7").exit_code == 0
    place.wait_for(lambda: place.queue(defaults.DEAD_LETTERS)["visible"] == 40, 5)


def test_show_hides_secrets(place: Place) -> None:
    """`show` masks passwords and user data, and shows no body it cannot read, unless it is told to."""
    body = json.loads(request("full"))
    body["parameters"] |= {"Password": SECRET, "UserData": SECRET}
    broken = f'{{"requestId": "broken", "Password": "{SECRET}'
    letters = bury(place, enveloped(json.dumps(body)), broken)
    for letter in letters:
        shown = dlq(place, "show", letter)
        assert shown.exit_code == 0
        assert SECRET not in shown.output
        assert SECRET in dlq(place, "show", letter, "--reveal").stdout
    assert dlq(place, "show", "nobody").exit_code == 1


def test_replay_sends_the_body_and_then_removes_the_letter(place: Place) -> None:
    """The body goes back to the request queue as it was; only the letters that were named are gone."""
    bury(place, enveloped(request("one")), request("two"), "{not json")
    result = dlq(place, "replay", "one", "gone")
    assert result.exit_code == 1
    assert "no dead letter gone" in result.stderr
    (row,) = rows(result)
    assert (row["requestId"], row["replayed"], row["sentAs"]) == ("one", True, "one")
    assert requests(place) == [request("one")]
    assert dlq(place, "replay", "--all").exit_code == 0
    assert sorted(requests(place)) == sorted([request("two"), "{not json"])
    assert place.queue(defaults.DEAD_LETTERS) == {"visible": 0, "inFlight": 0, "delayed": 0}


def test_letters_of_asynchronous_calls(place: Place) -> None:
    """A record of a failed asynchronous invocation is opened like a raw event: listed, masked, sent again."""
    secret = json.loads(request("two"))
    secret["parameters"]["Password"] = SECRET
    bury(place, of_an_asynchronous_call(enveloped(request("one"), json.dumps(secret))))
    assert sorted(row["requestId"] for row in rows(dlq(place, "list"))) == ["one", "two"]
    shown = dlq(place, "show", "two")
    assert all(row["enveloped"] for row in rows(shown))
    assert SECRET not in shown.output
    assert dlq(place, "replay", "two").exit_code == 0
    assert sorted(map(str, map(json.loads, requests(place)))) == sorted(map(str, (json.loads(request("one")), secret)))


def test_what_only_looks_like_a_record_is_a_body(place: Place) -> None:
    """A plain letter stays one, whatever fields a sender gave it."""
    bodies = [json.dumps({"requestContext": {}, "requestPayload": each}) for each in ("no event", "[]", 7)]
    bury(place, *bodies)
    assert dlq(place, "replay", "--all").exit_code == 0
    assert sorted(requests(place)) == sorted(bodies)


def test_a_letter_stays_when_sending_fails(place: Place) -> None:
    """A dead letter is removed after its messages were sent, never before."""
    bury(place, request("one"))
    place.cloud.faults.add(
        {"service": "mns", "action": "SendMessage", "error": {"status": 500, "code": "InternalError", "message": "no"}}
    )
    result = dlq(place, "replay", "--all")
    assert result.exit_code == 2
    assert "InternalError" in result.stderr
    assert sum(place.queue(defaults.DEAD_LETTERS).values()) == 1


def test_replay_with_a_new_id(place: Place) -> None:
    """The copy is a new request, and the same one however often the same letter is sent again."""
    began, body = lives.now(), request("failed-" + "x" * 57)
    lives.write(place.folder, lives.failed(body, began))
    sent = []
    for _ in range(2):
        bury(place, enveloped(body))
        result = dlq(place, "replay", "--all", "--new-id")
        assert result.exit_code == 0, result.output
        sent.append(rows(result)[0]["sentAs"])
    assert sent[0] == sent[1] != json.loads(body)["requestId"]
    copies = [json.loads(copy) for copy in requests(place)]
    assert [copy["requestId"] for copy in copies] == sent
    assert copies[0]["parameters"] == json.loads(body)["parameters"]
    assert len(sent[0]) == 64


@pytest.mark.parametrize("life", ["open", "completed", "unreadable"])
def test_no_new_id_where_it_would_buy_twice(place: Place, life: str) -> None:
    """A request that is open or completed gets no second one, and a letter without an id cannot get another."""
    began, body = lives.now(), request("one")
    record = lives.pending(body, "i-1", began) if life == "open" else lives.completed(body, "i-1", began)
    lives.write(place.folder, record)
    bury(place, "[]" if life == "unreadable" else enveloped(body))
    result = dlq(place, "replay", "--all", "--new-id")
    assert result.exit_code == 1
    assert rows(result)[0]["replayed"] is False
    assert requests(place) == []
    assert sum(place.queue(defaults.DEAD_LETTERS).values()) == 1


def test_without_records_it_goes_on(place: Place) -> None:
    """Where the records cannot be read, dead letters are still listed and sent."""
    bury(place, request("one"))
    result = dlq(place, "list", more=("--store", "tablestore"))
    assert rows(result)[0]["state"] == "unrecorded"
    result = dlq(place, "list")  # no SQLite file is there
    assert rows(result)[0]["state"] == "unknown"


def test_wrong_use(place: Place) -> None:
    """Neither ids nor --all, or both, is wrong use; so is a queue that is not there."""
    assert dlq(place, "replay").exit_code == 2
    assert dlq(place, "replay", "one", "--all").exit_code == 2
    assert dlq(place, "list", "--dead-letters", "nowhere").exit_code == 2


def requests(place: Place) -> list[str]:
    """Take what is in the request queue."""
    found: list[str] = []
    with QueueClient(place.access, defaults.QUEUE) as queue:
        while messages := queue.receive(16, 0):
            found += [lives.plain(message) for message in messages]
            queue.delete(messages)
    return found
