"""Tables of the local Tablestore against what is documented of them, through the official SDK."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from shared.adapters.tablestore.client import tablestore as sdk
from tests.support.documented.run import compare, disagrees
from tests.support.documented.table import (
    COMPARE,
    INVALID,
    Change,
    Composite,
    Key,
    Rule,
    Single,
    TableModel,
    Value,
    complete,
)
from tests.support.fresh_clouds import fresh_clouds
from tests.support.tablestore import ALL, DAY, TABLE, create, key

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.cloud import Cloud
    from tests.support.fresh_clouds import FreshClouds

pytestmark = pytest.mark.slow

GROUPS, NAMES = (1, 2), ("a", "b")
KEYS = st.tuples(st.sampled_from(GROUPS), st.sampled_from(NAMES))
NUMBERS, TEXTS = st.integers(0, 3), st.sampled_from(["", "p", "q"])
CELLS = st.fixed_dictionaries({}, optional={"n": NUMBERS, "m": NUMBERS, "t": TEXTS}).map(lambda d: tuple(d.items()))
"""`n` and `m` are numbers and `t` is text, always: what types do to each other in comparisons is not documented."""


def singles() -> st.SearchStrategy[Single]:
    """Return conditions on one column, of the primary key now and then."""

    def on(column: str, values: st.SearchStrategy[Value]) -> st.SearchStrategy[Single]:
        return st.builds(Single, st.just(column), st.sampled_from(sorted(COMPARE)), values, st.booleans())

    return st.one_of(on("n", NUMBERS), on("n", NUMBERS), on("t", TEXTS), on("group", st.sampled_from(GROUPS)))


def composites(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Composite]:
    """Return conditions made of others; NOT has one too many, AND and OR one too few now and then."""
    one, two = st.tuples(parts), st.tuples(parts, parts)
    both = st.sampled_from(["AND", "OR"])
    return st.one_of(
        st.builds(Composite, both, two), st.builds(Composite, both, two), st.builds(Composite, st.just("NOT"), one),
        st.builds(Composite, st.sampled_from(["AND", "OR", "NOT"]), one | two),
    )  # fmt: skip


RULES: st.SearchStrategy[Rule] = st.one_of(
    st.none(), st.none(), st.none(), st.recursive(singles(), composites, max_leaves=4)
)
EXISTENCE = st.sampled_from(["IGNORE", "IGNORE", "EXPECT_EXIST", "EXPECT_NOT_EXIST"])
PUTS = st.builds(Change, st.just("put"), KEYS, EXISTENCE, RULES, CELLS.filter(bool))
DELETES = st.builds(Change, st.just("delete"), KEYS, EXISTENCE, RULES)


def updates(*, deleting: bool) -> st.SearchStrategy[Change]:
    """Return updates, each column changed in one way; none deletes a column where it must not."""
    ways = st.sampled_from(["leave", "leave", "put", "put", "delete", "increment"])
    kept = st.sampled_from(["leave", "leave", "put", "put", "delete"])

    def build(key: Key, existence: str, rule: Rule, how: dict[str, str], values: dict[str, Value]) -> Change:
        chosen = {way: [name for name in how if how[name] == way] for way in ("put", "delete", "increment")}
        return Change(
            "update", key, existence, rule,
            columns=tuple((name, values[name]) for name in chosen["put"]),
            deleted=tuple(chosen["delete"]) if deleting else (),
            incremented=tuple((name, 2) for name in chosen["increment"]),
        )  # fmt: skip

    values = st.fixed_dictionaries({"n": NUMBERS, "m": NUMBERS, "t": TEXTS})
    return st.builds(build, KEYS, EXISTENCE, RULES, st.fixed_dictionaries({"n": ways, "m": ways, "t": kept}), values)


class TableMachine(RuleBasedStateMachine):
    """Writes and reads rows in any order, while cells grow old."""

    fresh: FreshClouds
    make_model: type[TableModel] = TableModel

    @initialize(keep=st.sampled_from([None, 2 * DAY]))
    def begin(self, keep: int | None) -> None:
        """Begin with an empty table."""
        self.cloud: Cloud = self.fresh.begin()
        self.client = self.fresh.ots
        create(self.client, TABLE, keep or -1)
        self.model = self.make_model(keep)

    @property
    def now(self) -> float:
        """The cloud's time."""
        return self.cloud.clock.now()

    @rule(data=st.data())
    def write(self, data: st.DataObject) -> None:
        """Put, update or delete one row."""
        change = self._draw(data)
        call, row = {
            "put": (self.client.put_row, _row(change)),
            "update": (self.client.update_row, _row(change)),
            "delete": (self.client.delete_row, key(*change.key)),
        }[change.kind]
        answer = _refusal(call, TABLE, row, _condition(change))
        assert answer == self.model.write(change, self.now), change

    @rule(data=st.data())
    def batch_write(self, data: st.DataObject) -> None:
        """Write several rows at once: each is done or refused for itself."""
        drawn = [self._draw(data) for _ in range(3)]
        # Whether an incomplete one spoils its batch is not documented.
        changes = list({change.key: change for change in drawn if complete(change)}.values())
        if not changes:
            return
        items = {"put": sdk.PutRowItem, "update": sdk.UpdateRowItem, "delete": sdk.DeleteRowItem}
        request = sdk.BatchWriteRowRequest()
        parts = [items[change.kind](_row(change), _condition(change)) for change in changes]
        request.add(sdk.TableInBatchWriteRowItem(TABLE, parts))
        answer = self.client.batch_write_row(request)
        told = {"put": answer.table_of_put, "update": answer.table_of_update, "delete": answer.table_of_delete}
        left = {kind: list(found.get(TABLE, [])) for kind, found in told.items()}
        for change in changes:
            assert left[change.kind].pop(0).error_code == self.model.write(change, self.now), change

    @rule(which=KEYS, columns=st.lists(st.sampled_from(["n", "m", "t"]), unique=True))
    def read(self, which: Key, columns: list[str]) -> None:
        """Read a row, or some columns of it: none of them is no row."""
        found = self.client.get_row(TABLE, key(*which), columns_to_get=columns, max_version=1)[1]
        row = self.model.row(which, self.now)
        if row is not None and columns:
            row = {name: value for name, value in row.items() if name in columns} or None
        assert (found and _cells(found)) == row

    @rule(
        start=st.tuples(st.sampled_from([0, *GROUPS, 3]), st.sampled_from(["", *NAMES, "~"])),
        end=st.tuples(st.sampled_from([0, *GROUPS, 3]), st.sampled_from(["", *NAMES, "~"])),
        backward=st.booleans(),
        limit=st.sampled_from([None, 1, 2, 3, 6]),
    )
    def walk(self, start: Key, end: Key, backward: bool, limit: int | None) -> None:  # noqa: FBT001 - hypothesis
        """Read a range page by page: every row in order, as many a page as asked for, and where to go on."""
        direction = "BACKWARD" if backward else "FORWARD"
        if (start <= end) if backward else (start >= end):
            found = _refusal(self.client.get_range, TABLE, direction, key(*start), key(*end), max_version=1)
            assert found == INVALID
            return
        if backward:
            wanted = [one for one in reversed(self.model.keys(self.now)) if end < one <= start]
        else:
            wanted = [one for one in self.model.keys(self.now) if start <= one < end]
        following: Any = key(*start)
        while following is not None:
            _, following, rows, _ = self.client.get_range(
                TABLE, direction, following, key(*end), limit=limit, max_version=1
            )
            size = min(len(wanted), limit or len(wanted))
            page, wanted = wanted[:size], wanted[size:]
            assert [tuple(value for _, value in row.primary_key) for row in rows] == page
            assert [_cells(row) for row in rows] == [self.model.row(one, self.now) for one in page]
            assert (following is None) == (not wanted)

    @rule(days=st.sampled_from([0.5, 1.0, 1.5]))
    def wait(self, days: float) -> None:
        """Let time pass, and look at what it has left."""
        self.cloud.clock.advance(days * DAY)
        rows = self.client.get_range(TABLE, "FORWARD", *ALL, max_version=1)[2]
        found = {tuple(value for _, value in row.primary_key): _cells(row) for row in rows}
        assert found == {one: self.model.row(one, self.now) for one in self.model.keys(self.now)}

    def _draw(self, data: st.DataObject) -> Change:
        # When a row goes whose cells were all deleted is not documented where cells grow old.
        return data.draw(st.one_of(PUTS, DELETES, updates(deleting=self.model.keep is None)))


def _row(change: Change) -> Any:
    if change.kind == "update":
        how = {"put": list(change.columns), "delete_all": list(change.deleted), "increment": list(change.incremented)}
        return sdk.Row(key(*change.key), {name: columns for name, columns in how.items() if columns})
    return sdk.Row(key(*change.key), list(change.columns) if change.kind == "put" else None)


def _condition(change: Change) -> Any:
    return sdk.Condition(change.existence, None if change.rule is None else _rule(change.rule))


def _rule(rule: Single | Composite) -> Any:
    if isinstance(rule, Single):
        comparator = getattr(sdk.ComparatorType, rule.comparator)
        return sdk.SingleColumnCondition(rule.column, rule.value, comparator, pass_if_missing=rule.pass_if_missing)
    composite = sdk.CompositeColumnCondition(getattr(sdk.LogicalOperator, rule.operator))
    for part in rule.parts:
        composite.add_sub_condition(_rule(part))
    return composite


def _cells(row: Any) -> dict[str, Value]:
    return {name: value for name, value, _ in row.attribute_columns}


def _refusal(call: Callable[..., Any], *arguments: Any, **options: Any) -> str | None:
    """Return the code of a refusal; None where there is none."""
    try:
        call(*arguments, **options)
    except sdk.OTSServiceError as error:
        return str(error.code)
    return None


def machine(clouds: FreshClouds, model: type[TableModel] = TableModel) -> Callable[[], TableMachine]:
    """Return a machine over these clouds."""
    return type("Machine", (TableMachine,), {"fresh": clouds, "make_model": model})


def test_tables_are_as_documented() -> None:
    """Whatever is written under which condition, what is refused and what is read afterwards is as documented."""
    with fresh_clouds() as clouds:
        compare(machine(clouds), examples=40, steps=30)


class AnyExistence(TableModel):
    """Asks for no existence."""

    def write(self, change: Change, now: float) -> str | None:
        return super().write(replace(change, existence="IGNORE"), now)


class KeyUnseen(TableModel):
    """Lets conditions see no column of the key."""

    def holds(self, rule: Single | Composite, key: Key, found: dict[str, Value] | None) -> bool:
        if isinstance(rule, Single) and rule.column == "group":
            return rule.pass_if_missing
        return super().holds(rule, key, found)


class DeletingMakesRows(TableModel):
    """Makes a row by deleting its columns."""

    def apply(self, change: Change, found: dict[str, Value] | None, now: float) -> None:
        self.rows.setdefault(change.key, {})
        super().apply(change, {} if found is None else found, now)


class PutKeeps(TableModel):
    """Keeps columns that a put does not name."""

    def apply(self, change: Change, found: dict[str, Value] | None, now: float) -> None:
        super().apply(replace(change, kind="update"), found, now)


class OneAge(TableModel):
    """Gives a row the age of its youngest cell."""

    def row(self, key: Key, now: float) -> dict[str, Value] | None:
        if cells := self.rows.get(key):
            youngest = max(at for _, at in cells.values())
            self.rows[key] = {name: (value, youngest) for name, (value, _) in cells.items()}
        return super().row(key, now)


@pytest.mark.models
@pytest.mark.parametrize("model", [AnyExistence, KeyUnseen, DeletingMakesRows, PutKeeps, OneAge])
def test_another_rule_of_tables_is_noticed(model: type[TableModel]) -> None:
    """A model with one rule changed disagrees with the local cloud: each of them is compared."""
    with fresh_clouds() as clouds:
        assert disagrees(machine(clouds, model), examples=200, steps=30)
