"""The worker's two tables, made over the wire where the deployment has template.yml to make them."""

from __future__ import annotations

from typing import Any

from local import defaults
from shared.adapters.tablestore import schema
from shared.credentials import Credentials

LOCAL = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)


def ensure_tables(
    endpoint: str, instance: str = defaults.TABLESTORE_INSTANCE, credentials: Credentials = LOCAL
) -> None:
    """Create `provision_requests` and `provision_open` at an endpoint, where they are missing."""
    # Not with the module: whoever runs the cloud without Tablestore need not wait for its SDK.
    from shared.adapters.tablestore.client import connect  # noqa: PLC0415

    client = connect(endpoint, instance, credentials, try_seconds=5.0)
    for table in (schema.REQUESTS, schema.OPEN):
        _ensure(client, table)


def _ensure(client: Any, table: schema.TableSchema) -> None:  # noqa: ANN401 - the SDK ships no types
    from shared.adapters.tablestore.sdk import tablestore  # noqa: PLC0415 - as above

    try:
        client.create_table(
            tablestore.TableMeta(table.name, list(table.primary_key)),
            tablestore.TableOptions(time_to_live=table.time_to_live, max_version=table.max_versions),
            tablestore.ReservedThroughput(tablestore.CapacityUnit(0, 0)),
        )
    except tablestore.OTSServiceError as error:
        if error.code != "OTSObjectAlreadyExist":
            raise
