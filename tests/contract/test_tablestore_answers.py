"""What the Tablestore adapter makes of answers that are lost, late or bad."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from place_checks import BUCKETS
from store_backends import LOCAL, NoPauses, Tablestore
from store_records import LATER, NOW, after, claimed, published

from local import defaults
from shared.adapters.tablestore import rows, schema
from shared.adapters.tablestore.client import TRIES
from shared.adapters.tablestore.store import TablestoreStore
from shared.domain.policy.control import Pause
from shared.domain.policy.places import OPEN
from shared.ports import Conflict, Lease, StoredPolicy, StoreUnavailable
from shared.settings import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.lifecycle.record import Record

    Work = Callable[[TablestoreStore], Any]

LOST_RESPONSE = {"effect": "lose-response"}
LOST_REQUEST = {"effect": "lose-request"}
BUSY = {"error": {"status": 503, "code": "OTSServerBusy"}}
BROKEN = {"error": {"status": 500, "code": "OTSInternalServerError"}}
FAULTS = pytest.mark.parametrize(
    "fault", [LOST_RESPONSE, LOST_REQUEST, BUSY, BROKEN], ids=["lost-response", "lost-request", "busy", "broken"]
)


def strike(tables: Tablestore, action: str, fault: dict[str, Any], *, skip: int = 0, times: int = 1) -> None:
    """Let the cloud do one thing wrong."""
    assert tables.cloud is not None
    tables.cloud.faults.add({"service": "ots", "action": action, "skip": skip, "times": times, **fault})


@FAULTS
@pytest.mark.parametrize("call", [0, 1], ids=["entry", "record"])
def test_a_claim_survives_one_bad_answer(tables: Tablestore, fault: dict[str, Any], call: int) -> None:
    """A claim whose answer was lost is ours all the same, and whole."""
    store = tables.open()
    strike(tables, "PutRow", fault, skip=call)
    assert store.claim(claimed()) is None
    assert store.get("order-1") == claimed()
    assert list(store.open_work(NOW)) == [claimed().entry]


@FAULTS
@pytest.mark.parametrize("call", [0, 1], ids=["record", "entry"])
def test_an_update_survives_one_bad_answer(tables: Tablestore, fault: dict[str, Any], call: int) -> None:
    """An update whose answer was lost is no conflict."""
    store, record = tables.open(), after(claimed(), due_at=NOW + 5)
    store.claim(claimed())
    strike(tables, "PutRow", fault, skip=call)
    store.update(record)
    assert store.get("order-1") == record
    assert list(store.open_work(LATER)) == [record.entry]


def test_a_lost_answer_does_not_hide_a_conflict(tables: Tablestore) -> None:
    """When the request was lost and somebody else wrote, the retry finds the other's write and says so."""
    store = tables.open()
    store.claim(claimed())
    first = after(claimed(), claimant="first")
    store.update(first)
    strike(tables, "PutRow", LOST_REQUEST)
    with pytest.raises(Conflict):
        store.update(after(claimed(), claimant="second"))
    assert store.get("order-1") == first
    strike(tables, "PutRow", LOST_REQUEST, skip=1)
    assert store.claim(claimed(claimant="third")) == first


@FAULTS
@pytest.mark.parametrize("call", [0, 1], ids=["copy", "in-force"])
def test_a_policy_survives_one_bad_answer(tables: Tablestore, fault: dict[str, Any], call: int) -> None:
    """A policy whose answer was lost is in force once, and the one before it stays readable."""
    store = tables.open()
    first, second = (StoredPolicy(number, f'{{"limits": {{"open": {number}}}}}', NOW) for number in (1, 2))
    store.put_policy(first)
    strike(tables, "PutRow", fault, skip=call)
    store.put_policy(second)
    assert (store.policy(), store.policy_version(1), store.policy_version(2)) == (second, first, second)


def test_two_operators_set_a_policy_at_once(tables: Tablestore) -> None:
    """One of them is told that it came too late, also when its own answer was lost in between."""
    store, other = tables.open(), tables.open()
    mine, theirs = (StoredPolicy(1, text, NOW) for text in ('{"limits": {"open": 1}}', '{"limits": {"open": 2}}'))
    other.put_policy(theirs)
    strike(tables, "PutRow", LOST_RESPONSE)
    with pytest.raises(Conflict):
        store.put_policy(mine)
    assert store.policy() == theirs


def test_equal_writes_are_told_apart(tables: Tablestore) -> None:
    """Of two writers of the very same bytes only one is told that it wrote, lost answers or not."""
    store = tables.open()
    store.claim(claimed())
    same = after(claimed(), tries=1)
    store.update(same)
    strike(tables, "PutRow", LOST_REQUEST)
    with pytest.raises(Conflict):
        store.update(same)


@FAULTS
def test_a_lease_survives_one_bad_answer(tables: Tablestore, fault: dict[str, Any]) -> None:
    """Taking and saving a lease are resolved by reading back, too."""
    store = tables.open()
    strike(tables, "PutRow", fault)
    assert store.take_lease("poll", "a", NOW, 30) == Lease("a", NOW + 30)
    strike(tables, "PutRow", fault)
    assert store.save_lease("poll", Lease("a", NOW + 60))
    assert store.take_lease("poll", "b", NOW + 59, 30) is None


@FAULTS
@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_place_survives_one_bad_answer(tables: Tablestore, fault: dict[str, Any], bucket: str) -> None:
    """Taking and giving back a place are done once, however their answers are lost: the last place is one place."""
    store = tables.open()
    for number in range(3):
        strike(tables, "UpdateRow", fault)
        assert store.take_place(bucket, f"order-{number}", 3, NOW)
    strike(tables, "UpdateRow", fault)
    assert not store.take_place(bucket, "order-3", 3, NOW)
    for _ in range(2):
        strike(tables, "UpdateRow", fault)
        store.give_back(bucket, "order-0")
    assert [store.take_place(bucket, f"order-{number}", 3, NOW) for number in (4, 5)] == [True, False]


@FAULTS
def test_a_pause_survives_one_bad_answer(tables: Tablestore, fault: dict[str, Any]) -> None:
    """A pause whose answer was lost is said all the same, and no conflict with itself."""
    store, pause = tables.open(), Pause(True, "ann", "why", NOW)  # noqa: FBT003 - the field's name says it
    strike(tables, "PutRow", fault)
    store.put_pause(pause, None)
    assert store.pause() == pause
    with pytest.raises(Conflict):
        store.put_pause(pause, None)


def test_a_place_that_cannot_be_taken_is_no_place(tables: Tablestore) -> None:
    """When no answer comes for as long as is tried, the store is unavailable; asking again finds what was taken."""
    store = tables.open()
    strike(tables, "UpdateRow", LOST_RESPONSE)
    strike(tables, "UpdateRow", LOST_REQUEST, skip=1, times=TRIES - 1)
    with pytest.raises(StoreUnavailable):
        store.take_place(OPEN, "order-1", 1, NOW)
    assert store.take_place(OPEN, "order-1", 1, NOW)
    assert not store.take_place(OPEN, "order-2", 1, NOW)


def test_a_batch_takes_its_places_with_one_write_each(tables: Tablestore) -> None:
    """Twenty threads at one bucket write once each: nobody loses a race, nothing is read before."""
    store, cloud = tables.open(), tables.cloud
    assert cloud is not None
    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(lambda number: store.take_place(OPEN, f"order-{number}", 20, NOW), range(20)))
    assert (cloud.calls["ots.UpdateRow"], cloud.calls["ots.GetRow"]) == (20, 0)


@FAULTS
def test_what_lasts_is_unavailable(tables: Tablestore, fault: dict[str, Any]) -> None:
    """After three tries the store is unavailable; it is not tried for ever."""
    store = tables.open()
    strike(tables, "GetRow", fault, times=TRIES)
    with pytest.raises(StoreUnavailable):
        store.get("order-1")
    assert tables.cloud is not None
    assert tables.cloud.calls["ots.GetRow"] == TRIES
    assert store.get("order-1") is None


def test_a_refused_caller_is_unavailable_at_once(tables: Tablestore) -> None:
    """A wrong key is tried once, and its secret is not repeated."""
    wrong = Credentials(defaults.ACCESS_KEY_ID, "not-the-secret")
    store = TablestoreStore(tables.url, defaults.TABLESTORE_INSTANCE, wrong)
    with pytest.raises(StoreUnavailable, match="OTSAuthFailed") as caught:
        store.get("order-1")
    assert caught.value.code == "OTSAuthFailed"
    assert "not-the-secret" not in str(caught.value)
    assert tables.cloud is not None
    assert tables.cloud.calls["ots.GetRow"] == 1


def test_a_record_beyond_the_limit_is_refused_whole(tables: Tablestore) -> None:
    """What one attribute cannot hold is not cut, and not tried again."""
    store = tables.open()
    with pytest.raises(StoreUnavailable, match="OTSParameterInvalid"):
        store.claim(claimed(outcome="x" * schema.MAX_VALUE_BYTES))
    assert store.get("order-1") is None
    assert tables.cloud is not None
    assert tables.cloud.calls["ots.PutRow"] == 2


def _claim(store: TablestoreStore) -> None:
    store.claim(claimed("order-2"))


def _claim_taken(store: TablestoreStore) -> None:
    store.claim(claimed("order-1", claimant="late", accepted_at=NOW + 1))


def _claim_finished(store: TablestoreStore) -> None:
    store.claim(claimed("order-9", claimant="late", accepted_at=NOW + 1))


def _update(store: TablestoreStore) -> None:
    store.update(after(claimed("order-1"), due_at=NOW + 1))


def _publish(store: TablestoreStore) -> None:
    store.update(published(claimed("order-1")))


def _forget(store: TablestoreStore) -> None:
    store.forget(claimed("order-1").entry)


@pytest.mark.parametrize("work", [_claim, _claim_taken, _claim_finished, _update, _publish, _forget])
@pytest.mark.parametrize("fault", [LOST_RESPONSE, LOST_REQUEST], ids=["after", "before"])
def test_open_records_keep_their_entries_wherever_the_store_fails(
    tables: Tablestore, work: Work, fault: dict[str, Any]
) -> None:
    """Cut off after any of its calls, no operation leaves an open record without an entry."""
    _cut_off_everywhere(tables, tables.open(), work, fault)


def test_the_sweep_notices_a_record_made_before_its_entry(tables: Tablestore) -> None:
    """Negative control: the wrong order leaves an open record that no round would find."""
    store = RecordFirst(tables.url, defaults.TABLESTORE_INSTANCE, LOCAL, entropy=NoPauses())
    with pytest.raises(AssertionError):
        _cut_off_everywhere(tables, store, _claim, LOST_REQUEST)


class RecordFirst(TablestoreStore):
    """Broken on purpose: makes the record before its entry."""

    def claim(self, record: Record) -> Record | None:
        """Claim in the wrong order."""
        won = self._put_record(record, rows.absent())
        self._put_entry(record)
        return None if won else self.get(record.request_id)


def _cut_off_everywhere(tables: Tablestore, store: TablestoreStore, work: Work, fault: dict[str, Any]) -> None:
    store.claim(claimed("order-1"))
    store.claim(claimed("order-9"))
    store.update(published(claimed("order-9")))
    assert tables.cloud is not None
    for action in ("PutRow", "DeleteRow", "GetRow"):
        for call in range(3):
            strike(tables, action, fault, skip=call, times=TRIES)
            with suppress(StoreUnavailable, Conflict):
                work(store)
            tables.cloud.faults.pending.clear()
            _every_open_record_has_an_entry(store)


def _every_open_record_has_an_entry(store: TablestoreStore) -> None:
    listed = {entry.request_id for entry in store.open_work(LATER)}
    for request_id in ("order-1", "order-2", "order-9"):
        record: Record | None = store.get(request_id)
        assert record is None or not record.open or request_id in listed


def test_an_entry_left_behind_can_be_forgotten(tables: Tablestore) -> None:
    """An entry without a record, or with one that is closed, goes; one that a claim put again stays."""
    store = tables.open()
    strike(tables, "PutRow", LOST_REQUEST, skip=1, times=TRIES)
    with pytest.raises(StoreUnavailable):
        store.claim(claimed())
    assert store.get("order-1") is None
    (orphan,) = store.open_work(NOW)
    store.claim(claimed(accepted_at=NOW + 1))
    store.update(published(claimed(accepted_at=NOW + 1)))
    store.forget(orphan)
    assert store.next_due() is None
    strike(tables, "PutRow", LOST_REQUEST, skip=1, times=TRIES)
    with pytest.raises(StoreUnavailable):
        store.claim(claimed("order-2"))
    (orphan,) = store.open_work(NOW)
    store.forget(orphan)
    assert store.next_due() is None


def test_a_claim_outruns_who_forgets(tables: Tablestore) -> None:
    """Whoever is about to drop an old entry does not drop the one of a claim that comes in between."""
    store, old = tables.open(), claimed()
    strike(tables, "PutRow", LOST_REQUEST, skip=1, times=TRIES)
    with pytest.raises(StoreUnavailable):
        store.claim(old)
    fresh = claimed(accepted_at=NOW + 1000)
    strike(tables, "PutRow", LOST_REQUEST, skip=1, times=TRIES)
    with pytest.raises(StoreUnavailable):
        store.claim(fresh)
    store.forget(old.entry)
    assert list(store.open_work(NOW)) == [fresh.entry]


def test_a_late_writer_does_not_put_an_older_hint_back(tables: Tablestore) -> None:
    """An update that is slow between its two writes leaves the newer entry alone."""
    store, record = tables.open(), claimed()
    store.claim(record)
    second, third = after(record, due_at=NOW + 2), after(after(record), due_at=NOW + 3)
    strike(tables, "PutRow", LOST_REQUEST, skip=1, times=TRIES)
    with pytest.raises(StoreUnavailable):
        store.update(second)
    store.update(third)
    store._put_entry(second)  # noqa: SLF001 - the second half of the slow update
    assert list(store.open_work(LATER)) == [third.entry]
