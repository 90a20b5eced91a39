from __future__ import annotations

import pytest

from local import defaults
from local.cloud.tablestore import models, row_responses
from local.project import TEMPLATE
from local.runtime.template import load
from shared.adapters.tablestore import schema


@pytest.mark.parametrize(
    ("resource", "table", "name"),
    [
        ("RequestsTable", schema.REQUESTS, defaults.REQUESTS_TABLE),
        ("OpenTable", schema.OPEN, defaults.OPEN_TABLE),
    ],
)
def test_the_template_makes_the_tables_the_store_expects(resource: str, table: schema.TableSchema, name: str) -> None:
    """Names, key columns, time-to-live and versions in template.yml are those of the adapter."""
    properties = load(TEMPLATE)["Resources"][resource]["Properties"]
    columns = tuple((column["Name"], column["Type"]) for column in properties["PrimaryKey"])
    found = schema.TableSchema(
        properties["TableName"], columns, properties["TimeToLive"], max_versions=properties["MaxVersions"]
    )
    assert found == table
    assert table.name == name


def test_the_local_cloud_has_the_limits_the_store_counts_on() -> None:
    """Page size and longest value are the same on both sides."""
    assert (row_responses.MAX_RANGE_ROWS, models.MAX_VALUE_BYTES) == (schema.PAGE_ROWS, schema.MAX_VALUE_BYTES)
