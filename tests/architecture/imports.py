"""The imports of the project's modules, read from their source files, and the circles among them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Import:
    """One import: who, what, whether it happens when the module is imported, and whether for type checkers only."""

    importer: str
    imported: str
    at_once: bool = True
    for_types: bool = False

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


def modules(root: Path, rooms: Iterable[str]) -> dict[str, Path]:
    """Return every module of the rooms by its dotted name; a package is its `__init__`."""
    found = {}
    for room in rooms:
        for path in sorted((root / room).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(name: str, path: Path) -> Iterator[Import]:
    """Yield the imports of one module, those for type checkers among them."""
    yield from _walk(name, ast.parse(path.read_text()).body, at_once=True, for_types=False)


def _walk(name: str, body: list[ast.stmt], *, at_once: bool, for_types: bool) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, alias.name, at_once, for_types)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(name, f"{node.module}.{alias.name}", at_once, for_types)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from _walk(name, node.body, at_once=False, for_types=True)
            yield from _walk(name, node.orelse, at_once=at_once, for_types=for_types)
        else:
            inside = at_once and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            for field in ("body", "orelse", "finalbody"):
                yield from _walk(name, getattr(node, field, None) or [], at_once=inside, for_types=for_types)
            for handler in getattr(node, "handlers", []):
                yield from _walk(name, handler.body, at_once=inside, for_types=for_types)


def within(module: str, *packages: str) -> bool:
    """Tell whether a module is one of the packages or in one of them."""
    return any(module == package or module.startswith(package + ".") for package in packages)


def outside(imports: Iterable[Import], importer: str, *allowed: str) -> list[str]:
    """Return what the modules of a package import that is neither in it nor allowed."""
    return [
        str(one) for one in imports if within(one.importer, importer) and not within(one.imported, importer, *allowed)
    ]


def forbidden(imports: Iterable[Import], importer: str, *banned: str) -> list[str]:
    """Return what the modules of a package import of the packages that they must not know."""
    return [str(one) for one in imports if within(one.importer, importer) and within(one.imported, *banned)]


def circle(
    known: Iterable[str], imports: Iterable[Import], room_of: Callable[[str], str] = lambda module: module
) -> list[str]:
    """Return a circle of imports, whenever and for whomever they happen; empty when there is none.

    With `room_of` the circles are those of the rooms it names. A name that a package's `__init__` imports and hands on
    is the package's, and so is whatever else is no module of its own.
    """
    known = set(known)
    graph: dict[str, set[str]] = {}
    for one in imports:
        target = one.imported if one.imported in known else one.imported.rpartition(".")[0]
        importer, imported = room_of(one.importer), room_of(target)
        if target in known and importer != imported:
            graph.setdefault(importer, set()).add(imported)
    return _circle(graph)


def _circle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # It names what is imported before what imports it.
        return list(reversed(error.args[1]))
    return []
