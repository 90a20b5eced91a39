"""What the ECS SDK imports, at a cost that can be spared.

It has a module for every request and response it knows, 1,700 of them; its package imports them all, which is more
than half of a cold start. The worker uses a dozen, so they are imported one by one, when a name of theirs is used.
"""

from __future__ import annotations

import importlib
import re
import sys
from importlib.util import find_spec, module_from_spec
from pathlib import Path
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
