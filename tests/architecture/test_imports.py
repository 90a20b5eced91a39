"""The rooms of the house and the direction of its imports (design: Rooms), read from the source files."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ROOMS = ("functions", "shared", "local")
STANDARD = frozenset(sys.stdlib_module_names)

ECS_SDK = "alibabacloud_ecs20140526"
SDKS = {
    ECS_SDK: "shared.adapters.ecs",
    "alibabacloud_tea_openapi": "shared.adapters.ecs",
    "darabonba": "shared.adapters.ecs",
    "mns": "shared.adapters.mns",
    "tablestore": "shared.adapters.tablestore",
}
"""Each SDK, and the one module or package of the worker that knows it."""

LONGEST_HANDLER = 60


@dataclass(frozen=True)
class Import:
    """One import: who, what, and whether it happens when the module is imported."""

    importer: str
    imported: str
    at_once: bool

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


def modules() -> Iterator[tuple[str, Path]]:
    """Yield every module of the rooms by its dotted name."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports_of(name: str, path: Path) -> Iterator[Import]:
    """Yield the imports of one module; those for type checkers only are none."""
    yield from _walk(name, ast.parse(path.read_text()).body, at_once=True)


def _walk(name: str, body: list[ast.stmt], *, at_once: bool) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, alias.name, at_once)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(name, f"{node.module}.{alias.name}", at_once)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from _walk(name, node.orelse, at_once=at_once)
        else:
            inside = at_once and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            for field in ("body", "orelse", "finalbody"):
                yield from _walk(name, getattr(node, field, None) or [], at_once=inside)
            for handler in getattr(node, "handlers", []):
                yield from _walk(name, handler.body, at_once=inside)


@pytest.fixture(scope="module")
def imports() -> list[Import]:
    """Return every import of every module."""
    return [found for name, path in modules() for found in imports_of(name, path)]


def within(module: str, *packages: str) -> bool:
    """Tell whether a module is one of the packages or in one of them."""
    return any(module == package or module.startswith(package + ".") for package in packages)


def outside(imports: list[Import], importer: str, *allowed: str) -> list[str]:
    """Return the imports of a package that are neither allowed nor the standard library's."""
    return [
        str(one)
        for one in imports
        if within(one.importer, importer)
        and one.imported.partition(".")[0] not in STANDARD
        and not within(one.imported, *allowed)
    ]


def test_the_domain_is_pure(imports: list[Import]) -> None:
    """The domain imports the standard library, marshmallow and itself."""
    assert outside(imports, "shared.domain", "shared.domain", "marshmallow") == []


def test_ports_know_the_domain_only(imports: list[Import]) -> None:
    """The ports speak of the domain's types and of nothing else."""
    assert outside(imports, "shared.ports", "shared.domain") == []


def test_use_cases_know_domain_and_ports(imports: list[Import]) -> None:
    """A use case takes what it needs of the world as ports."""
    assert outside(imports, "shared.usecases", "shared.domain", "shared.ports", "shared.usecases") == []


def test_adapters_know_no_use_case(imports: list[Import]) -> None:
    """Arrows point inward: an adapter knows the domain, its port, its SDK, and no room around it."""
    around = ("functions", "local", "shared.usecases", "shared.bootstrap", "shared.invocation", "shared.settings")
    assert [
        str(one) for one in imports if within(one.importer, "shared.adapters") and within(one.imported, *around)
    ] == []


@pytest.mark.parametrize("room", ["functions", "shared"])
def test_nothing_deployed_imports_the_bench(imports: list[Import], room: str) -> None:
    """`local/` and the tests are never deployed, so nothing that is may need them."""
    assert [str(one) for one in imports if within(one.importer, room) and within(one.imported, "local", "tests")] == []


@pytest.mark.parametrize(("sdk", "owner"), SDKS.items(), ids=SDKS)
def test_one_module_knows_an_sdk(imports: list[Import], sdk: str, owner: str) -> None:
    """Each SDK has one owner in the worker; everybody else speaks to a port."""
    users = {
        one.importer for one in imports if within(one.importer, "functions", "shared") and within(one.imported, sdk)
    }
    assert users
    assert [user for user in sorted(users) if not within(user, owner)] == []


def test_adapters_are_imported_when_needed(imports: list[Import]) -> None:
    """No module outside the adapters imports one with an SDK at its own import: SDKs are most of a cold start."""
    heavy = tuple(sorted(set(SDKS.values())))
    early = [
        one for one in imports if one.at_once and within(one.imported, *heavy) and not within(one.importer, *heavy)
    ]
    assert [str(one) for one in early if not within(one.importer, "local")] == []


def test_handlers_are_thin() -> None:
    """A function's module only translates between platform and use case: under 60 lines."""
    lengths = {path.name: len(path.read_text().splitlines()) for path in (ROOT / "functions").glob("*.py")}
    assert {"provision.py", "poll.py"} <= set(lengths)
    assert {name: length for name, length in lengths.items() if length >= LONGEST_HANDLER} == {}


def test_imports_are_absolute() -> None:
    """A relative import would hide from the rules above."""
    relative = [
        name
        for name, path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_the_rules_would_see_it(tmp_path: Path) -> None:
    """A control: imports in functions, classes and branches are seen, those for type checkers are not."""
    path = tmp_path / "sample.py"
    path.write_text(
        "import a\n"
        "if TYPE_CHECKING:\n    import hidden\nelse:\n    import b\n"
        "def f():\n    from c import d\n    try:\n        import e\n    except E:\n        import g\n"
        "class K:\n    import h\n"
    )
    found = {one.imported: one.at_once for one in imports_of("sample", path)}
    assert found == {"a": True, "b": True, "c.d": False, "e": False, "g": False, "h": True}
