"""Write the generated documents: `python -m local.docs.documents`, or compare them with `--check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from local.docs.access_page import access_page
from local.docs.asyncapi import asyncapi
from local.docs.error_page import errors_page
from local.docs.lifecycle_page import lifecycle_page
from local.docs.message_schema import message_schema
from local.docs.outcome_schema import outcome_schema
from local.docs.parameter_page import parameters_page
from local.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTS: dict[str, Callable[[], str]] = {
    "docs/access.md": access_page,
    "docs/errors.md": errors_page,
    "docs/lifecycle.md": lifecycle_page,
    "docs/parameters.md": parameters_page,
    "docs/schema/message.schema.json": message_schema,
    "docs/schema/outcome.schema.json": outcome_schema,
    "docs/schema/asyncapi.yaml": asyncapi,
}
"""Each generated file, from the project's root, and the function that returns its text."""


def main(arguments: list[str]) -> int:
    """Write every document; with `--check` write none and return 1 when one is out of date. 2 means wrong use."""
    check = arguments == ["--check"]
    if arguments and not check:
        sys.stderr.write("usage: python -m local.docs.documents [--check]\n")
        return 2
    stale = []
    for name, text in ((name, make()) for name, make in DOCUMENTS.items()):
        path = ROOT / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        sys.stderr.write(f"{name} {'is out of date: run make docs' if check else 'written'}\n")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
