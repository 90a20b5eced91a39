"""Which cloud actions each function's code makes, read from the code itself.

A use case reaches port methods (`ports.compute.create`); the adapter's method reaches an SDK call. Both are followed by
name, function by function, so the result can name too many actions where two things share a name, never too few.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

from local.project import ROOT

Bodies = dict[str, list[tuple[Path, ast.AST]]]

PORTS = ("compute", "store", "queue", "outcomes", "policies", "control")
STORE = ROOT / "shared/adapters/tablestore/store.py"
ADAPTERS = {
    "compute": (ROOT / "shared/adapters/ecs/client.py",),
    "store": (STORE,),
    "queue": (ROOT / "shared/adapters/mns.py",),
    "outcomes": (ROOT / "shared/adapters/mns.py",),
    "policies": (ROOT / "shared/adapters/policy_cache.py", STORE),
    "control": (ROOT / "shared/adapters/control.py", STORE),
}
"""Where each port's methods are, and whatever is behind them."""
CLASSES = {"queue": "MnsQueue", "outcomes": "MnsOutcomes"}
"""Where one module holds two ports."""
OTS_CALLS = {
    "get_row": "ots:GetRow",
    "put_row": "ots:PutRow",
    "update_row": "ots:UpdateRow",
    "delete_row": "ots:DeleteRow",
    "get_range": "ots:GetRange",
    "batch_get_row": "ots:BatchGetRow",
    "batch_write_row": "ots:BatchWriteRow",
}
MNS_CALLS = {"send_message": "mns:SendMessage", "publish_message": "mns:PublishMessage"}
SUFFIX = "_with_options"


def actions_of(entry: str) -> set[str]:
    """Return the RAM actions that the use case of that name (`provision`, `poll`) can lead to."""
    return {action for port, method in port_calls(entry) for action in _adapter_actions(port, method)}


def port_calls(entry: str) -> set[tuple[str, str]]:
    """Return the (port, method) pairs that can be reached from a use case's function."""
    bodies = _bodies(sorted((ROOT / "shared/usecases").glob("*.py")))
    found = set()
    for body in _reachable(entry, bodies):
        for node in ast.walk(body):
            if isinstance(node, ast.Attribute):
                owner = node.value
                name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", None)
                if name in PORTS:
                    found.add((str(name), node.attr))
    return found


def _adapter_actions(port: str, method: str) -> set[str]:
    bodies = _bodies([*ADAPTERS[port]], CLASSES.get(port))
    names = {name for body in _reachable(method, bodies) for name in _names(body)}
    ecs = {f"ecs:{_camel(name.removesuffix(SUFFIX))}" for name in names if name.endswith(SUFFIX)}
    return ecs | {action for calls in (OTS_CALLS, MNS_CALLS) for name, action in calls.items() if name in names}


def _bodies(paths: list[Path], only: str | None = None) -> Bodies:
    """Return functions and methods by their bare name; a class's name stands for all its methods."""
    bodies: Bodies = defaultdict(list)
    for path in paths:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and only in (None, node.name):
                bodies[node.name].append((path, node))
                for method in node.body:
                    if isinstance(method, ast.FunctionDef):
                        bodies[method.name].append((path, method))
            elif isinstance(node, ast.FunctionDef):
                bodies[node.name].append((path, node))
    return bodies


def _reachable(entry: str, bodies: Bodies) -> list[ast.AST]:
    """Follow names from `entry`: an attribute everywhere, a plain name where its module defines or imports it."""
    seen: set[int] = set()
    found: list[ast.AST] = []
    waiting = list(bodies[entry])
    while waiting:
        path, body = waiting.pop()
        if id(body) in seen:
            continue
        seen.add(id(body))
        found.append(body)
        imported = _imported(path)
        for name in _names(body) & bodies.keys():
            plain = name not in _attributes(body)
            waiting += [
                (where, one)
                for where, one in bodies[name]
                if where == path or (where == imported.get(name) if plain else not name.startswith("_"))
            ]
    return found


@cache
def _imported(path: Path) -> dict[str, Path]:
    """Return where the names that a module imports from the project are defined."""
    return {
        alias.name: ROOT / (node.module.replace(".", "/") + ".py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _attributes(body: ast.AST) -> set[str]:
    return {node.attr for node in ast.walk(body) if isinstance(node, ast.Attribute)}


def _names(body: ast.AST) -> set[str]:
    return _attributes(body) | {node.id for node in ast.walk(body) if isinstance(node, ast.Name)}


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))
