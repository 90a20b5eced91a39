"""`provisioner logs`: the lines of one request, and of no other."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from local.commands.logs import as_text
from tests.functional.deployment.keys import KEYS
from tests.support.healthy_account import healthy
from tests.support.processes import inside, json_lines
from tests.support.stub_account import STACK, StubAccount


def line(seconds_ago: float, **fields: Any) -> dict[str, Any]:
    """Return a line as the log store has it."""
    moment = time.time() - seconds_ago
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
    return {"__time__": str(int(moment)), "functionName": "provision-create",
            "message": json.dumps({"time": stamp, **fields})}  # fmt: skip


def logs(account: StubAccount, *arguments: str) -> Any:
    """Run the command."""
    with account.answering():
        return inside("logs", *arguments, "--stack", STACK, environ=KEYS)


def test_the_lines_of_a_request() -> None:
    """Oldest first, as JSON with the function's name; other requests' lines and older ones are not among them."""
    account = healthy()
    account.lines += [
        line(30, event="request", request_id="order-1", state="completed"),
        line(40, event="message", request_id="order-1", message_id="M-1", end="created"),
        line(35, event="message", request_id="order-10", message_id="M-2"),
        line(90_000, event="message", request_id="order-1", message_id="M-0"),
    ]
    done = logs(account, "order-1")
    assert done.exit_code == 0, done.output
    assert [(one["event"], one["function"]) for one in json_lines(done.stdout)] == [
        ("message", "provision-create"), ("request", "provision-create"),
    ]  # fmt: skip
    assert len(json_lines(logs(account, "order-1", "--hours", "30").stdout)) == 3
    assert json_lines(logs(account, "M-2").stdout)[0]["request_id"] == "order-10"


def test_many_lines_are_paged() -> None:
    """More lines than one call returns are all found."""
    account = healthy()
    account.lines += [line(number + 1, event="tick", request_id="order-1", number=number) for number in range(250)]
    found = [one["number"] for one in json_lines(logs(account, "order-1").stdout)]
    assert sorted(found) == list(range(250))
    assert account.calls["GetLogs"] == 3


def test_a_clock_that_is_behind() -> None:
    """What was logged just now is found though this machine's clock is minutes late."""
    account = healthy()
    account.lines.append(line(-600, event="message", request_id="order-1"))
    assert logs(account, "order-1").exit_code == 0


def test_more_lines_than_are_shown() -> None:
    """Of very many lines the newest are shown, and that there may be more is said."""
    account = healthy()
    account.lines += [line(number + 1, event="tick", request_id="order-1", number=number) for number in range(1001)]
    done = logs(account, "order-1")
    assert len(json_lines(done.stdout)) == 1000
    assert "only the newest 1000" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("order-404",), 1, "provisioner status"),
        (('order" or *',), 2, "no request id"),
        (("order-1", "--hours", "0"), 2, "--help"),
        (("order-1", "--hours", "nan"), 2, "--help"),
        (("order-1", "--hours", "inf"), 2, "--help"),
        (("order-1", "--region", "ap-southeast-1"), 2, "there is no stack"),
    ],
)
def test_nothing_found(arguments: tuple[str, ...], code: int, words: str) -> None:
    """No line is 1; an id that would be a query of its own, or a stack that is not there, is wrong use."""
    done = logs(healthy(), *arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert words in " ".join(done.stderr.split())


def test_what_a_line_holds_is_shown_not_obeyed() -> None:
    """On a terminal a line stays one line, and no character of it moves, colours or hides anything."""
    told = line(9, event="call_failed", request_id="order-1", code="\x1b[2J\nevil\u202e", kept="\u00fc")
    text = as_text({**told, "message": json.loads(told["message"])})
    assert text.isprintable()
    assert text.endswith("  provision-create  call_failed  code=\\x1b[2J\\nevil\\u202e kept=\u00fc")
