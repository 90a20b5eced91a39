"""The deployable zip: what is in it, that it is the same each time, and that it runs where nothing is installed."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from local.cloud.cloud import Cloud
from local.cloud.config import Config
from local.cloud.server import running
from local.package.build import LIMIT_BYTES, build, lay_out
from local.package.bytecode import find_python
from local.package.selection import own_files
from local.package.target import THIS_PYTHON, Target
from local.package.wheels import DownloadFailed
from local.project import EVENTS, ROOT, TEMPLATE
from local.runtime.access import Access
from local.runtime.environment import environment_for
from local.runtime.function import Function
from local.runtime.instance import Place
from local.runtime.specification import Deployment
from local.runtime.timer import timer_event
from local.runtime.worker import WorkerConfig
from tests.support.once import once

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
GLIBC_MINOR = 28
"""The runtimes have glibc 2.31 (python3.12) and 2.28 (python3.10)."""


def snapshot(path: Path) -> Path:
    """Return where the worker's own files of a build are kept, so that another build has the same input."""
    return path.with_suffix(".root")


@pytest.fixture(scope="module", name="own")
def fixture_own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a zip with what this Python has installed, so that this Python can run it."""

    def make(path: Path) -> None:
        lay_out(snapshot(path), own_files(ROOT))
        build(path, THIS_PYTHON, sys.executable, installed=True, root=snapshot(path))

    return once(tmp_path_factory, "own.zip", make)


@pytest.fixture(scope="module", name="target")
def fixture_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the zip for the platform, with bytecode where this machine has Python 3.12 for it."""
    target = Target("3.12")
    try:
        return once(tmp_path_factory, "target.zip", lambda path: build(path, target, find_python(target)))
    except DownloadFailed as error:
        pytest.skip(f"pip's index cannot be reached, so there are no wheels for the platform: {error}")


@pytest.fixture(name="code")
def fixture_code(own: Path, tmp_path: Path) -> Path:
    """Unpack the zip into an empty directory."""
    folder = tmp_path / "code"
    with zipfile.ZipFile(own) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(name="cloud")
def fixture_cloud() -> Iterator[tuple[Cloud, str]]:
    """Run a provisioned local cloud, twenty times as fast as usual."""
    cloud = Cloud(config=Config(speed=20), provisioned=True)
    with running(cloud) as url:
        yield cloud, url


@pytest.mark.parametrize("store", ["sqlite", "tablestore"])
def test_unpacked_zip_runs_both_handlers(code: Path, cloud: tuple[Cloud, str], store: str, tmp_path: Path) -> None:
    """With nothing installed but the zip, messages become instances and outcomes in the local cloud."""
    bare = (sys.executable, "-S")
    config = WorkerConfig(access=Access.local(cloud[1]), store=store, data=tmp_path)
    environ = {"PROVISIONER_POLL_SECONDS": "10"}
    with (tmp_path / "log").open("w", encoding="utf-8") as log:
        for name, event in (
            ("provision", (EVENTS / "triggers/streaming.json").read_bytes()),
            ("poll", timer_event()),
        ):
            specification = config.deployment.function(name)
            environment = environment_for(specification, environ, config.access, store, tmp_path)
            function = Function(specification, Place(code, environment, log, bare))
            answer = function.invoke(event)
            function.close()
            assert answer.succeeded, answer.payload
    published = set(cloud[0].state()["mns"]["topics"]["provision-outcomes"])  # a repeat is the same bytes
    outcomes = [json.loads(body) for body in published]
    kinds = sorted(outcome["type"].rsplit(".", 1)[-1] for outcome in outcomes)
    assert kinds == ["completed", "completed", "failed"], (tmp_path / "log").read_text()


def test_two_builds_have_the_same_bytes(own: Path, tmp_path: Path) -> None:
    """The same input gives the same SHA-256, bytecode included."""
    again = build(tmp_path / "again.zip", THIS_PYTHON, sys.executable, installed=True, root=snapshot(own))
    assert again.sha256 == hashlib.sha256(own.read_bytes()).hexdigest()


def test_bytecode_is_checked_by_nothing(code: Path) -> None:
    """Bytecode holds whatever times unzipping gives the files, and says where its code will be."""
    sources = [path for path in code.rglob("*.py") if path.parts[-2] != "__pycache__"]
    compiled = list(code.rglob(f"__pycache__/*.{sys.implementation.cache_tag}.pyc"))
    assert len(compiled) >= 0.99 * len(sources)
    handler = next(path for path in compiled if path.name.startswith("provision.") and path.parent.parent == code)
    content = handler.read_bytes()
    assert int.from_bytes(content[4:8], "little") == 0b01
    assert b"/code/provision.py" in content


def test_target_has_wheels_the_runtime_can_load(target: Path) -> None:
    """Every wheel's tags fit CPython 3.12 on Linux, x86_64, with glibc 2.28 or older."""
    with zipfile.ZipFile(target) as archive:
        descriptions = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
    assert len(descriptions) > 30
    for description in descriptions:
        tags = re.findall(r"^Tag: (\S+)$", description, re.MULTILINE)
        assert any(_fits(*tag.split("-")) for tag in tags), tags


def _fits(python: str, abi: str, platform: str) -> bool:
    glibc = re.fullmatch(r"manylinux_2_(\d+)_x86_64", platform)
    loads = platform in ("any", "manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_x86_64") or bool(
        glibc and int(glibc[1]) <= GLIBC_MINOR
    )
    return loads and (abi in ("cp312", "abi3") or (abi == "none" and python in ("py3", "py2.py3", "cp312")))


def test_target_holds_what_is_needed_and_no_more(target: Path) -> None:
    """Both functions and their dependencies; no bench, no tests, nothing of another system; 25 MB at most."""
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {
        "provision.py",
        "poll.py",
        "shared",
        "alibabacloud_ecs20140526",
        "mns",
        "tablestore",
        "marshmallow",
        "structlog",
    } <= tops
    assert not {"local", "tests", "events", "numpy", "Crypto", "pip", "setuptools"} & tops
    assert not [name for name in names if "/tests/" in name or name.endswith((".dll", ".pyd", ".exe", "darwin.so"))]
    assert all("cpython-312" in name for name in names if name.endswith(".pyc"))
    assert names == sorted(names)
    assert target.stat().st_size <= LIMIT_BYTES


def test_authorities_are_where_the_template_says(code: Path) -> None:
    """SSL_CERT_FILE names the package's own list of certificate authorities."""
    named = Deployment(TEMPLATE).function("provision").environment["SSL_CERT_FILE"]
    assert "BEGIN CERTIFICATE" in (code / named.removeprefix("/code/")).read_text(encoding="ascii")
