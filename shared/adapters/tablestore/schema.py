"""The two tables in Tablestore: names, columns and limits, in this one place. A test compares template.yml with it.

`provision_requests` holds the records. It has a time-to-live and no index: a table with both refuses updates. Each
write renews a whole row, so the 30 days count from the last one. `provision_open` has a row exactly while something is
open, and the leases, the policy, the pause and the bucket of open places, under a shard number of their own that no
request id gets. None of these may expire. The buckets of hours, of which there are more every hour, are beside the
records.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from shared.domain import resources


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table: its default name, key columns as (name, type), and time-to-live in seconds (-1: none)."""

    name: str
    primary_key: tuple[tuple[str, str], ...]
    time_to_live: int
    max_versions: int = 1


REQUEST_ID = "requestId"
SHARD = "shard"
REQUESTS = TableSchema(resources.REQUESTS_TABLE, ((REQUEST_ID, "STRING"),), 30 * 86400)
OPEN = TableSchema(resources.OPEN_TABLE, ((SHARD, "INTEGER"), (REQUEST_ID, "STRING")), -1)

# Attribute columns of a record
VERSION = "version"
BODY = "body"
WRITER = "writer"
"""A token of the write that made the row: it tells whose a write was whose answer got lost."""

# Attribute columns of an entry (VERSION too)
STATE = "state"
REGION_ID = "regionId"
INSTANCE_ID = "instanceId"
DUE_AT = "dueAt"
DEADLINE = "deadline"
ABSENT_SINCE = "absentSince"
OPENED_AT = "openedAt"
SCHEMA = "schema"
"""The schema of an entry. A record's stands in its body; 0.1 wrote neither."""

# Attribute column of the row that holds the store's identity
IDENTITY = "identity"
IDENTITY_ROW = "store"
"""Its key beside the leases, whose names it must not be."""

# Attribute columns of a bucket of places
TAKEN = "taken"
"""How many places are taken."""
HELD = "held_"
"""What the column of a holder's place begins with; a digest of the holder follows, since an id is no column's name."""
MOST_PLACES = 10_000
"""How many attribute columns a row should have at most (the service's own advice): the most places of a bucket."""

# Attribute columns of the operators' word on buying (WRITER too)
PAUSE_ROW = "pause"
"""Its key beside the leases."""
ACTIVE = "active"
BY = "by"
REASON = "reason"
AT = "at"

# Attribute columns of the policy in force and of the versions before it (WRITER too)
POLICY_VERSION = "policyVersion"
POLICY_DOCUMENT = "policyDocument"
POLICY_SET_AT = "policySetAt"
POLICY_ROW = "policy"
"""The key of the policy in force, beside the leases; that of an earlier version has its number behind it."""

# Attribute columns of a lease (WRITER too)
HOLDER = "holder"
UNTIL = "until"
CURSOR_DUE = "cursorDue"
CURSOR_ID = "cursorId"
LAST_OPEN_AT = "lastOpenAt"

SHARDS = 16
"""Into how many key ranges open work is spread, so that writes do not queue at one partition. Never lower it."""
LEASE_SHARD = -1
"""The shard of what is no entry: the leases, the store's identity, the policy, the pause, the bucket of open places."""
PAGE_ROWS = 5000
"""The most rows one GetRange answers."""
MAX_VALUE_BYTES = 2 * 1024 * 1024
"""The most one attribute holds: the limit of a record. Its largest part, the outcome, ends at 48 KB."""


def shard(request_id: str) -> int:
    """Return the shard of a request; the same in every process and for ever."""
    return crc32(request_id.encode()) % SHARDS
