"""Which distributions a target gets."""

from __future__ import annotations

import re
from importlib.metadata import requires, version
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.package.build import LOCK
from local.package.requirements import NOT_NEEDED, locked_for
from local.package.selection import own_files, wanted
from local.package.target import Target
from local.project import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LOCKED = """\
alpha==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:ab
    # via something
beta==2.1 ; python_full_version < '3.11' \\
    --hash=sha256:bb
gamma==3.0 ; python_full_version >= '3.11' and sys_platform != 'win32' \\
    --hash=sha256:cc
delta==4 ; sys_platform == 'win32' \\
    --hash=sha256:dd
numpy==9 \\
    --hash=sha256:ee
"""


@pytest.mark.parametrize(("version", "names"), [("3.10", ["alpha", "beta"]), ("3.12", ["alpha", "gamma"])])
def test_markers_are_worked_out_for_the_target(tmp_path: Path, version: str, names: list[str]) -> None:
    """What is taken depends on the target, not on the Python that builds; what nothing loads is left out."""
    path = tmp_path / "lock.txt"
    path.write_text(LOCKED)
    found = locked_for(Target(version), path)
    assert [item.name for item in found] == names
    assert found[0].line == "alpha==1.0 --hash=sha256:aa --hash=sha256:ab"


@pytest.mark.parametrize("version", ["3.10", "3.12"])
def test_every_locked_distribution_has_hashes(version: str) -> None:
    """The real lock names each distribution once for a target, with hashes."""
    found = locked_for(Target(version), LOCK)
    names = [item.name for item in found]
    assert len(names) == len(set(names))
    assert {"alibabacloud-ecs20140526", "aliyun-mns-sdk", "marshmallow", "structlog", "tablestore"} <= set(names)
    assert not NOT_NEEDED.keys() & set(names)
    assert all(item.hashes for item in found)


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("tablestore/client.py", True),
        ("tablestore/ots_sdk/ots_sdk.so", False),
        ("tablestore/native/native_plainbuffer.so", False),
        ("cryptography/hazmat/bindings/_rust.abi3.so", True),
        ("certifi/cacert.pem", True),
        ("aiohttp/_websocket/mask.pyx", False),
        ("package/tests/test_it.py", False),
        ("package/__pycache__/it.cpython-312.pyc", False),
        ("package-1.0.dist-info/METADATA", True),
        ("package-1.0.dist-info/licenses/LICENSE", True),
        ("package-1.0.dist-info/RECORD", False),
        ("package/py.typed", False),
    ],
)
def test_which_files_are_taken(path: str, *, taken: bool) -> None:
    """Code, data and licences go; tests, sources of extensions, caches and the native codec stay."""
    assert wanted(PurePosixPath(path)) is taken


def test_own_files_are_functions_and_shared_alone() -> None:
    """The bench is never deployed; the worker's data files are."""
    paths = {str(path) for path, _ in own_files(ROOT)}
    assert {path.split("/")[0] for path in paths} == {"functions", "shared"}
    assert "shared/domain/errors/catalogue.json" in paths


BOUNDED = [Requirement(line) for line in requires("ecs-provisioning-worker") or ()]


@pytest.mark.parametrize("requirement", BOUNDED, ids=lambda requirement: requirement.name)
def test_an_installed_command_has_bounded_versions(requirement: Requirement) -> None:
    """Each dependency has a least and a first foreign version, and what the tests run with lies between them."""
    assert {each.operator for each in requirement.specifier} == {">=", "<"}
    assert requirement.specifier.contains(version(requirement.name))


def test_an_installed_command_has_what_is_deployed() -> None:
    """What the functions are deployed with is among the dependencies, in a range that holds the deployed version."""
    asked = {canonicalize_name(requirement.name): requirement for requirement in BOUNDED}
    direct = re.findall(r"^([A-Za-z0-9-]+)[=<>]", (ROOT / "requirements/runtime.in").read_text(), re.MULTILINE)
    locked = {item.name: item.version for item in locked_for(Target("3.12"), LOCK)}
    assert len(direct) >= 6
    for name in map(canonicalize_name, direct):
        assert asked[name].specifier.contains(locked[name])
