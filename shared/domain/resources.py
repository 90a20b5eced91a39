"""The default names of what the worker uses in an account: this is the one place they stand in.

Settings fall back on them, the local cloud has them, and a test compares template.yml with them.
"""

from __future__ import annotations

QUEUE = "provision-requests"
"""Where requests arrive."""
TOPIC = "provision-outcomes"
"""Where outcomes are published."""
REQUESTS_TABLE = "provision_requests"
"""The records."""
OPEN_TABLE = "provision_open"
"""One row for each request that is open, and the leases."""
