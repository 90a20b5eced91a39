"""One small table in the local Tablestore, and short words for what is done to it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from local import defaults
from local.cloud.clock import DrivenClock
from local.cloud.cloud import Cloud
from local.cloud.server import running
from shared.adapters.tablestore.client import connect
from shared.adapters.tablestore.client import tablestore as sdk
from shared.settings import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = "things"
DAY = 86400
IGNORE, EXIST, NOT_EXIST = "IGNORE", "EXPECT_EXIST", "EXPECT_NOT_EXIST"


class Things:
    """A table whose key is a number and a text; `url` is the cloud's."""

    def __init__(self, client: Any, cloud: Cloud, url: str) -> None:
        self.client = client
        self.cloud = cloud
        self.url = url

    def put(self, group: int, name: str, condition: Any = None, /, **columns: Any) -> None:
        """Put a row."""
        self.client.put_row(TABLE, sdk.Row(key(group, name), list(columns.items())), condition)

    def update(self, group: int, name: str, **changes: Any) -> None:
        """Change a row's columns."""
        self.client.update_row(TABLE, sdk.Row(key(group, name), changes), sdk.Condition(IGNORE))

    def get(self, group: int, name: str, **options: Any) -> Any:
        """Return a row's columns by name."""
        _, row, _ = self.client.get_row(TABLE, key(group, name), max_version=1, **options)
        return None if row is None else {column: value for column, value, _ in row.attribute_columns}

    def range(self, start: Any, end: Any, direction: str = "FORWARD", **options: Any) -> tuple[list[Any], Any]:
        """Return the keys of a range, and where its next page starts."""
        _, following, found, _ = self.client.get_range(TABLE, direction, start, end, max_version=1, **options)
        return [tuple(value for _, value in row.primary_key) for row in found], following


@contextmanager
def things_in_a_cloud() -> Iterator[Things]:
    """Make a cloud with a driven clock and the table in it."""
    cloud = Cloud(DrivenClock())
    with running(cloud) as url:
        keys = Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET)
        client = connect(url, defaults.TABLESTORE_INSTANCE, keys, try_seconds=10)
        create(client, TABLE)
        yield Things(client, cloud, url)


def create(client: Any, name: str, time_to_live: int = -1, versions: int = 1) -> None:
    """Create a table with a key of a number and a text."""
    client.create_table(
        sdk.TableMeta(name, [("group", "INTEGER"), ("name", "STRING")]),
        sdk.TableOptions(time_to_live=time_to_live, max_version=versions),
        sdk.ReservedThroughput(sdk.CapacityUnit(0, 0)),
    )


def key(group: Any, name: Any) -> list[tuple[str, Any]]:
    """Return a key."""
    return [("group", group), ("name", name)]


def when(expectation: str, column: str | None = None, value: Any = None, *, missing: bool = False) -> Any:
    """Return a condition on a row's existence, and perhaps on one column."""
    rule = None
    if column:
        rule = sdk.SingleColumnCondition(column, value, sdk.ComparatorType.EQUAL, pass_if_missing=missing)
    return sdk.Condition(expectation, rule)


ALL = (key(sdk.INF_MIN, sdk.INF_MIN), key(sdk.INF_MAX, sdk.INF_MAX))
