"""The published schemas of what goes in and what comes out."""

from __future__ import annotations

import json
from typing import Any

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def as_text(schema: Schema) -> str:
    """Write a schema as a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
