"""The error map: what every error code means (`classify`) and what to do about it (`decide`).

The facts are data: `catalogue.json` (codes) and `shared.core.errors.policies` (waiting).
"""

from __future__ import annotations

from shared.core.errors.classify import classify, succeeded
from shared.core.errors.decide import Action, Decision, decide
from shared.core.errors.policies import INLINE_SECONDS

__all__ = ["INLINE_SECONDS", "Action", "Decision", "classify", "decide", "succeeded"]
