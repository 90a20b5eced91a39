"""The template as it is deployed: template.yml without anchors, merges and short tags.

No template of the platform's own samples has an anchor, so nobody says that its reader takes them; and what is uploaded
should be what is read in the console. `python -m local.runtime.deployable FILE` (`make template`) writes it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from local.project import TEMPLATE
from local.runtime.template import load

WIDTH = 120


class _Plain(yaml.SafeDumper):
    """YAML without aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - a hook of the dumper
        """Write everything out wherever it stands."""
        return True


def deployable(template: Path = TEMPLATE) -> str:
    """Return the plain text of a template, the same for the same template; raise TemplateError."""
    return yaml.dump(load(template), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=WIDTH)


def main(arguments: list[str]) -> None:
    """Write the deployable template to the file that is named."""
    output = Path(arguments[0])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(deployable(), encoding="utf-8")
    sys.stderr.write(f"{output}: {output.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
