"""The contract of `shared.ports.Store`, continued: places with holders, and the operators' word on buying."""
# ruff: noqa: D401 - each check states the rule it holds, as a test does

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from store_records import DAY, LATER, NOW, claimed

from shared.domain.policy.control import Pause
from shared.domain.policy.places import OPEN, hour_bucket
from shared.ports import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from store_backends import Backend

HOUR = hour_bucket(NOW)
BUCKETS = (OPEN, HOUR)
NAMES = ("order-1", "a.b_c:d-e", "A" * 64)
"""Request ids, of every character they may have and of the greatest length."""


def places_run_out(backend: Backend) -> None:
    """As many take a place as there are; who comes too late gets none, and is no holder."""
    store = backend.open()
    for bucket in BUCKETS:
        assert [store.take_place(bucket, name, 2, NOW) for name in NAMES] == [True, True, False]
        assert store.holders(bucket).keys() == set(NAMES[:2])


def a_place_is_taken_once(backend: Backend) -> None:
    """Whoever has a place and asks again has it, full or not, and has taken no other."""
    store = backend.open()
    for bucket in BUCKETS:
        assert [store.take_place(bucket, "order-1", limit, NOW) for limit in (2, 2, 1)] == [True] * 3
        assert store.take_place(bucket, "order-2", 2, NOW)
        assert store.take_place(bucket, "order-1", 2, NOW)
        assert not store.take_place(bucket, "order-3", 2, NOW)


def a_place_is_given_back_once(backend: Backend) -> None:
    """What is given back is free for one other, however often it is given back, and by whomever who has none."""
    store = backend.open()
    for bucket in BUCKETS:
        assert all(store.take_place(bucket, name, 3, NOW) for name in NAMES)
        for _ in range(3):
            store.give_back(bucket, "order-1")
            store.give_back(bucket, "nobody")
        assert store.holders(bucket).keys() == set(NAMES[1:])
        assert [store.take_place(bucket, name, 3, NOW) for name in ("order-8", "order-9")] == [True, False]
        store.give_back("never-used", "order-1")


def buckets_do_not_share_places(backend: Backend) -> None:
    """Each bucket has places and holders of its own."""
    store, next_hour = backend.open(), hour_bucket(NOW + 3600)
    for bucket in (*BUCKETS, next_hour):
        assert store.take_place(bucket, "order-1", 1, NOW)
        assert not store.take_place(bucket, "order-2", 1, NOW)
    store.give_back(HOUR, "order-1")
    assert store.holders(next_hour).keys() == store.holders(OPEN).keys() == {"order-1"}
    assert store.holders(HOUR) == store.holders("never-used") == {}


def a_lowered_limit_waits(backend: Backend) -> None:
    """Under a limit lower than what is taken nobody takes a place before enough come back; holders keep theirs."""
    store = backend.open()
    for bucket in BUCKETS:
        for name in ("a", "b", "c"):
            assert store.take_place(bucket, name, 3, NOW)
        for name in ("a", "b"):
            assert not store.take_place(bucket, "d", 2, NOW)
            store.give_back(bucket, name)
        assert store.take_place(bucket, "c", 1, NOW)
        assert store.take_place(bucket, "d", 2, NOW)


def holders_are_known_with_their_time(backend: Backend) -> None:
    """When each place was taken is told, to the second at least."""
    store = backend.open()
    for bucket in BUCKETS:
        store.take_place(bucket, "order-1", 5, NOW)
        ((name, taken_at),) = store.holders(bucket).items()
        assert (name, taken_at) == ("order-1", pytest.approx(NOW, abs=1.0))


def many_hold_places(backend: Backend) -> None:
    """A bucket holds far more places than one write may change columns."""
    store = backend.open()
    names = {f"order-{number}" for number in range(1030)}
    assert all(store.take_place(OPEN, name, 1030, NOW) for name in names)
    assert not store.take_place(OPEN, "one-more", 1030, NOW)
    assert store.holders(OPEN).keys() == names


def places_are_no_records_and_no_open_work(backend: Backend) -> None:
    """A bucket opens nothing and is no record; a record that goes leaves its place to who gives it back."""
    store = backend.open()
    store.claim(claimed())
    for bucket in BUCKETS:
        store.take_place(bucket, "order-1", 1, NOW)
        assert store.get(bucket) is None
    assert list(store.open_work(LATER)) == [claimed().entry]


def hours_go_and_open_places_stay(backend: Backend) -> None:
    """The places of an hour go with the records of its time; an open place is kept for as long as it is held."""
    store = backend.open()
    for bucket in BUCKETS:
        store.take_place(bucket, "order-1", 1, NOW)
    backend.age(29 * DAY)
    assert store.holders(HOUR).keys() == {"order-1"}
    backend.age(31 * DAY)
    assert store.holders(HOUR) == {}
    assert not store.take_place(OPEN, "order-2", 1, NOW)


def a_pause_is_said_and_taken_back(backend: Backend) -> None:
    """The last word stands as it was said, in every handle; it is no lease, no record, no open work."""
    store = backend.open()
    assert store.pause() is None
    first, second = Pause(True, "ann", "quota: 上海\n", NOW + 1 / 3), Pause(False, "bob", "", NOW + 9)  # noqa: FBT003 - the field's name says it
    store.put_pause(first, None)
    assert backend.open().pause() == store.pause() == first
    store.put_pause(second, first)
    assert store.pause() == second
    assert not list(store.open_work(LATER))
    assert store.get("pause") is None
    assert store.next_due() is None


def a_pause_said_meanwhile_conflicts(backend: Backend) -> None:
    """Of two who read the same word only one writes the next; the other learns it."""
    store = backend.open()
    words = [Pause(True, name, "why", NOW + number) for number, name in enumerate(("ann", "bob", "cid"))]  # noqa: FBT003 - the same
    store.put_pause(words[0], None)
    with pytest.raises(Conflict):
        store.put_pause(words[1], None)
    store.put_pause(words[1], words[0])
    with pytest.raises(Conflict):
        store.put_pause(words[2], words[0])
    assert store.pause() == words[1]


PLACE_CHECKS: tuple[Callable[[Backend], None], ...] = (
    places_run_out,
    a_place_is_taken_once,
    a_place_is_given_back_once,
    buckets_do_not_share_places,
    a_lowered_limit_waits,
    holders_are_known_with_their_time,
    many_hold_places,
    places_are_no_records_and_no_open_work,
    hours_go_and_open_places_stay,
    a_pause_is_said_and_taken_back,
    a_pause_said_meanwhile_conflicts,
)
