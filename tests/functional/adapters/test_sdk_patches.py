"""Importing the ECS SDK's models one by one gives the same SDK, sooner."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shared.adapters.ecs.sdk_patches import defer

ROOT = Path(__file__).parents[3]
COMPARE = """
import ast, importlib.util, pathlib
from shared.adapters.ecs.sdk_patches import defer
name = "alibabacloud_ecs20140526.models"
assert defer(name)
assert not defer(name), "a second time there is nothing to do"
from alibabacloud_ecs20140526 import models
source = pathlib.Path(importlib.util.find_spec(name).origin).read_text()
lines = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom)]
owners = {alias.name: node.module for node in lines for alias in node.names}
owners.pop("annotations")
assert len(owners) > 2000
for attribute, module in owners.items():
    assert getattr(models, attribute).__module__ == f"{name}.{module}"
try:
    models.Nonsense
except AttributeError as error:
    assert "Nonsense" in str(error)
"""
COUNT = """
import json, sys
from shared.bootstrap import bootstrap
from shared.settings import Credentials
from shared.settings import Settings
settings = Settings.from_environment(json.loads(sys.argv[1]))
bootstrap(settings, Credentials("id", "secret"))
print(sum(name.startswith("alibabacloud_ecs20140526.models.") for name in sys.modules))
"""


def run(code: str, *arguments: str) -> str:
    """Run code in a fresh process and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_every_model_is_the_real_one() -> None:
    """Every name of the package comes from the module the package itself would have taken it from."""
    run(COMPARE)


def test_a_cold_start_imports_no_model(tmp_path: Path) -> None:
    """Putting the worker together imports none of the 1,700 modules."""
    settings = {
        "PROVISIONER_DEPLOYMENT": "test",
        "PROVISIONER_STORE": "sqlite",
        "PROVISIONER_SQLITE_PATH": str(tmp_path / "store.db"),
        "PROVISIONER_MNS_ENDPOINT": "http://127.0.0.1:9",
    }
    assert run(COUNT, json.dumps(settings)) == "0\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a small package like the SDK's."""
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"deferred_{tmp_path.name.replace('-', '_')}"
    models = tmp_path / name / "models"
    models.mkdir(parents=True)
    (tmp_path / name / "__init__.py").touch()
    (models / "__init__.py").write_text("# generated\nfrom ._a import A\nfrom ._b import B\n\n__all__ = [\n    A\n]\n")
    (models / "_a.py").write_text("class A: pass\n")
    (models / "_b.py").write_text("raise RuntimeError('nobody needs it')\n")
    return name


def test_only_what_is_used_is_imported(package: str) -> None:
    """A module that nobody uses is never run."""
    assert defer(f"{package}.models")
    models = sys.modules[f"{package}.models"]
    assert models.A.__module__ == f"{package}.models._a"
    assert f"{package}.models._b" not in sys.modules


@pytest.mark.parametrize("more", ["print('hello')\n", "from .other import *\n", "import os\n", "X = 1\n"])
def test_another_kind_of_package_is_left_alone(package: str, tmp_path: Path, more: str) -> None:
    """When a new version of the package does more than import names, it is imported as it wants to be."""
    source = tmp_path / package / "models" / "__init__.py"
    source.write_text(more + source.read_text())
    assert not defer(f"{package}.models")
    assert f"{package}.models" not in sys.modules
