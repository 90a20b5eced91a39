"""The CreateInstance contract: every documented parameter, limit and rule (snapshot of the page: 10 April 2026).

The page of the reference is the international site's. Values are typed as JSON has them; names are the documented
ones, flat inside the worker (`DataDisk.1.Size`).
"""

from __future__ import annotations

from shared.core.contract.check import Findings, check_parameters, examine
from shared.core.contract.given import SITES, UNLISTED, Contract
from shared.core.contract.spelling import nest
from shared.core.contract.table import PARAMETERS, lookup

__all__ = ["PARAMETERS", "SITES", "UNLISTED", "Contract", "Findings", "check_parameters", "examine", "lookup", "nest"]
