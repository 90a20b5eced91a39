"""The local runtime calls a handler as the platform does."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.runtime.function import Function
from local.runtime.instance import Answer, Place
from local.runtime.specification import FunctionSpecification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Make = Callable[..., Function]

CODE = """
import json, logging, os, sys, time

STARTED = []

def initializer(context):
    STARTED.append(context.request_id)

def echo(event, context):
    assert isinstance(event, bytes)
    return event

def text(event, context):
    return "text"

def answer(event, context):
    return {"initialized": len(STARTED), "pid": os.getpid(), "cwd": os.getcwd(), "path": sys.path[0]}

def shape(event, context):
    credentials = getattr(context, "credentials", None)
    return {
        "fields": sorted(vars(context)),
        "function": vars(context.function),
        "key": credentials and credentials.access_key_id,
        "variables": dict(os.environ),
    }

def fail(event, context):
    raise ValueError("no good")

def leave(event, context):
    raise SystemExit(3)

def hang(event, context):
    time.sleep(60)

def log(event, context):
    logging.basicConfig(level=logging.DEBUG)
    logging.info("one line")
    return "logged"

def broken_initializer(context):
    raise RuntimeError("no settings")
"""


@pytest.fixture(name="make")
def fixture_make(tmp_path: Path) -> Iterator[Make]:
    """Make functions of the code above; their processes end with the test."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__init__.py").touch()
    (tmp_path / "folder" / "code_of_test.py").write_text(CODE)
    made = []

    def make(
        handler: str,
        *,
        module: str = "folder.code_of_test",
        initializer: str | None = None,
        timeout: float = 10.0,
        runtime: str = "python3.12",
    ) -> Function:
        specification = FunctionSpecification(
            "tested", f"{module}.{handler}", initializer and f"{module}.{initializer}", runtime, timeout, 10.0, 128
        )
        log = (tmp_path / "log").open("a", encoding="utf-8")
        environment = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "key", "FC_REGION": "cn-hangzhou", "PATH": os.environ["PATH"]}
        function = Function(specification, Place(tmp_path, environment, log))
        made.append((function, log))
        return function

    yield make
    for function, log in made:
        function.close()
        log.close()


@pytest.mark.parametrize(
    ("handler", "event", "payload"),
    [("echo", b"\x00\xff", b"\x00\xff"), ("text", b"", b"text")],
    ids=["bytes", "str"],
)
def test_str_and_bytes_are_returned_as_they_are(make: Make, handler: str, event: bytes, payload: bytes) -> None:
    """The event arrives as bytes; str and bytes come back unchanged."""
    answer = make(handler).invoke(event)
    assert (answer.succeeded, answer.payload) == (True, payload)


@pytest.mark.parametrize("module", ["folder.code_of_test", "folder/code_of_test"])
def test_handler_string_is_split_at_its_last_dot(make: Make, module: str) -> None:
    """Dots and slashes both lead to the module below the code's folder."""
    assert make("text", module=module).invoke(b"{}").payload == b"text"


def test_warm_instances_are_used_again(make: Make) -> None:
    """One process serves one request after the other, initialized once."""
    function = make("answer", initializer="initializer")
    first, second = (json.loads(function.invoke(b"{}").payload) for _ in range(2))
    assert first == second
    assert first["initialized"] == 1


def test_concurrent_requests_get_processes_of_their_own(make: Make) -> None:
    """An instance serves one request at a time; a second request meanwhile gets another process."""
    function = make("hang", timeout=2.0)
    threads = [threading.Thread(target=function.invoke, args=(b"{}",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 2
    while len(function.pids) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert len(set(function.pids)) == 2
    function.close()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("runtime", "key", "own"),
    [("python3.12", None, set()), ("python3.10", "key", {"credentials", "service"})],
)
def test_context_has_the_shape_of_the_runtime(make: Make, runtime: str, key: str | None, own: set[str]) -> None:
    """Credentials and service are in the context of 3.10 and in the environment only on 3.12."""
    told = json.loads(make("shape", runtime=runtime).invoke(b"{}").payload)
    assert told["key"] == key
    assert set(told["fields"]) == {"request_id", "function", "region", "account_id", "retry_count", "tracing"} | own
    assert told["function"] == {"name": "tested", "handler": "folder.code_of_test.shape", "memory": 128, "timeout": 10}


def test_environment_is_the_given_one_alone(make: Make) -> None:
    """Nothing of the caller's own environment leaks into a function."""
    os.environ["LEAK_OF_TEST"] = "1"
    try:
        variables = json.loads(make("shape").invoke(b"{}").payload)["variables"]
    finally:
        del os.environ["LEAK_OF_TEST"]
    assert variables["FC_REGION"] == "cn-hangzhou"
    assert "LEAK_OF_TEST" not in variables


def test_exception_is_an_error_object_and_prints_the_event(make: Make, tmp_path: Path) -> None:
    """An Exception ends the invocation, keeps the process, and the platform writes the event to the log."""
    function = make("fail")
    answer = function.invoke(b"the event")
    told = json.loads(answer.payload)
    assert not answer.succeeded
    assert (told["errorMessage"], told["errorType"]) == ("no good", "ValueError")
    assert any("fail" in frame for frame in told["stackTrace"])
    assert "the event" in (tmp_path / "log").read_text()


def test_system_exit_is_a_failed_invocation_that_prints_nothing(make: Make, tmp_path: Path) -> None:
    """SystemExit ends the process: a failed invocation, without the event in the log; the next one starts anew."""
    function = make("leave")
    answer = function.invoke(b"the event")
    assert (answer.succeeded, answer.error_type) == (False, "ProcessExited")
    assert "exit code 3" in json.loads(answer.payload)["errorMessage"]
    assert "the event" not in (tmp_path / "log").read_text()
    assert function.invoke(b"{}").error_type == "ProcessExited"


def test_killed_process_is_a_failed_invocation(make: Make) -> None:
    """Kill -9 in the middle of a request is a failed invocation."""
    function = make("hang")
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(function.invoke(b"{}")))
    thread.start()
    until = time.monotonic() + 5
    while not function.pids and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(function.pids[0], signal.SIGKILL)
    thread.join(5)
    assert answers[0].error_type == "ProcessExited"


def test_time_limit_ends_the_process(make: Make) -> None:
    """A handler that does not return in time is ended, and the invocation failed."""
    began = time.monotonic()
    answer = make("hang", timeout=0.5).invoke(b"{}")
    assert answer.error_type == "FunctionTimeout"
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("handler", "initializer", "kind"),
    [("missing", None, "AttributeError"), ("text", "broken_initializer", "RuntimeError")],
)
def test_function_that_cannot_start_fails_every_invocation(
    make: Make, handler: str, initializer: str | None, kind: str
) -> None:
    """A handler that cannot be resolved, or an initializer that raises, fails the invocation with its error."""
    answer = make(handler, initializer=initializer).invoke(b"{}")
    assert answer.error_type == kind


def test_module_that_is_not_there(make: Make) -> None:
    """A broken handler string names what is missing."""
    answer = make("text", module="folder.nothing_here").invoke(b"{}")
    assert answer.error_type == "ModuleNotFoundError"
    assert "nothing_here" in json.loads(answer.payload)["errorMessage"]


def test_root_logger_is_set_up_before_the_code(make: Make, tmp_path: Path) -> None:
    """`logging.basicConfig` does nothing: there is one handler already, in UTC."""
    make("log").invoke(b"{}")
    lines = [line for line in (tmp_path / "log").read_text().splitlines() if "one line" in line]
    assert len(lines) == 1
    assert lines[0][10] == "T"
    assert "Z [INFO] one line" in lines[0]


def test_code_runs_in_its_own_folder(make: Make, tmp_path: Path) -> None:
    """The working directory and the first import path are the code's folder."""
    told = json.loads(make("answer").invoke(b"{}").payload)
    assert Path(told["cwd"]) == tmp_path.resolve()
    assert told["path"] == str(tmp_path)
