"""Two things that the ECS SDK does at a cost that can be spared: what it imports, and the sessions it makes.

It has a module for every request and response it knows, 1,700 of them; its package imports them all, which is more
than half of a cold start. The worker uses a dozen, so they are imported one by one, when a name of theirs is used.

Its core looks whether it has a session for an endpoint and makes one if not, without a lock (darabonba-core 1.0.9,
`DaraCore._get_session`). The calls of a cold instance's first batch come together: each of twenty threads read the
certificate store, 50 ms of CPU every time, and most of their connections were made for nothing.
"""

from __future__ import annotations

import importlib
import re
import sys
from functools import wraps
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from threading import Lock
from typing import Any

_IMPORT = re.compile(r"^from \.(\w+) import (\w+)$", re.MULTILINE)


def defer(name: str) -> bool:
    """Put a package in place whose names are imported on first use; False when it is left as it is.

    It is left alone when it was imported before, when its source is not there, or when that is not what is expected:
    lines of `from .module import Name` for every name there is.
    """
    parent_name, _, own_name = name.rpartition(".")
    parent = importlib.import_module(parent_name)
    spec = find_spec(name)
    if name in sys.modules or spec is None or not spec.origin or not Path(spec.origin).is_file():
        return False
    source = Path(spec.origin).read_text(encoding="utf-8").partition("\n__all__ =")[0]
    owners = {name: module for module, name in _IMPORT.findall(source)}
    if _says_more(source):
        return False
    package = module_from_spec(spec)

    def load(attribute: str) -> Any:
        if attribute not in owners:
            raise AttributeError(f"module {name!r} has no attribute {attribute!r}")
        value = getattr(importlib.import_module(f"{name}.{owners[attribute]}"), attribute)
        setattr(package, attribute, value)
        return value

    package.__getattr__ = load  # type: ignore[method-assign] # PEP 562: what a module answers for a name it lacks
    sys.modules[name] = package
    setattr(parent, own_name, package)
    return True


def _says_more(source: str) -> bool:
    """Tell whether a package's source does anything but import names."""
    rest = _IMPORT.sub("", source).replace("from __future__ import annotations", "")
    return any(line.strip() and not line.startswith("#") for line in rest.splitlines())


def one_session_each(core: Any) -> bool:
    """Let one thread at a time look for a session; False when that is so already, or the core has no such place."""
    find = getattr(core, "_get_session", None)
    if find is None or hasattr(find, "__wrapped__"):
        return False
    lock = Lock()

    @wraps(find)
    def in_turn(*arguments: Any, **options: Any) -> Any:
        with lock:
            return find(*arguments, **options)

    core._get_session = staticmethod(in_turn)  # noqa: SLF001 - there is no public place
    return True
