"""The contract of `shared.ports.Store`, one check a function; every adapter passes all of them.

They are plain functions so that negative controls can run them against stores that are broken on purpose.
"""
# ruff: noqa: D401 - each check states the rule it holds, as a test does

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from store_records import DAY, LATER, NOW, after, claimed, finished, published

from shared.domain.lifecycle.record import State
from shared.ports import Conflict, Lease, StoredPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from store_backends import Backend


def a_claim_creates_the_record_and_its_entry(backend: Backend) -> None:
    """A claim of a free id answers None; record and entry are there."""
    store, record = backend.open(), claimed()
    assert store.get(record.request_id) is None
    assert store.claim(record) is None
    assert store.get(record.request_id) == record
    assert list(store.open_work(NOW)) == [record.entry]


def a_claim_of_a_taken_id_answers_what_is_there(backend: Backend) -> None:
    """A second claim changes neither the record nor its entry."""
    store = backend.open()
    store.claim(claimed())
    record = after(claimed(), state=State.PENDING, instance_id="i-1", due_at=NOW + 5)
    store.update(record)
    assert store.claim(claimed(claimant="caller-2", accepted_at=NOW + 60, due_at=NOW + 60)) == record
    assert store.get(record.request_id) == record
    assert list(store.open_work(LATER)) == [record.entry]


def a_claim_of_a_fresh_claim_changes_nothing(backend: Backend) -> None:
    """The same while the first claimant has not yet written again."""
    store, record = backend.open(), claimed()
    store.claim(record)
    assert store.claim(claimed(claimant="caller-2", accepted_at=NOW + 60, due_at=NOW + 60)) == record
    assert list(store.open_work(LATER)) == [record.entry]


def a_claim_of_a_finished_id_opens_nothing(backend: Backend) -> None:
    """A late duplicate gets the finished record, and nothing becomes open."""
    store = backend.open()
    store.claim(claimed())
    record = published(claimed())
    store.update(record)
    assert store.claim(claimed(claimant="caller-2")) == record
    assert store.next_due() is None


def an_update_from_an_old_version_conflicts(backend: Backend) -> None:
    """Of two updates made from the same version the second raises Conflict and changes nothing."""
    store = backend.open()
    store.claim(claimed())
    first = after(claimed(), state=State.PENDING, instance_id="i-1")
    store.update(first)
    with pytest.raises(Conflict):
        store.update(after(claimed(), state=State.FAILED, due_at=NOW + 9))
    assert store.get(first.request_id) == first
    assert list(store.open_work(LATER)) == [first.entry]


def an_update_from_a_version_to_come_conflicts(backend: Backend) -> None:
    """An update that skips a version raises Conflict."""
    store = backend.open()
    store.claim(claimed())
    with pytest.raises(Conflict):
        store.update(claimed(version=3))
    assert store.get("order-1") == claimed()


def an_update_of_nothing_conflicts(backend: Backend) -> None:
    """An update never creates a record."""
    store = backend.open()
    with pytest.raises(Conflict):
        store.update(claimed(version=2))
    assert store.get("order-1") is None


def every_update_is_kept(backend: Backend) -> None:
    """A chain of updates ends with the last one, in the record and in the entry."""
    store, record = backend.open(), claimed()
    store.claim(record)
    for number in range(1, 8):
        record = after(record, tries=number, due_at=NOW + number)
        store.update(record)
        assert store.get(record.request_id) == record
        assert list(store.open_work(LATER)) == [record.entry]


def only_publishing_closes(backend: Backend) -> None:
    """A record stays in the open set until it is published, ended or not."""
    store, record = backend.open(), claimed()
    store.claim(record)
    record = finished(record)
    store.update(record)
    assert list(store.open_work(NOW)) == [record.entry]
    store.update(published(record))
    assert not list(store.open_work(LATER))
    assert store.next_due() is None
    assert store.get(record.request_id) == published(record)


def open_work_comes_in_order_of_age(backend: Backend) -> None:
    """Entries come by due time, then id, over all pages, and only those that are due."""
    store = backend.open()
    dues = {f"order-{number}": NOW + (number * 7 % 5) for number in range(20)} | {"late": NOW + 100.5}
    for request_id, due_at in dues.items():
        store.claim(claimed(request_id, due_at=due_at))
    expected = sorted((due_at, request_id) for request_id, due_at in dues.items() if due_at <= NOW + 3)
    assert [(entry.due_at, entry.request_id) for entry in store.open_work(NOW + 3)] == expected


def open_work_goes_on_after_a_key(backend: Backend) -> None:
    """A round that stopped goes on after its cursor, which itself is not repeated."""
    store = backend.open()
    for number in range(9):
        store.claim(claimed(f"order-{number}", due_at=NOW + number // 3))
    keys = [(entry.due_at, entry.request_id) for entry in store.open_work(LATER)]
    for position, key in enumerate(keys):
        assert [(entry.due_at, entry.request_id) for entry in store.open_work(LATER, key)] == keys[position + 1 :]


def a_round_may_write_what_it_has_seen(backend: Backend) -> None:
    """Moving on or closing entries while they are read neither hides nor repeats others."""
    store = backend.open()
    for number in range(12):
        store.claim(claimed(f"order-{number:02}", due_at=NOW + number))
    seen = []
    for entry in store.open_work(LATER):
        seen.append(entry.request_id)
        record = store.get(entry.request_id)
        assert record is not None
        store.update(published(record) if len(seen) % 2 else after(record, due_at=LATER + DAY))
    assert seen == [f"order-{number:02}" for number in range(12)]


def the_next_due_time_is_known(backend: Backend) -> None:
    """When the first of what is open is due, over all pages, due or not; finished work counts for nothing."""
    store = backend.open()
    assert store.next_due() is None
    for number in range(9):
        store.claim(claimed(f"order-{number}", due_at=LATER - number))
    assert store.next_due() == LATER - 8
    store.update(published(claimed("order-8", due_at=LATER - 8)))
    assert store.next_due() == LATER - 7
    assert not list(store.open_work(NOW))
    store.claim(claimed("order-9", due_at=NOW - 1))
    assert store.next_due() == NOW - 1


def an_open_record_keeps_its_entry(backend: Backend) -> None:
    """Forgetting an entry never hides a record that is open."""
    store, record = backend.open(), claimed()
    store.claim(record)
    store.forget(record.entry)
    assert list(store.open_work(NOW)) == [record.entry]


def any_text_comes_back(backend: Backend) -> None:
    """Unicode, control characters, lone surrogates and binary data in base64 are kept exactly."""
    store = backend.open()
    texts = ["Grüße", "上海", "\U0001f680", "\x00\x01\x7f", "\ud800", '"\\\n\r\t', "AP8BgA=="]
    record = claimed("~" + "A-Za-z0-9._:-" * 4, metadata={text: text for text in texts}, region_id="cn-上海")
    store.claim(record)
    assert store.get(record.request_id) == record
    assert list(store.open_work(NOW)) == [record.entry]
    record = after(record, region_id="cn-\ud800", message_id="\udfff\x00")
    store.update(record)
    assert store.get(record.request_id) == record
    assert [entry.request_id for entry in store.open_work(NOW)] == [record.request_id]


def a_large_record_is_kept(backend: Backend) -> None:
    """A record of a megabyte, twenty times what an outcome may be, comes back whole."""
    store, record = backend.open(), claimed(outcome="x" * 1_000_000)
    store.claim(record)
    assert store.get(record.request_id) == record


def times_are_exact(backend: Backend) -> None:
    """Fractions of seconds and missing values come back as they were."""
    store = backend.open()
    record = claimed(due_at=NOW + 1 / 3, deadline=0.0, absent_since=NOW - 1 / 7, instance_id="i-1")
    store.claim(record)
    assert list(store.open_work(NOW + 1)) == [record.entry]
    assert not list(store.open_work(NOW + 1 / 4))
    store.update(after(record, absent_since=None, instance_id=None))
    assert list(store.open_work(NOW + 1)) == [replace(record.entry, absent_since=None, instance_id=None)]


def finished_records_expire(backend: Backend) -> None:
    """A record is kept for 30 days after it was published, then its id is free."""
    store = backend.open()
    store.claim(claimed())
    store.update(published(claimed()))
    backend.age(29 * DAY)
    assert store.get("order-1") == published(claimed())
    backend.age(31 * DAY)
    assert store.get("order-1") is None
    assert store.claim(claimed()) is None


def a_lease_has_one_holder(backend: Backend) -> None:
    """A lease is free, ours, or somebody else's until it is over."""
    store = backend.open()
    assert store.take_lease("poll", "a", NOW, 30) == Lease("a", NOW + 30)
    assert store.take_lease("poll", "b", NOW + 29, 30) is None
    assert store.take_lease("poll", "a", NOW + 10, 30) == Lease("a", NOW + 40)
    assert store.take_lease("poll", "b", NOW + 40, 30) == Lease("b", NOW + 70)
    assert store.take_lease("poll", "a", NOW + 41, 30) is None
    assert store.lease("poll") == Lease("b", NOW + 70)
    assert store.lease("nobody's") is None


def a_lease_passes_on_what_was_left(backend: Backend) -> None:
    """The next holder finds the cursor and the last time anything was open."""
    store = backend.open()
    store.take_lease("poll", "a", NOW, 30)
    left = Lease("a", NOW, (NOW - 0.5, "order-1"), NOW - 1)
    assert store.save_lease("poll", left)
    assert store.take_lease("poll", "b", NOW, 30) == replace(left, holder="b", until=NOW + 30)
    assert store.save_lease("poll", Lease("b", NOW + 60, None, NOW))
    assert store.take_lease("poll", "b", NOW + 1, 30) == Lease("b", NOW + 31, None, NOW)


def a_lost_lease_cannot_be_written(backend: Backend) -> None:
    """Who no longer holds the lease learns it, and leaves nothing behind."""
    store = backend.open()
    store.take_lease("poll", "a", NOW, 30)
    store.take_lease("poll", "b", NOW + 31, 30)
    assert not store.save_lease("poll", Lease("a", NOW + 99, (NOW, "x"), NOW))
    assert store.take_lease("poll", "b", NOW + 32, 30) == Lease("b", NOW + 62)
    assert not store.save_lease("other", Lease("a", NOW))


def leases_are_not_open_work(backend: Backend) -> None:
    """A lease that is held opens nothing and is no record."""
    store = backend.open()
    store.take_lease("poll", "a", NOW, 30)
    assert store.take_lease("other", "b", NOW, 30) == Lease("b", NOW + 30)
    assert store.next_due() is None
    assert not list(store.open_work(LATER))
    assert store.get("poll") is None


def a_store_keeps_its_identity(backend: Backend) -> None:
    """A store is given 8 hexadecimal digits once: every handle tells the same, and they are no open work."""
    store = backend.open()
    identity = store.identity()
    assert re.fullmatch("[0-9a-f]{8}", identity)
    store.claim(claimed())
    store.take_lease("poll", "a", NOW, 30)
    assert backend.open().identity() == store.identity() == identity
    assert list(store.open_work(LATER)) == [claimed().entry]


def a_policy_takes_the_place_of_the_one_before(backend: Backend) -> None:
    """Each version follows the one in force; all of them stay, as they were set."""
    store = backend.open()
    assert store.policy() is None
    assert store.policy_version(1) is None
    versions = [StoredPolicy(number, f'{{"about": "версия {number}"}}', NOW + number / 8) for number in (1, 2, 3)]
    for version in versions:
        store.put_policy(version)
        assert backend.open().policy() == version
    assert [backend.open().policy_version(number) for number in (1, 2, 3, 4)] == [*versions, None]


def a_policy_is_not_set_over_another(backend: Backend) -> None:
    """Who did not see the one in force sets none; nor is one left out, or set twice."""
    store = backend.open()
    for number in (0, 2):
        with pytest.raises(Conflict):
            store.put_policy(StoredPolicy(number, "{}", NOW))
    store.put_policy(StoredPolicy(1, "{}", NOW))
    for number in (1, 3):
        with pytest.raises(Conflict):
            store.put_policy(StoredPolicy(number, '{"limits": {}}', NOW))
    assert store.policy() == StoredPolicy(1, "{}", NOW)


def a_policy_is_no_open_work(backend: Backend) -> None:
    """Neither a round nor a lease sees it, nor is it lost with finished records."""
    store = backend.open()
    store.put_policy(StoredPolicy(1, "{}", NOW))
    store.put_policy(StoredPolicy(2, "{}", NOW))
    assert store.next_due() is None
    assert list(store.open_work(LATER)) == []
    backend.age(40 * DAY)
    assert (store.policy_version(1), store.policy_version(2)) == (StoredPolicy(1, "{}", NOW), store.policy())


CHECKS: tuple[Callable[[Backend], None], ...] = (
    a_claim_creates_the_record_and_its_entry,
    a_claim_of_a_taken_id_answers_what_is_there,
    a_claim_of_a_fresh_claim_changes_nothing,
    a_claim_of_a_finished_id_opens_nothing,
    an_update_from_an_old_version_conflicts,
    an_update_from_a_version_to_come_conflicts,
    an_update_of_nothing_conflicts,
    every_update_is_kept,
    only_publishing_closes,
    open_work_comes_in_order_of_age,
    open_work_goes_on_after_a_key,
    a_round_may_write_what_it_has_seen,
    the_next_due_time_is_known,
    an_open_record_keeps_its_entry,
    any_text_comes_back,
    a_large_record_is_kept,
    times_are_exact,
    finished_records_expire,
    a_lease_has_one_holder,
    a_lease_passes_on_what_was_left,
    a_lost_lease_cannot_be_written,
    leases_are_not_open_work,
    a_store_keeps_its_identity,
    a_policy_takes_the_place_of_the_one_before,
    a_policy_is_not_set_over_another,
    a_policy_is_no_open_work,
)
