"""The rooms of the house and the direction of its imports. Imports for type checkers count like any other.

Each rule has a control: imports that break it, made up or read from a sample, which the check must report.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from shared.domain import resources
from shared.domain.timings import REQUEST_TAG
from tests.architecture.imports import Import, circle, forbidden, imports_of, modules, outside, within

ROOT = Path(__file__).parents[2]
MODULES = modules(ROOT, ("functions", "shared", "local"))
IMPORTS = [found for name, path in MODULES.items() for found in imports_of(name, path)]
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

KNOWS = {
    "shared.domain": ("marshmallow",),
    "shared.ports": ("shared.domain",),
    "shared.usecases": ("shared.domain", "shared.ports"),
}
"""The inner rooms of the worker, and all that each may know beside the standard library."""

IGNORES = {
    "functions": ("local", "tests"),
    "shared": ("local", "tests", "functions"),
    "shared.adapters": ("shared.usecases", "shared.bootstrap", "shared.invocation"),
    "local.cloud.account": ("local.cloud.ecs", "local.cloud.mns", "local.cloud.tablestore"),
    "local.cloud.ecs": ("local.cloud.account", "local.cloud.mns", "local.cloud.tablestore"),
    "local.cloud.mns": ("local.cloud.ecs", "local.cloud.tablestore"),
    "local.cloud.tablestore": ("local.cloud.ecs", "local.cloud.mns"),
    "local": ("tests",),
}
"""What must not be known: nothing deployed needs the bench, no adapter a use case, no service another one."""

LOCAL = {
    "local.project": (),
    "local.defaults": (),
    "local.samples": ("local.project",),
    "local.audit": (),
    "local.masking": (),
    "local.numbering": (),
    "local.dead_letter": (),
    "local.policy": (),
    "local.trace": ("local.defaults", "local.masking"),
    "local.cloud": (
        "local.dead_letter", "local.defaults", "local.masking", "local.numbering", "local.samples", "local.trace",
    ),
    "local.runtime": ("local.defaults", "local.project"),
    "local.package": ("local.project",),
    "local.deployment": ("local.defaults", "local.runtime"),
    "local.docs": ("local.defaults", "local.deployment", "local.project"),
    "local.dlq": ("local.dead_letter", "local.masking", "local.numbering", "local.runtime"),
    "local.terminal": (
        "local.cloud", "local.defaults", "local.deployment", "local.project", "local.runtime", "local.trace",
    ),
    "local.demo": ("local.cloud", "local.defaults", "local.runtime", "local.samples", "local.terminal", "local.trace"),
    "local.compare": (
        "local.cloud", "local.defaults", "local.project", "local.runtime", "local.terminal",
    ),
    "local.cli": ("local.terminal",),
    "local.page": (),
    "local.testing": (),
    "local.pytest_plugin": ("local.testing",),
    "local.commands": (
        "local.audit", "local.cloud", "local.compare", "local.defaults", "local.demo", "local.deployment", "local.dlq",
        "local.numbering", "local.package", "local.policy", "local.project", "local.runtime", "local.samples",
        "local.terminal", "local.trace",
    ),
}  # fmt: skip
"""The rooms of `local`, and the other ones that each may know. The trace is written by the cloud and read by all."""

WORKER = (
    "shared.domain.create_instance", "shared.domain.errors", "shared.domain.message", "shared.domain.lifecycle",
    "shared.domain.policy",
    "shared.usecases", "shared.adapters.ecs", "shared.adapters.tablestore", "functions",
)  # fmt: skip
"""The packages of the worker that must form no circle among each other either."""

LONGEST_HANDLER = 60
LONGEST_MODULE = 300


def of_the_house(imports: list[Import], importer: str, *allowed: str) -> list[str]:
    """Return what a room imports that is neither the standard library's nor allowed."""
    return outside([one for one in imports if one.imported.partition(".")[0] not in STANDARD], importer, *allowed)


def of_local(imports: list[Import], importer: str, *allowed: str) -> list[str]:
    """Return what a room of `local` imports of other rooms of `local` that it may not know."""
    # `from local import defaults` is an import of `local.defaults`.
    return outside([one for one in imports if within(one.imported, "local")], importer, *allowed)


def room_of(module: str) -> str:
    """Return the room a module belongs to; it is its own room where none is named."""
    return next((room for room in (*LOCAL, *WORKER) if within(module, room)), module)


@pytest.mark.parametrize(("room", "known"), KNOWS.items(), ids=KNOWS)
def test_inner_rooms_know_no_outer_one(room: str, known: tuple[str, ...]) -> None:
    """The domain is pure, ports speak of its types, and a use case takes what it needs of the world as ports."""
    assert of_the_house(IMPORTS, room, *known) == []


@pytest.mark.parametrize("room", KNOWS)
@pytest.mark.parametrize("imported", ["requests", "shared.settings.Settings", "shared.adapters.mns", "local.project"])
def test_an_arrow_outward_would_be_seen(room: str, imported: str) -> None:
    """A control: a library, the settings, an adapter or the bench in an inner room is reported, for types as well."""
    broken = Import(f"{room}.sample", imported, at_once=False, for_types=True)
    assert of_the_house([broken], room, *KNOWS[room]) == [str(broken)]


@pytest.mark.parametrize(("room", "ignored"), IGNORES.items(), ids=IGNORES)
def test_rooms_do_not_know_what_they_must_not(room: str, ignored: tuple[str, ...]) -> None:
    """Nothing that is deployed needs the bench, no adapter a use case, no service of the local cloud another one."""
    assert any(within(name, room) for name in MODULES)
    assert forbidden(IMPORTS, room, *ignored) == []


@pytest.mark.parametrize(("room", "ignored"), [(room, name) for room, names in IGNORES.items() for name in names])
def test_knowing_it_would_be_seen(room: str, ignored: str) -> None:
    """A control: a module of the room that imports what it must not know is reported."""
    broken = Import(f"{room}.sample", f"{ignored}.sample", at_once=False, for_types=True)
    assert forbidden([broken], room, *IGNORES[room]) == [str(broken)]


def settings_in_adapters(imports: list[Import]) -> list[str]:
    """Return what adapters import of the settings beyond the type of the keys."""
    return [
        str(one) for one in imports
        if within(one.importer, "shared.adapters") and within(one.imported, "shared.settings")
        and not (one.for_types and one.imported == "shared.settings.Credentials")
    ]  # fmt: skip


def test_adapters_read_no_settings() -> None:
    """An adapter is told what it needs; of the settings it knows the type of the keys, and no more."""
    assert settings_in_adapters(IMPORTS) == []
    for name, for_types in (("Settings", True), ("Credentials", False)):
        assert settings_in_adapters([Import("shared.adapters.mns", f"shared.settings.{name}", for_types=for_types)])


def users_of(imports: list[Import], sdk: str) -> set[str]:
    """Return the worker's modules that import an SDK."""
    return {
        one.importer for one in imports if within(one.importer, "functions", "shared") and within(one.imported, sdk)
    }


@pytest.mark.parametrize(("sdk", "owner"), SDKS.items(), ids=SDKS)
def test_one_module_knows_an_sdk(sdk: str, owner: str) -> None:
    """Each SDK has one owner in the worker; everybody else speaks to a port."""
    assert users_of(IMPORTS, sdk)
    assert [user for user in sorted(users_of(IMPORTS, sdk)) if not within(user, owner)] == []
    assert users_of([Import("shared.usecases.create", f"{sdk}.client", at_once=False)], sdk) == {
        "shared.usecases.create"
    }


def early(imports: list[Import]) -> list[str]:
    """Return what is imported of the adapters with SDKs, outside of them, when a module is imported."""
    heavy = tuple(sorted(set(SDKS.values())))
    return [
        str(one) for one in imports
        if one.at_once and within(one.imported, *heavy) and not within(one.importer, "local", *heavy)
    ]  # fmt: skip


def test_adapters_are_imported_when_needed() -> None:
    """No module outside the adapters imports one with an SDK at its own import: SDKs are most of a cold start."""
    assert early(IMPORTS) == []
    assert early([Import("shared.bootstrap", "shared.adapters.ecs.client")]) != []


@pytest.mark.parametrize(("room", "known"), LOCAL.items(), ids=LOCAL)
def test_the_rooms_of_local(room: str, known: tuple[str, ...]) -> None:
    """Each room of the bench knows the ones it is made of; nobody but the command line knows the commands."""
    assert any(within(name, room) for name in MODULES)
    assert of_local(IMPORTS, room, *known) == []


@pytest.mark.parametrize(
    ("room", "other"),
    [(room, other) for room, known in LOCAL.items() for other in LOCAL if other not in (room, *known)],
)
def test_knowing_another_room_would_be_seen(room: str, other: str) -> None:
    """A control: for each pair of rooms that must not know each other, an import is reported."""
    broken = Import(f"{room}.sample", f"{other}.sample", for_types=True)
    assert of_local([broken], room, *LOCAL[room]) == [str(broken)]


def test_every_module_of_local_has_a_room() -> None:
    """No module stands where no rule looks."""
    assert [name for name in MODULES if within(name, "local") and not within(name, *LOCAL) and name != "local"] == []


def other_commands(imports: list[Import]) -> list[str]:
    """Return the commands that import another one."""
    commands = "local.commands"
    return [
        str(one) for one in imports
        if within(one.importer, commands) and within(one.imported, commands) and not within(one.imported, one.importer)
    ]  # fmt: skip


def test_a_command_knows_no_other() -> None:
    """What two commands share is no command, so it stands in `local.terminal`."""
    assert other_commands(IMPORTS) == []
    assert other_commands([Import("local.commands.up", "local.commands.run.work")]) != []


def test_no_circle_of_modules() -> None:
    """No module needs, whenever and for whomever, what needs it."""
    assert circle(MODULES, IMPORTS) == []


def test_no_circle_of_rooms() -> None:
    """Nor does a room or a package of the domain as a whole: there is an order in which one can read them."""
    assert circle(MODULES, IMPORTS, room_of) == []


CIRCLES = {
    "two modules": {"a": "from house import b\n", "b": "import house.a\n"},
    "for types": {"a": "from house.b import B\n", "b": "if TYPE_CHECKING:\n    from house.a import A\n"},
    "in a function": {"a": "import house.b\n", "b": "def late():\n    from house.a import A\n"},
    "three": {"a": "import house.b\n", "b": "import house.c\n", "c": "import house.a\n"},
    "through a package": {
        "__init__": "from house.a import A\n",
        "a": "from house.b import B\n",
        "b": "from house import A\n",
    },
}


@pytest.mark.parametrize("sources", CIRCLES.values(), ids=CIRCLES)
def test_a_circle_would_be_seen(tmp_path: Path, sources: dict[str, str]) -> None:
    """A control: circles of every kind are found; without their last import there is none."""
    house = tmp_path / "house"
    house.mkdir()
    for name, source in sources.items():
        (house / f"{name}.py").write_text(source)
    known = modules(tmp_path, ["house"])
    imports = [found for name, path in known.items() for found in imports_of(name, path)]
    assert circle(known, imports)
    assert circle(known, imports[:-1]) == []


def test_a_circle_of_rooms_would_be_seen() -> None:
    """A control: no module is in a circle, the rooms are."""
    one, other = "shared.domain.message", "shared.domain.create_instance"
    known = [f"{room}.{name}" for room in (one, other) for name in ("first", "second")]
    imports = [Import(f"{one}.first", f"{other}.first.Name"), Import(f"{other}.second", f"{one}.second.Name")]
    assert circle(known, imports) == []
    assert circle(known, imports, room_of)


def test_imports_are_seen_wherever_they_stand(tmp_path: Path) -> None:
    """A control: imports in functions, classes and branches are seen, and which ones are for type checkers."""
    path = tmp_path / "sample.py"
    path.write_text(
        "import a\n"
        "if TYPE_CHECKING:\n    import hidden\nelse:\n    import b\n"
        "def f():\n    from c import d\n    try:\n        import e\n    except E:\n        import g\n"
        "class K:\n    import h\n"
    )
    found = {one.imported: (one.at_once, one.for_types) for one in imports_of("sample", path)}
    early, late = (True, False), (False, False)
    assert found == {"a": early, "hidden": (False, True), "b": early, "c.d": late, "e": late, "g": late, "h": early}


def test_handlers_are_thin() -> None:
    """A function's module only translates between platform and use case: under 60 lines."""
    lengths = {path.name: len(path.read_text().splitlines()) for path in (ROOT / "functions").glob("*.py")}
    assert {"provision.py", "poll.py"} <= set(lengths)
    assert {name: length for name, length in lengths.items() if length >= LONGEST_HANDLER} == {}


def test_modules_are_readable_at_a_sitting() -> None:
    """No module has more than 300 lines: a longer one holds more than one concept."""
    lengths = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_imports_are_absolute() -> None:
    """A relative import would hide from the rules above."""
    relative = [
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


@pytest.mark.parametrize(
    "name", [resources.QUEUE, resources.TOPIC, resources.REQUESTS_TABLE, resources.OPEN_TABLE, REQUEST_TAG]
)
def test_a_default_name_stands_once(name: str) -> None:
    """The names of queue, topic, tables and tag are each written in one module, and taken from there."""
    written = [
        module
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value == name
    ]
    assert len(written) == 1, written
