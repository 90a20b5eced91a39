"""The wheel, installed where nothing of the project is, and used from folders that have nothing to do with it.

Two environments: `linked` takes the dependencies from the Python that runs the tests, so it needs no index; `index` is
empty, and pip gets what the wheel asks for, at the locked versions.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from local.package.requirements import locked_for
from local.package.target import THIS_PYTHON
from local.project import ROOT
from tests.support.once import once
from tests.support.processes import CLEAN

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
SOURCES = (
    "functions", "shared", "local", "events", "examples", "template.yml", "pyproject.toml", "setup.py", "MANIFEST.in",
    "README.md", "LICENSE",
)  # fmt: skip
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
INSTALL_SECONDS = 90
COMMAND_SECONDS = 90
NO_INDEX = "(from versions: none)"
"""What pip says of a name when no index answers."""
BLOCK = re.compile(r"^```(toml|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with the wheel in it."""

    folder: Path

    def run(self, cwd: Path, name: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run one of its commands in a folder."""
        return subprocess.run(
            [str(self.folder / "bin" / name), *arguments], cwd=cwd, env=CLEAN | environ, capture_output=True, text=True,
            timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy of the sources: a build leaves things lying about."""
    sources = folder / "sources"
    sources.mkdir()
    for name in SOURCES:
        origin = ROOT / name
        if origin.is_dir():
            shutil.copytree(origin, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, sources / name)
    command = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(sources)]
    subprocess.run(command, check=True, timeout=COMMAND_SECONDS)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(folder: Path, *arguments: str) -> str:
    """Install into an environment; return why that cannot be done here, else nothing."""
    command = [*PIP, "--python", str(folder), "install", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"pip does not get the dependencies within {INSTALL_SECONDS} s here"
    if done.returncode and NO_INDEX in done.stderr:
        return "pip's index cannot be reached"
    assert done.returncode == 0, done.stderr
    return ""


def make_environment(kind: str, folder: Path, wheel: Path) -> str:
    """Make one of the two environments; return why that cannot be done here, else nothing."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=COMMAND_SECONDS)
    if kind == "linked":
        (site_packages,) = folder.glob("lib/python*/site-packages")
        (site_packages / "linked.pth").write_text(sysconfig.get_path("purelib") + "\n")
        reason = install(folder, "--no-deps", str(wheel))
        (folder / "bin/pytest").write_text(
            f"#!{folder}/bin/python\nimport sys, pytest\nsys.exit(pytest.console_main())\n"
        )
        (folder / "bin/pytest").chmod(0o755)
        return reason
    pins = [f"{item.name}=={item.version}\n" for item in locked_for(THIS_PYTHON, ROOT / "requirements/dev.txt")]
    constraints = folder / "constraints.txt"
    constraints.write_text("".join(pins))
    return install(folder, "--no-compile", "--constraint", str(constraints), str(wheel), "pytest")


@pytest.fixture(scope="module", name="wheel")
def fixture_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    made = once(tmp_path_factory, "wheel", lambda path: path.write_text(str(build_wheel(_beside(path)))))
    return type(made)(made.read_text())


@pytest.fixture(scope="module", name="environment", params=["linked", "index"])
def fixture_environment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheel: Path
) -> Environment:
    """Make an environment with the wheel in it."""
    kind = request.param
    made = once(
        tmp_path_factory, f"environment-{kind}",
        lambda path: path.write_text(make_environment(kind, _beside(path), wheel)),
    )  # fmt: skip
    if reason := made.read_text():
        pytest.skip(reason)
    return Environment(made.with_suffix(".made"))


def _beside(path: Path) -> Path:
    folder = path.with_suffix(".made")
    folder.mkdir()
    return folder


def test_demo_runs_in_an_empty_folder(environment: Environment, tmp_path: Path) -> None:
    """The whole job, with template and samples out of the wheel; nothing is left behind."""
    done = environment.run(tmp_path, "provisioner", "demo", "--json")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 8
    assert list(tmp_path.iterdir()) == []


def test_a_strangers_project_passes(environment: Environment, tmp_path: Path) -> None:
    """The project of docs/testing.md as it is printed, warnings being errors, beside packages with our names."""
    blocks = dict(BLOCK.findall((ROOT / "docs/testing.md").read_text()))
    (tmp_path / "pyproject.toml").write_text(blocks["toml"])
    (tmp_path / "test_orders.py").write_text(blocks["python"])
    for name in ("shared", "functions"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('raise ImportError("this is the stranger\'s own")\n')
    done = environment.run(tmp_path, "pytest", "-W", "error", "-p", "no:cacheprovider", "-rA")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{blocks['python'].count('def test_')} passed" in done.stdout


def test_commands_work_anywhere(environment: Environment, tmp_path: Path) -> None:
    """Samples are found by the names that the help has for them; what needs a checkout says so."""
    for arguments in (
        ("validate", "events/messages/plain.json"),
        ("invoke", "provision", "--event", "events/triggers/streaming.json"),
        ("invoke", "poll", "--event", "events/triggers/timer.json"),
        ("explain", "OperationDenied.NoStock"),
        ("--version",),
    ):
        done = environment.run(tmp_path, "provisioner", *arguments)
        assert done.returncode == 0, (arguments, done.stderr)
    refused = environment.run(tmp_path, "provisioner", "package")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "make package" in refused.stderr


def test_the_shell_completes(environment: Environment, tmp_path: Path) -> None:
    """Commands and options are offered as docs/install.md says."""
    line = {"_PROVISIONER_COMPLETE": "bash_complete", "COMP_WORDS": "provisioner enq", "COMP_CWORD": "1"}
    assert environment.run(tmp_path, "provisioner", **line).stdout == "plain,enqueue\n"
    source = environment.run(tmp_path, "provisioner", _PROVISIONER_COMPLETE="bash_source").stdout
    assert "_provisioner_completion" in source


def test_the_wheel_holds_what_runs_and_no_more(wheel: Path) -> None:
    """Template, samples and page travel in it, as they are; tests, documents and locks do not."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for path in [ROOT / "template.yml", *(ROOT / "events").rglob("*.*"), ROOT / "examples/naive/function.py"]:
            copy = f"local/files/{path.relative_to(ROOT).as_posix()}"
            assert archive.read(copy) == path.read_bytes()
    assert {"local/page/index.html", "local/page/look.css", "local/py.typed"} <= names
    assert "shared/domain/errors/catalogue.json" in names
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"functions", "shared", "local"}
