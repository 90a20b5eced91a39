"""Wrong use, interrupts, closed pipes and full disks: an exit code and a sentence, never a traceback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.cli import main
from local.cloud.cloud import Cloud
from local.cloud.server import running
from local.project import ROOT
from local.terminal.ending import told
from local.terminal.output import WrongUse
from tests.functional.commands.wrong_uses import PLAIN, WRONG_USES, Wrong
from tests.support.processes import CLEAN, COMMAND, free_port, inside

if TYPE_CHECKING:
    from collections.abc import Iterator

HTML = b"HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>"
OWN_JSON = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\n{"works":true}'


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Run a server that says the same to everybody and hangs up; yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(name="places", scope="module")
def fixture_places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run what the table's names stand for."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "binary").write_bytes(b"\xff\xfe\x00")
    (folder / "empty").write_text("\n", encoding="utf-8")
    (folder / "tmp").mkdir()
    files = {name: str(folder / name) for name in ("binary", "empty", "tmp")}
    with (
        running(Cloud(provisioned=True)) as cloud,
        answering(HTML) as html,
        answering(OWN_JSON) as json,
        answering(b"\x15\x03\x01\x00\x02\x02\x46") as garbage,
        answering(b"") as closed,
    ):
        tls = html.replace("http:", "https:")
        yield {
            "cloud": cloud, "html": html, "json": json, "garbage": garbage, "closed": closed, "tls": tls, **files,
        }  # fmt: skip


@pytest.mark.parametrize("use", WRONG_USES, ids=lambda use: " ".join(use.arguments)[:60])
def test_wrong_use_says_what_to_do(use: Wrong, places: dict[str, str], tmp_path: Path) -> None:
    """Exit code, nothing on stdout, the problem and the next step on stderr, no traceback and no secret."""
    arguments = [argument.format(**places) for argument in use.arguments]
    done = inside(*arguments, environ={**dict(use.environ), "HOME": str(tmp_path)})
    assert (done.exit_code, done.stdout) == (use.exit_code, ""), done.output
    assert isinstance(done.exception, SystemExit)
    said = " ".join(done.stderr.split())
    for word in use.words:
        assert word in said
    assert "Traceback" not in said
    assert "Sample-Passw0rd" not in said


def test_the_table_is_long_enough() -> None:
    """At least fifty different wrong uses."""
    assert len({(use.arguments, use.environ) for use in WRONG_USES}) == len(WRONG_USES) >= 50


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BrokenPipeError(32, "Broken pipe"), "closed before everything was written"),
        (OSError(28, "No space left on device", "/data/provisioner.db"), "the disk is full: /data/provisioner.db"),
        (OSError(24, "Too many open files"), "ulimit -n"),
        (PermissionError(13, "Permission denied", "/data"), "Permission denied: /data"),
    ],
)
def test_failures_of_the_system_are_sentences(error: OSError, words: str) -> None:
    """What the system refuses is said with what to do, exit code 2."""
    with pytest.raises(WrongUse, match=words), told():
        raise error


def test_a_mistake_of_its_own_shows_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    """An unforeseen exception is named by kind and place; its text may quote a message and is not shown."""
    with pytest.raises(SystemExit) as ended, told():
        raise ValueError("Sample-Passw0rd")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "ValueError at test_wrong_use.py" in said
    assert "Sample-Passw0rd" not in said


@pytest.mark.slow
def test_a_closed_pipe_is_a_sentence() -> None:
    """A reader that goes away leaves no traceback, and nothing from the interpreter's end."""
    with subprocess.Popen(
        [*COMMAND, "errors", "--json"], env=CLEAN, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(20) == 2
    assert said.count("\n") == 1
    assert "standard output was closed" in said


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_a_sentence() -> None:
    """Output that cannot be written ends with 2 and what is full."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, "validate", PLAIN], env=CLEAN, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True,
            check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 2
    assert "the disk is full" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["up", "--help"]], ids=" ".join)
def test_help_on_a_full_disk_is_a_sentence(arguments: list[str]) -> None:
    """Help that cannot be written ends like other output."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], env=CLEAN, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.count("\n"), "the disk is full" in done.stderr) == (2, 1, True)


@pytest.mark.slow
def test_an_interrupt_is_silent(tmp_path: Path) -> None:
    """Ctrl-C ends `listen` with 130 and without a word of its own."""
    log = tmp_path / "log"
    with running(Cloud(provisioned=True)) as url, log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            [*COMMAND, "listen", "--endpoint", url], env=CLEAN, cwd=ROOT, stdout=subprocess.PIPE, stderr=said
        )  # fmt: skip
        with process:
            try:
                until = time.monotonic() + 60
                while "listening" not in log.read_text(encoding="utf-8") and time.monotonic() < until:
                    time.sleep(0.05)
                process.send_signal(signal.SIGINT)
                assert process.wait(60) == 130
            finally:
                process.kill()
    assert log.read_text(encoding="utf-8").splitlines() == ["listening to provision-outcomes-inbox; Ctrl-C ends it"]


@pytest.mark.slow
@pytest.mark.parametrize("after", ["the first line", "ready"])
def test_ctrl_c_is_for_the_command_alone(tmp_path: Path, after: str) -> None:
    """On a terminal Ctrl-C reaches every process of the group; the functions' processes say nothing of it."""
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            [*COMMAND, "up", "--port", "0", "--data", str(tmp_path)], env=CLEAN, cwd=ROOT, stdout=subprocess.PIPE,
            stderr=said, start_new_session=True,
        )  # fmt: skip
        with process:
            assert process.stdout is not None
            try:
                if after == "ready":
                    process.stdout.readline()
                until = time.monotonic() + 60
                while "local cloud on" not in log.read_text(encoding="utf-8") and time.monotonic() < until:
                    time.sleep(0.05)
                time.sleep(0.3)
                os.killpg(process.pid, signal.SIGINT)
                assert process.wait(60) == (0 if after == "ready" else 130)
            finally:
                process.kill()
    assert "Traceback" not in log.read_text(encoding="utf-8")
    assert "KeyboardInterrupt" not in log.read_text(encoding="utf-8")


def test_the_names_of_wrong_uses_are_commands() -> None:
    """The table's rows are about commands that exist, but for those that try one that does not."""
    known = set(main.list_commands(None))  # type: ignore[arg-type]  # it needs no context
    assert {use.arguments[0] for use in WRONG_USES} - known == {"no-such-command", "--no-such-option"}


@pytest.mark.parametrize("name", ["cloud", "up"])
def test_port_in_use(name: str, tmp_path: Path) -> None:
    """A taken port is named, with the option that chooses another one."""
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        more = ["--data", str(tmp_path)] if name == "up" else []
        done = inside(name, "--port", str(port), *more)
    assert done.exit_code == 2
    assert str(port) in done.stderr
    assert "--port" in done.stderr
