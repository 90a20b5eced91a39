"""The local Tablestore through the official SDK: rows, conditions, ranges, batches, time-to-live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.adapters.tablestore.client import tablestore as sdk
from tests.support.tablestore import ALL, DAY, EXIST, IGNORE, NOT_EXIST, TABLE, create, key, when

if TYPE_CHECKING:
    from tests.support.tablestore import Things

Equal = sdk.ComparatorType.EQUAL


def test_every_kind_of_value_comes_back(things: Things) -> None:
    """Numbers, truth values, text and bytes are kept with their type."""
    values = {"i": -(2**63), "d": 0.1, "yes": True, "no": False, "s": "上海\x00\U0001f680", "b": bytearray(range(256))}
    things.put(1, "Grüße", **values)
    assert things.get(1, "Grüße") == values
    assert type(things.get(1, "Grüße")["yes"]) is bool


def test_put_replaces_and_update_changes(things: Things) -> None:
    """PutRow forgets the columns it does not name; UpdateRow puts, increments and deletes single ones."""
    things.put(1, "a", x=1, y=2)
    things.put(1, "a", y=3)
    assert things.get(1, "a") == {"y": 3}
    things.update(1, "a", put=[("z", "new"), ("n", 1)], delete_all=["y"])
    things.update(1, "a", increment=[("n", 4)])
    assert things.get(1, "a") == {"z": "new", "n": 5}
    things.update(1, "fresh", put=[("x", 1)])
    assert things.get(1, "fresh") == {"x": 1}


def test_deleted_and_unknown_rows_are_none(things: Things) -> None:
    """GetRow answers nothing for a row that is not there."""
    things.put(1, "a", x=1)
    things.client.delete_row(TABLE, key(1, "a"), when(EXIST))
    assert things.get(1, "a") is None
    assert things.get(2, "a") is None


@pytest.mark.parametrize(
    ("there", "condition", "passes"),
    [
        (False, when(IGNORE), True),
        (False, when(EXIST), False),
        (False, when(NOT_EXIST), True),
        (True, when(EXIST), True),
        (True, when(NOT_EXIST), False),
        (True, when(EXIST, "v", 1), True),
        (True, when(EXIST, "v", 2), False),
        (True, when(EXIST, "v", 1.0), False),
        (True, when(EXIST, "other", 1), False),
        (True, when(EXIST, "other", 1, missing=True), True),
        (False, when(IGNORE, "v", 1), False),
        (False, when(IGNORE, "v", 1, missing=True), True),
    ],
)
def test_a_write_needs_its_condition(things: Things, condition: object, *, there: bool, passes: bool) -> None:
    """A write is done when the row's existence and columns are as expected, else it is OTSConditionCheckFail."""
    if there:
        things.put(1, "a", v=1)
    if passes:
        things.put(1, "a", condition, v=9)
        assert things.get(1, "a") == {"v": 9}
    else:
        with pytest.raises(sdk.OTSServiceError) as caught:
            things.put(1, "a", condition, v=9)
        assert (caught.value.http_status, caught.value.code) == (403, "OTSConditionCheckFail")
        assert things.get(1, "a") == ({"v": 1} if there else None)


def test_conditions_combine_and_compare(things: Things) -> None:
    """AND, OR, NOT and the six comparisons work as filters, too."""
    for number in range(6):
        things.put(1, f"n{number}", v=number)
    single, both = sdk.SingleColumnCondition, sdk.CompositeColumnCondition
    compare, logic = sdk.ComparatorType, sdk.LogicalOperator

    def names(rule: object) -> str:
        return "".join(name[1] for _, name in things.range(*ALL, column_filter=rule)[0])

    assert names(single("v", 3, compare.LESS_THAN)) == "012"
    assert names(single("v", 3, compare.LESS_EQUAL)) == "0123"
    assert names(single("v", 3, compare.GREATER_THAN)) == "45"
    assert names(single("v", 3, compare.GREATER_EQUAL)) == "345"
    assert names(single("v", 3, compare.NOT_EQUAL)) == "01245"
    rule = both(logic.OR)
    rule.add_sub_condition(single("v", 1, compare.EQUAL))
    inner = both(logic.AND)
    inner.add_sub_condition(single("v", 2, compare.GREATER_THAN))
    inner.add_sub_condition(single("v", 4, compare.LESS_THAN))
    rule.add_sub_condition(inner)
    assert names(rule) == "13"
    none = both(logic.NOT)
    none.add_sub_condition(rule)
    assert names(none) == "0245"


def test_ranges_run_both_ways_in_key_order(things: Things) -> None:
    """A range has its start and not its end, forward and backward; infinite ends take everything."""
    for group, name in [(2, "b"), (1, "a"), (10, "a"), (2, "a"), (-1, "z")]:
        things.put(group, name, v=1)
    assert things.range(*ALL)[0] == [(-1, "z"), (1, "a"), (2, "a"), (2, "b"), (10, "a")]
    assert things.range(key(1, "a"), key(2, "b"))[0] == [(1, "a"), (2, "a")]
    assert things.range(key(2, sdk.INF_MIN), key(2, sdk.INF_MAX))[0] == [(2, "a"), (2, "b")]
    assert things.range(key(2, "b"), key(1, "a"), "BACKWARD")[0] == [(2, "b"), (2, "a")]
    assert things.range(*ALL[::-1], "BACKWARD")[0] == [(10, "a"), (2, "b"), (2, "a"), (1, "a"), (-1, "z")]


def test_ranges_come_in_pages(things: Things) -> None:
    """`limit` counts the rows that are answered; the next page starts where this one ended."""
    for number in range(10):
        things.put(1, f"n{number}", v=number % 2)
    odd = sdk.SingleColumnCondition("v", 1, Equal)
    found, following = things.range(*ALL, limit=3, column_filter=odd)
    assert found == [(1, "n1"), (1, "n3"), (1, "n5")]
    assert following == key(1, "n6")
    assert things.range(following, ALL[1], limit=3, column_filter=odd) == ([(1, "n7"), (1, "n9")], None)


def test_a_page_ends_at_four_megabytes(things: Things) -> None:
    """However many rows are asked for, one answer holds at most 4 MB of them."""
    for number in range(5):
        things.put(1, f"n{number}", v="x" * 1_000_000)
    found, following = things.range(*ALL)
    assert len(found) == 4
    assert things.range(following, ALL[1])[0] == [(1, "n4")]


def test_a_page_ends_at_five_thousand_rows(things: Things) -> None:
    """Filtered rows count as read: a page ends after 5,000 of them, even with nothing in it."""
    for start in range(0, 5200, 200):
        batch_put(things, [(1, f"{number:05}") for number in range(start, start + 200)])
    nothing = sdk.SingleColumnCondition("v", 0, Equal)
    assert things.range(*ALL, column_filter=nothing) == ([], key(1, "05000"))
    assert len(things.range(*ALL, limit=10_000)[0]) == 5000


def test_selected_columns_are_what_a_filter_sees(things: Things) -> None:
    """`columns_to_get` comes first: a row without any of them is not answered, a filter sees no others."""
    things.put(1, "a", x=1, y=2)
    assert things.get(1, "a", columns_to_get=["y"]) == {"y": 2}
    assert things.get(1, "a", columns_to_get=["z"]) is None
    rule = sdk.SingleColumnCondition("x", 1, Equal, pass_if_missing=False)
    assert things.get(1, "a", column_filter=rule) == {"x": 1, "y": 2}
    assert things.get(1, "a", columns_to_get=["y"], column_filter=rule) is None


def test_cells_expire_one_by_one(things: Things) -> None:
    """With a time-to-live every cell goes that long after it was written, and the row with its last one."""
    create(things.client, "short", 2 * DAY)
    row = sdk.Row(key(1, "a"), [("old", 1)])
    things.client.put_row("short", row, when(IGNORE))
    things.cloud.clock.advance(1.5 * DAY)
    things.client.update_row("short", sdk.Row(key(1, "a"), {"put": [("new", 2)]}), when(EXIST))

    def columns() -> list[str] | None:
        found = things.client.get_row("short", key(1, "a"), max_version=1)[1]
        return found and [name for name, _, _ in found.attribute_columns]

    assert columns() == ["new", "old"]
    things.cloud.clock.advance(DAY)
    assert columns() == ["new"]
    things.cloud.clock.advance(2 * DAY)
    assert columns() is None
    things.client.put_row("short", row, when(NOT_EXIST))


def test_batches_answer_row_by_row(things: Things) -> None:
    """In a batch the rows fail one by one, and the others are done."""
    things.put(1, "a", v=1)
    request = sdk.BatchWriteRowRequest()
    request.add(
        sdk.TableInBatchWriteRowItem(
            TABLE,
            [
                sdk.PutRowItem(sdk.Row(key(1, "a"), [("v", 2)]), when(NOT_EXIST)),
                sdk.PutRowItem(sdk.Row(key(1, "b"), [("v", 3)]), when(NOT_EXIST)),
                sdk.UpdateRowItem(sdk.Row(key(1, "c"), {"put": [("v", 4)]}), when(IGNORE)),
                sdk.DeleteRowItem(sdk.Row(key(1, "d")), when(EXIST)),
            ],
        )
    )
    answer = things.client.batch_write_row(request)
    assert [(item.is_ok, item.error_code) for item in answer.table_of_put[TABLE]] == [
        (False, "OTSConditionCheckFail"),
        (True, None),
    ]
    assert [item.is_ok for item in answer.table_of_update[TABLE] + answer.table_of_delete[TABLE]] == [True, False]
    reading = sdk.BatchGetRowRequest()
    reading.add(sdk.TableInBatchGetRowItem(TABLE, [key(1, name) for name in "abcx"], max_version=1))
    found = things.client.batch_get_row(reading).get_result_by_table(TABLE)
    assert [row.row and row.row.attribute_columns[0][1] for row in found][:3] == [1, 3, 4]
    assert found[3].row is None


def batch_put(things: Things, keys: list[tuple[int, str]]) -> None:
    """Put many rows at once."""
    items = [sdk.PutRowItem(sdk.Row(key(*place), [("v", 1)]), when(IGNORE)) for place in keys]
    request = sdk.BatchWriteRowRequest()
    request.add(sdk.TableInBatchWriteRowItem(TABLE, items))
    assert things.client.batch_write_row(request).is_all_succeed()


def test_tables_are_described_and_deleted(things: Things) -> None:
    """DescribeTable tells schema and options; a deleted table is gone with its rows."""
    create(things.client, "short", 2 * DAY)
    told = things.client.describe_table("short")
    assert told.table_meta.schema_of_primary_key == [("group", "INTEGER"), ("name", "STRING")]
    assert (told.table_options.time_to_live, told.table_options.max_version) == (2 * DAY, 1)
    things.client.delete_table("short")
    with pytest.raises(sdk.OTSServiceError, match="OTSObjectNotExist"):
        things.client.describe_table("short")
    assert list(things.cloud.state()["ots"]["tables"]) == [TABLE]
