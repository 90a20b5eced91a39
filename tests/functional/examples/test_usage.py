"""What the examples say to somebody who only tries them: how they are used, what is missing, never a traceback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from local.project import ROOT
from tests.support.processes import CLEAN

if TYPE_CHECKING:
    from pathlib import Path

NODE = shutil.which("node")
PYTHON_SCRIPTS = ("send", "receive", "receive_pushes", "subscribe")
NODE_SCRIPTS = ("send", "receive", "receive_pushes")
SCRIPTS = [
    *(
        pytest.param([sys.executable, str(ROOT / f"examples/python/{name}.py")], id=f"{name}.py")
        for name in PYTHON_SCRIPTS
    ),
    *(
        pytest.param(
            [str(NODE), str(ROOT / f"examples/node/{name}.js")],
            id=f"{name}.js", marks=pytest.mark.skipif(NODE is None, reason="Node.js is not here"),
        )
        for name in NODE_SCRIPTS
    ),
]  # fmt: skip
NOBODY = CLEAN | {
    "MNS_ENDPOINT": "http://127.0.0.1:9", "ACCOUNT": "1",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
}  # fmt: skip
"""An endpoint at which nobody answers."""

pytestmark = pytest.mark.slow


def say(folder: Path, *command: str, environ: dict[str, str] = CLEAN) -> tuple[int, str, str]:
    """Run a command and return its exit code and what it said."""
    done = subprocess.run(
        command, env=environ | {"PYTHONDONTWRITEBYTECODE": "1"}, cwd=folder, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_arguments_that_do_not_fit(script: list[str], tmp_path: Path) -> None:
    """Help is given where it is asked for; what the script does not take ends with its usage, before any setting."""
    code, out, err = say(tmp_path, *script, "--help")
    assert (code, out.startswith("usage: "), err) == (0, True, "")
    for wrong in ([], ["a", "b", "c"]):
        takes = (not wrong and "receive." in script[1]) or (wrong and "send." in script[1])
        code, out, err = say(tmp_path, *script, *wrong)
        if takes:
            assert (code, out, err) == (1, "", "set MNS_ENDPOINT; docs/integrate.md says to what\n")
        else:
            assert (code, out, err.startswith("usage: ")) == (2, "", True)


@pytest.mark.parametrize(
    ("script", "number"),
    [
        pytest.param(script.values[0], number, id=f"{script.id} {number}", marks=script.marks)
        for script in SCRIPTS
        for number in {"receive.": ["x", "0"], "receive_pushes.": ["x", "99999"]}.get(str(script.id)[:-2], [])
    ],
)
def test_a_number_that_is_none(script: list[str], number: str, tmp_path: Path) -> None:
    """A port or a count that cannot be is said without a traceback."""
    code, out, err = say(tmp_path, *script, number, environ=NOBODY)
    assert code in {1, 2}
    assert out == ""
    assert err
    assert "Traceback" not in err
    assert "    at " not in err


@pytest.mark.parametrize(
    ("name", "argument"), [("send", "one.json"), ("receive", "1"), ("subscribe", "billing")]
)  # fmt: skip
def test_nobody_answers(name: str, argument: str, tmp_path: Path) -> None:
    """Where nobody answers, the endpoint is named in one line."""
    (tmp_path / "one.json").write_text('{"requestId": "one"}')
    script = str(ROOT / f"examples/python/{name}.py")
    code, out, err = say(tmp_path, sys.executable, script, argument, environ=NOBODY)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("http://127.0.0.1:9 cannot be reached: ")


@pytest.mark.parametrize("content", ["no JSON", "[]", "{}", None])
def test_a_file_that_is_no_message(content: str | None, tmp_path: Path) -> None:
    """What is no message is not sent, and named with what is wrong."""
    if content is not None:
        (tmp_path / "bad.json").write_text(content)
    code, out, err = say(tmp_path, sys.executable, str(ROOT / "examples/python/send.py"), "bad.json", environ=NOBODY)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("bad.json is no message: ")


def test_the_function_that_is_measured(tmp_path: Path) -> None:
    """Run as a script, the comparison's function says what it is for."""
    code, out, err = say(tmp_path, sys.executable, str(ROOT / "examples/naive/function.py"))
    assert (code, out) == (1, "")
    assert "provisioner demo --compare" in err
