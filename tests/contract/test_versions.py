"""Records and entries of other versions: what 0.1 wrote is read, what the next version writes is kept or left alone."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from store_backends import LOCAL
from store_records import LATER, NOW, after, claimed

from local import defaults
from shared.adapters.sqlite import SqliteStore
from shared.adapters.sqlite_schema import SCHEMA_VERSION
from shared.adapters.tablestore import rows, schema
from shared.adapters.tablestore.client import connect, tablestore
from shared.domain.lifecycle.record import SCHEMA, State, UnreadableRecord
from shared.domain.lifecycle.record_json import NEWEST_READABLE, from_json, to_json
from shared.domain.message.parse import parse
from shared.domain.message.request import Request
from shared.domain.message.unjudged import content_of
from shared.ports import Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from store_backends import Tablestore

    from shared.domain.lifecycle.record import Record

DATA = Path(__file__).with_name("data")
OLD = [json.loads(line) for line in (DATA / "records-0.1.jsonl").read_text().splitlines()]
"""Records with their messages and their rows in the open set, as 0.1 wrote them."""


def members(text: str) -> dict[str, Any]:
    """Return what a record's JSON says, in the names that 0.2 gave."""
    data: dict[str, Any] = json.loads(text)
    if "caller" in data:
        data["claimant"] = data.pop("caller")
    return data


def included(part: Any, whole: Any) -> bool:
    """Tell whether everything that one JSON value says is said by another."""
    if isinstance(part, dict):
        return all(name in whole and included(value, whole[name]) for name, value in part.items())
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(included, part, whole))
    return bool(part == whole)


@pytest.mark.parametrize("old", OLD, ids=lambda old: old["requestId"])
def test_every_fact_that_0_1_recorded_is_read_and_written_back(old: dict[str, Any]) -> None:
    """A record without a schema is read; written again it says the same, and names the schema."""
    record = from_json(old["record"])
    assert record.schema == SCHEMA
    assert included(members(old["record"]), json.loads(to_json(record)))
    assert from_json(to_json(record)) == record


@pytest.mark.parametrize("old", [old for old in OLD if old["message"]], ids=lambda old: old["requestId"])
def test_messages_are_compared_with_what_0_1_recorded(old: dict[str, Any]) -> None:
    """A copy of a message that 0.1 accepted is its request's, judged or not; another message is not."""
    record, asked = from_json(old["record"]), parse(old["message"])
    assert isinstance(asked, Request)
    content = content_of(old["message"])
    other = content_of(json.dumps({**json.loads(old["message"]), "timeoutSeconds": 61}))
    assert content is not None
    assert other is not None
    assert (record.is_of(asked), record.is_of(content), record.is_of(other)) == (True, True, False)


def test_a_database_of_0_1_is_brought_up_to_date(tmp_path: Path) -> None:
    """An existing file opens, its records and open entries come back, and they can be written."""
    path = tmp_path / "provisioner.db"
    shutil.copyfile(DATA / "store-0.1.db", path)
    store = SqliteStore(str(path))
    _all_there(store)
    again = SqliteStore(str(path))
    assert again.identity() == store.identity()
    store.close()
    again.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    connection.close()


def test_the_rows_of_0_1_are_read_from_tablestore(tables: Tablestore) -> None:
    """Rows in the tables as 0.1 wrote them come back as records and open entries, and they can be written."""
    client = connect(tables.url, defaults.TABLESTORE_INSTANCE, LOCAL, try_seconds=5)
    for old in OLD:
        version = json.loads(old["record"])["version"]
        _put(client, schema.REQUESTS.name, rows.record_key(old["requestId"]),
             {schema.VERSION: version, schema.BODY: old["record"], schema.WRITER: "w"})  # fmt: skip
        if old["entry"]:
            _put(client, schema.OPEN.name, rows.entry_key(old["requestId"]), old["entry"])
    _all_there(tables.open())


def _all_there(store: Any) -> None:
    for old in OLD:
        assert included(members(old["record"]), json.loads(to_json(store.get(old["requestId"]))))
    entries = {entry.request_id: entry for entry in store.open_work(LATER)}
    assert entries.keys() == {old["requestId"] for old in OLD if old["entry"]}
    for name, entry in entries.items():
        assert (entry.state, entry.due_at, entry.schema) == (store.get(name).state, store.get(name).due_at, 1)
    record = after(store.get("pending"), due_at=NOW)
    store.update(record)
    assert store.get("pending") == record
    assert record.entry in list(store.open_work(LATER))


def _put(client: Any, table: str, key: rows.Key, columns: Mapping[str, Any]) -> None:
    row = tablestore.Row(key, [(name, value) for name, value in columns.items() if value is not None])
    client.put_row(table, row, tablestore.Condition(tablestore.RowExistenceExpectation.IGNORE))


def newer(record: Record, **more: Any) -> str:
    """Return a record as the next version writes it: fields that this one does not know, at every level."""
    data = json.loads(to_json(record))
    data |= {"schema": SCHEMA + 1, "novelty": {"a": [1]}, "others": "its own", **more}
    data["generations"][-1]["place"] = "open"
    data["last_error"] = {"action": "CreateInstance", "http_status": 400, "code": "X", "message": "x", "cause": "why"}
    data["failure"] = {"stage": "wait", "error": data["last_error"], "reason": "r"}
    return json.dumps(data)


def test_unknown_fields_survive_an_update() -> None:
    """What only the next version knows is kept through a change, at every level, and its schema with it."""
    text = newer(claimed())
    record = from_json(text).changed(version=2, tries=3)
    written = json.loads(to_json(record))
    assert included({**json.loads(text), "version": 2}, written)
    assert (written["schema"], written["tries"]) == (SCHEMA + 1, 3)


@pytest.mark.parametrize(
    "text",
    [
        newer(claimed(), state="resting"),
        newer(claimed(), schema=NEWEST_READABLE + 1),
        newer(claimed(), schema="two"),
        "[]", "null", "{}", "no JSON",
        '{"request_id": "r", "state": "creating"}',
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_apart(text: str) -> None:
    """An unknown state, a schema too far ahead or another shape raise one error, which quotes nothing."""
    with pytest.raises(UnreadableRecord) as caught:
        from_json(text)
    assert "resting" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_fingerprint_that_cannot_be_computed_is_no_mismatch() -> None:
    """A record whose fingerprint is of a later schema is left to the later version."""
    request = parse(OLD[0]["message"])
    assert isinstance(request, Request)
    with pytest.raises(UnreadableRecord):
        claimed(fingerprint="f", fingerprint_schema=9).is_of(request)


def test_sqlite_leaves_a_later_version_s_records_alone(tmp_path: Path) -> None:
    """A record and an entry in an unknown state: no claim, no update touches them, and the round sees all others."""
    path = str(tmp_path / "store.db")
    store = SqliteStore(path, page_rows=2)
    for number in range(5):
        store.claim(claimed(f"order-{number}", due_at=NOW + number))
    connection = sqlite3.connect(path)
    for name, change in (("order-1", {"state": "resting"}), ("order-3", {"schema": NEWEST_READABLE + 1})):
        body = newer(claimed(name), **change)
        connection.execute(
            "UPDATE requests SET body = ?, state = ?, schema = ? WHERE request_id = ?",
            (body, change.get("state", "creating"), change.get("schema", SCHEMA + 1), name),
        )
    connection.commit()
    connection.close()
    _left_alone(store)
    store.close()


def test_tablestore_leaves_a_later_version_s_records_alone(tables: Tablestore) -> None:
    """The same for rows, one of which lacks what an entry needs."""
    store = tables.open()
    client = connect(tables.url, defaults.TABLESTORE_INSTANCE, LOCAL, try_seconds=5)
    for number in range(5):
        store.claim(claimed(f"order-{number}", due_at=NOW + number))
    entries = {
        "order-1": {schema.STATE: "resting", schema.DUE_AT: NOW + 1, schema.SCHEMA: SCHEMA + 1},
        "order-3": {schema.DUE_AT: NOW + 3, schema.SCHEMA: NEWEST_READABLE + 1},
    }
    for name, columns in entries.items():
        body = newer(claimed(name), state="resting")
        _put(client, schema.REQUESTS.name, rows.record_key(name),
             {schema.VERSION: 7, schema.BODY: body, schema.WRITER: "w"})  # fmt: skip
        _put(client, schema.OPEN.name, rows.entry_key(name), {schema.VERSION: 7, **columns})
    _left_alone(store)


ODD_COLUMNS: dict[str, dict[str, Any]] = {
    "due in words": {schema.DUE_AT: "soon"},
    "region that is a number": {schema.REGION_ID: 5},
    "id that is a number": {schema.INSTANCE_ID: 5},
    "deadline in words": {schema.DEADLINE: "x"},
    "begun in words": {schema.OPENED_AT: "x"},
    "absent in words": {schema.ABSENT_SINCE: "x"},
    "schema in words": {schema.SCHEMA: "3"},
}


@pytest.mark.parametrize("odd", ODD_COLUMNS.values(), ids=ODD_COLUMNS)
def test_an_entry_of_other_types_stops_no_round(tables: Tablestore, odd: dict[str, Any]) -> None:
    """Whatever stands in one row, the others are read, and the odd one tells no more than that it is there."""
    store = tables.open()
    client = connect(tables.url, defaults.TABLESTORE_INSTANCE, LOCAL, try_seconds=5)
    store.claim(claimed("order-1"))
    whole = {name: value for name, value, *_ in rows.entry_row(claimed("order-2")).attribute_columns}
    _put(client, schema.OPEN.name, rows.entry_key("order-2"), whole | odd)
    seen = {entry.request_id: entry.state for entry in store.open_work(LATER)}
    assert seen.pop("order-1") is State.CREATING
    assert seen in ({}, {"order-2": None})
    assert store.next_due() == claimed().due_at


def _left_alone(store: Any) -> None:
    seen = [(entry.request_id, entry.state) for entry in store.open_work(LATER)]
    known = State.CREATING
    assert seen == [(f"order-{number}", None if number in (1, 3) else known) for number in range(5)]
    for name in ("order-1", "order-3"):
        with pytest.raises(UnreadableRecord):
            store.get(name)
        with pytest.raises(UnreadableRecord):
            store.claim(claimed(name))
        with pytest.raises((Conflict, UnreadableRecord)):
            store.update(claimed(name, version=5))
    assert [entry.request_id for entry in store.open_work(LATER)] == [name for name, _ in seen]
